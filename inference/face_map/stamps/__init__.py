"""Ready-made shapes that land where they belong: glasses, hats, earrings, hair.

They are drawn in the head template's space and laid under the landmarks, so that they turn and
tilt with the face.
"""
