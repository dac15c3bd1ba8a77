"""The embedded style space: pictures and words of synthetic heads in one space."""
