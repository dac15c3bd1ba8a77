"""Training the embedded face parser on synthetic heads."""
