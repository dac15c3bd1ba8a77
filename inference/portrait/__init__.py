"""Load an image safely; find the face; landmarks; head crop; foreground."""
