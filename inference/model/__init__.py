"""Presets, encoder, decoder, Gaussian heads, sharpening CNN, checkpoints."""
