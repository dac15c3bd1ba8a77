"""Data sets for training and evaluation, one a file, all giving the same samples."""
