"""What is painted and styled: the look the user wants, and the heads made of it."""
