"""What training never sees, so that the held-out set is new to every model.

The generator of training heads draws neither these hair styles nor these environments, and
no training run takes seeds from FIRST_HELD_OUT_SEED on; training.evaluation.held_out makes its
heads from nothing else.
"""

FIRST_HELD_OUT_SEED = 1_000_000
"""Seeds from here on belong to evaluation."""

RESERVED_HAIR_STYLES = ("swept back", "fringe", "short curly")
"""Names of hair styles that only held-out heads wear: one combed back, one long with hair over
the forehead, one short with texture."""

RESERVED_ENVIRONMENTS = ("courtyard", "interior", "window room", "overcast yard")
"""Names of environments that light only held-out heads. The first two are pictures of Blender's
CC0 studio lights, for those who train with them; the others are drawn by
training.evaluation.held_out_lights and need no files."""


def is_reserved_seed(seed: int) -> bool:
    """Whether a seed belongs to evaluation."""
    return seed >= FIRST_HELD_OUT_SEED
