"""What the photograph and its face map say about each anchor, and how far to believe it."""
