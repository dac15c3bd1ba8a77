"""The style panel: words, pictures, blends and variations."""
