"""Making a head video from a clip, in the window."""
