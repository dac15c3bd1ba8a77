"""A clip of a person becomes a video of the head, frame by frame (paper, section 4.3)."""
