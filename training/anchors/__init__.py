"""Training against exact anchors: data, closed form, and what the decoder adds."""
