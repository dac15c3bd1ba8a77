"""Synthetic heads: a generator of textured, lit 3D heads with exactly known anchors."""
