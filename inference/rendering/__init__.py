"""Cameras, the renderer protocol and the renderers behind it."""
