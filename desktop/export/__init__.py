"""Writing the head to files: what may be set, and the exports that run."""
