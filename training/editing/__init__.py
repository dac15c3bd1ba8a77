"""The embedded editing model: closed form, and what its encoder and decoder add."""
