"""Brows where the face map has them: a colour on the skin, whatever the model's own brows do.

Brows of many heads, anchor by anchor, average to a shadow. The map knows where a brow is, the
style what colour its hairs are.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.editing.kinds import SKIN
from inference.editing.painted_head import PaintedHead
from inference.editing.spread import pixels_of, sampled
from inference.face_map.labels import Label
from inference.head.gaussians import FloatArray

BROWS = (Label.RIGHT_BROW, Label.LEFT_BROW)
_BARE = (Label.FACE, Label.NOSE)
_SOFT = 1.2  # pixels of the grid over which a brow begins
_FEWEST = 60  # pixels from which on a map shows a brow, and not a rest of one
_REACH = 0.007  # metres round the model's own brow that its shadow reaches
_AROUND = 12  # anchors of the face that say what skin beside a brow looks like
_DENSE = 0.8  # how much of the skin brows hide (our choice, looking at six heads)


def paint_brows(
    head: PaintedHead,
    tone: FloatArray,  # [3] RGB of brows
) -> NDArray[np.bool_]:
    """Colour what the map shows as brow, of anchors in sight, and clear the model's own brow.

    What a fringe or glasses hide on the map, the model knows better.

    Returns:
        [N] which anchors have another colour now.
    """
    before = head.colours.copy()
    template, colours, wide = head.template, head.colours, head.small_map()
    face = np.isin(template.labels, (*_BARE, *BROWS)) & (head.kinds == SKIN)
    who = np.flatnonzero(head.seen & face)
    pixels = pixels_of(head.means[who], head.camera)
    bare = sampled(np.isin(wide, (*_BARE, *BROWS)), pixels, _SOFT)
    for brow in BROWS:
        mask = wide == brow
        own = template.anchors[template.labels == brow]
        shadow = np.zeros(len(who), np.float32)
        close = _around(own, template.anchors[who], 2 * _REACH)
        away, _ = cKDTree(own).query(template.anchors[who[close]])
        shadow[close] = np.clip(2 - away / _REACH, 0, 1)
        plain = np.flatnonzero(face & np.isin(template.labels, _BARE))
        plain = plain[_around(own, template.anchors[plain], 4 * _REACH)]
        near = shadow > 0
        plain = plain[cKDTree(own).query(template.anchors[plain])[0] > _REACH]
        if not near.any() or len(plain) < _AROUND:
            continue
        _, beside = cKDTree(template.anchors[plain]).query(template.anchors[who[near]], _AROUND)
        clear = shadow[near] * (1.0 if mask.sum() >= _FEWEST else bare[near])
        skin = colours[who]
        tones = np.median(colours[plain[beside]], axis=1)
        skin[near] += clear[:, None].astype(np.float32) * (tones - skin[near])
        painted = skin + sampled(mask, pixels, _SOFT)[:, None] * _DENSE * (tone - skin)
        colours[who] = np.clip(painted, 0, 1)
    return np.asarray((colours != before).any(1))


def _around(own: FloatArray, points: FloatArray, reach: float) -> NDArray[np.int64]:
    """Which points [n, 3] lie in a box round the brow's own, wider by `reach` metres."""
    inside = (points > own.min(0) - reach) & (points < own.max(0) + reach)
    return np.flatnonzero(inside.all(1))
