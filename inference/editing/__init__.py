"""Repainting and restyling: a face map and a style make a head (section 3.4 of the paper)."""
