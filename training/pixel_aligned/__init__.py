"""How inference.model.pixel_aligned is set: views, a cascade of regressions, patches that learn."""
