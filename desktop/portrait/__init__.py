"""The photograph: opening it, its faces, its crop box and its foreground."""
