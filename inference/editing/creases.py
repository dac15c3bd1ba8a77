"""Where faces crease with age: across the pull of the muscles beneath.

Placed between landmarks of the template, so that creases follow every head; which there are, see
Lemperle et al. 2001, https://doi.org/10.1097/00006534-200111000-00048.
"""

from dataclasses import dataclass

import numpy as np

from inference.face_map.labels import Label
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate

_RIDGE = 0.45  # of a crease's depth: how light the fold beside it is
_OTHER_SIDE = 0.85  # of the depths on the person's left: nobody is quite even

Place = tuple[int, int, float]  # two landmarks, and the way from the first to the second


@dataclass(frozen=True)
class Crease:
    """One crease of the right half of the face; the left half has its twin.

    Attributes:
        path: places that it runs through.
        depth: change of the logarithm of the brightness.
        width: metres.
        ridge: metres (outward, up) to the light fold beside it; none for hollows.
        late: forms last.
        fade: how soft its beginning and end are, as shares of its length.
    """

    path: tuple[Place, ...]
    depth: float
    width: float
    ridge: tuple[float, float] | None
    late: bool = False
    fade: tuple[float, float] = (0.3, 0.3)


def _along(*landmarks: int) -> tuple[Place, ...]:
    return tuple((landmark, landmark, 0.0) for landmark in landmarks)


def _across(low: tuple[int, ...], high: tuple[int, ...], share: float) -> tuple[Place, ...]:
    return tuple((a, b, share) for a, b in zip(low, high, strict=True))


_BROW, _MIDDLE, _TOP = (105, 66, 107, 9), (104, 69, 108, 151), (103, 67, 109, 10)
_FOREHEAD = (
    *((_across(_BROW, _MIDDLE, share), depth) for share, depth in ((0.55, 0.14), (0.95, 0.2))),
    *((_across(_MIDDLE, _TOP, share), depth) for share, depth in ((0.35, 0.18), (0.72, 0.12))),
)
_CORNER = ((34, 0.40), (139, 0.45), (227, 0.40), (116, 0.55))
CREASES = (
    *(Crease(path, depth, 0.0013, (0.0, 0.003), fade=(0.5, 0.0)) for path, depth in _FOREHEAD),
    Crease(((8, 55, 0.5), (9, 107, 0.45), (151, 107, 0.55)), 0.22, 0.0012, (0.003, 0.0)),
    *(
        Crease(((33, end, 0.12), (33, end, share)), 0.26, 0.0012, (0.0, 0.0027), fade=(0.3, 0.5))
        for end, share in _CORNER
    ),
    Crease(_along(228, 229, 230, 231, 232, 233), 0.26, 0.0016, (0.0, 0.004)),
    Crease(_along(229, 230, 231, 232), 0.08, 0.004, None, late=True),
    Crease(_along(129, 203, 206, 216, 212), 0.32, 0.0018, (0.005, 0.002), fade=(0.1, 0.6)),
    Crease(((61, 57, 0.4), (43, 202, 0.4), (204, 211, 0.4)), 0.24, 0.0015, (0.004, 0.0), True),
    Crease(_along(123, 207, 212), 0.1, 0.009, None, late=True),
    Crease(_along(156, 139), 0.08, 0.008, None, late=True),
)
"""All depths and widths our choice, looking at heads from 0, 45 and 90 degrees."""

_RINGS = ((-0.1, 0.1), (-0.121, 0.14))  # heights in metres, depths


def shade_of_creases(template: HeadTemplate, late: bool) -> FloatArray:
    """[N] what creases that form early or late add to the logarithm of the brightness."""
    marks = template.anchors[template.landmark_anchors]
    shade = np.zeros(len(template.anchors), np.float32)
    wobbly = template.anchors + 0.0006 * np.sin(
        template.anchors[:, [1, 0, 0]] * np.array([410, 370, 290], np.float32) + 1.3
    )
    for crease in (crease for crease in CREASES if crease.late == late):
        path = np.array([(1 - share) * marks[a] + share * marks[b] for a, b, share in crease.path])
        for side in (1.0, -1.0):
            there = path * np.array([side, 1, 1])
            amount = crease.depth * (_OTHER_SIDE if side > 0 else 1.0)
            _draw(shade, wobbly, there, crease, -amount)
            if crease.ridge is not None:
                out, up = crease.ridge
                beside = there + np.array([-side * out, up, 0])
                _draw(shade, wobbly, beside, crease, amount * _RIDGE)
    if late:
        neck = np.flatnonzero((template.labels == Label.NECK) & (template.anchors[:, 2] > -0.03))
        x, y, _ = template.anchors[neck].T
        for height, depth in _RINGS:
            away = y - height - 1.6 * x * x
            dark, light = (np.exp(-(((away - up) / 0.0022) ** 2)) for up in (0.0, 0.005))
            sides = np.exp(-((x / 0.04) ** 4)) * (0.8 + 0.2 * np.sin(130 * x + 90 * height))
            shade[neck] += depth * sides * (_RIDGE * light - dark)
    return shade


def _draw(
    shade: FloatArray,  # [N]; changed
    points: FloatArray,  # [N, 3] metres
    path: FloatArray,  # [p, 3]
    crease: Crease,
    amount: float,
) -> None:
    """Add a soft line along a path."""
    reach = 2.2 * crease.width
    box = (points > path.min(0) - reach) & (points < path.max(0) + reach)
    who = np.flatnonzero(box.all(1))
    steps = np.diff(path, axis=0)
    length = np.linalg.norm(steps, axis=1)
    from_start = points[who, None] - path[:-1]
    on = np.clip((from_start * steps).sum(2) / length**2, 0, 1)
    away = np.linalg.norm(from_start - on[..., None] * steps, axis=2)
    best = away.argmin(1)
    row = np.arange(len(who))
    along = (np.cumsum(length) - length)[best] + on[row, best] * length[best]
    share = along / length.sum()
    begin, end = crease.fade
    soft = np.clip(share / max(begin, 1e-3), 0, 1) * np.clip((1 - share) / max(end, 1e-3), 0, 1)
    uneven = 0.82 + 0.18 * np.sin(190 * along + 900 * path[0, 1] + 0.8 * np.sign(path[0, 0]))
    shade[who] += amount * np.exp(-((away[row, best] / crease.width) ** 2)) * soft * uneven
