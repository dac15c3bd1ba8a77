"""Make the reconstructed head agree with the photograph."""
