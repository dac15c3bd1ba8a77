"""Painting the face map: canvas, tools, classes, stamps, files.

`PaintingPanel` is all that the rest of the window needs to know.
"""
