"""Where hair hangs, ends and begins on the skin."""
