"""The closed form of inference.model.pixel_aligned: views, cascade of regressions, gains."""
