"""Colours from the photograph, and of what it does not show."""
