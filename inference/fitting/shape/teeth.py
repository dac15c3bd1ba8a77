"""The upper teeth reach down to where the photograph shows their edges.

Teeth do not move with the lips, and no landmark lies on them: a network's are too high for a
smile, and what shows them in the photograph would be painted onto the tongue, far behind.
"""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from inference.fitting.evidence.kinds import FACE, MOUTH
from inference.fitting.evidence.neighbourhood import edges_within
from inference.fitting.evidence.trust import seen_at
from inference.head.gaussians import FloatArray, Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

LEAST_HEIGHT = 0.003
"""Metres that a mouth must be open before teeth are looked for (our choice)."""

WIDE = 0.05
"""A row of teeth is at least so wide, metres; the tongue is not."""

CONTRAST = 0.12
"""Green that teeth have more than what is dark or red beside them, 0..1 (our choice)."""

BRIGHT = 0.35
"""Green of a mouth that is nothing but teeth, at least (our choice)."""

WHITER = 0.05
"""Green over red that teeth have more than the face's skin, at least; tongues have less (our
choice)."""

HANGING = 0.35
"""Share of the mouth's height, from the upper lip, within which upper teeth begin (our choice)."""

FURTHEST = 0.012
"""Metres that teeth may come down (our choice)."""

MIDDLE = 0.7
"""Share of the mouth's width in which their edge is looked for: its corners lie in shadow."""


def lower_upper_teeth(
    gaussians: Gaussians,
    template: HeadTemplate,
    camera: Camera,
    image: FloatArray,  # [S, S, 3]
    mouth: FloatArray | None,  # [S, S]
) -> Gaussians:
    """Move the upper row of teeth down, as far as the photograph shows it lower.

    Args:
        gaussians: the head at the photograph's camera.
        template: anchors, labels and neighbours.
        camera: in the photograph's size.
        image: the photograph.
        mouth: chance of the inside of a mouth at each of its pixels, None where it is not known.
    """
    if mouth is None:
        return gaussians
    scale = camera.pixels_per_metre
    whiteness = _whiteness(image)
    skin = np.median(seen_at(gaussians, camera, whiteness)[template.labels == FACE])
    white = whiteness > skin + WHITER
    columns, rows = _edge_of_teeth(image[..., 1], white, mouth > 0.5, LEAST_HEIGHT * scale)
    if len(columns) < 8:
        return gaussians
    teeth = upper_teeth(template)
    if not teeth.any():
        return gaussians
    pixels, _ = camera.project(gaussians.means[teeth].astype(np.float64))
    drawn = _lowest(pixels, columns)
    known = np.isfinite(drawn)
    if known.sum() < 8:
        return gaussians
    middle = pixels[:, 0].mean()
    # The edge of a smile is a shallow arc.
    arc = np.polyfit(columns[known] - middle, (rows - drawn)[known], 2)
    furthest = FURTHEST * scale
    # No further out than it was seen: a parabola knows nothing there.
    out = np.clip(pixels[:, 0], columns[known].min(), columns[known].max()) - middle
    down = np.clip(np.polyval(arc, out), 0, furthest) / scale
    means = gaussians.means.copy()
    means[teeth] += down[:, None] * camera.world_to_camera[1, :3]
    return replace(gaussians, means=means.astype(np.float32))


def upper_teeth(template: HeadTemplate) -> NDArray[np.bool_]:
    """[N] which anchors are of the upper row: the higher of the two wide pieces in the mouth."""
    inside = template.labels == MOUTH
    _, piece = connected_components(
        edges_within(template.neighbours, template.labels), directed=False
    )
    pieces, sizes = np.unique(piece[inside], return_counts=True)
    rows = [
        members
        for members in (piece == number for number in pieces if number != pieces[sizes.argmax()])
        if np.ptp(template.anchors[members, 0]) > WIDE
    ]
    if not rows:
        return np.zeros(len(inside), bool)
    return max(rows, key=lambda members: float(template.anchors[members, 1].mean()))


def _whiteness(
    colours: FloatArray,  # [..., 3]
) -> FloatArray:
    """Green over red [...]."""
    return np.asarray(colours[..., 1] / np.maximum(colours[..., 0], 0.02), np.float32)


def _edge_of_teeth(
    green: FloatArray,  # [S, S]
    white: NDArray[np.bool_],  # [S, S]
    inside: NDArray[np.bool_],  # [S, S]
    least: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pixels (columns, rows) along the lower edge of the upper teeth; none where there are none."""
    tall = inside.sum(0)
    if tall.max() < least:
        return np.zeros(0), np.zeros(0)
    teeth = inside & white & (green > _darkest_tooth(green[inside]))
    wide = np.flatnonzero(tall >= least)
    margin = int((1 - MIDDLE) / 2 * len(wide))
    columns, rows = [], []
    for column in wide[margin : len(wide) - margin]:
        found = np.flatnonzero(teeth[:, column])
        top = int(inside[:, column].argmax())
        if len(found) < least / 2 or found[0] > top + HANGING * tall[column]:
            continue
        breaks = np.flatnonzero(np.diff(found) > 2)  # below a dark gap the lower teeth begin
        columns.append(column + 0.5)
        rows.append((found[breaks[0]] if len(breaks) else found[-1]) + 1.0)
    return np.array(columns), np.array(rows)


def _darkest_tooth(
    green: FloatArray,  # [M]
) -> float:
    """Green from which on what is in a mouth may be a tooth (Otsu 1979)."""
    levels = (green * 255).astype(np.uint8)
    limit = float(cv2.threshold(levels[None], 0, 255, cv2.THRESH_OTSU)[0]) / 255
    above, below = green[green > limit], green[green <= limit]
    if len(above) and len(below) and above.mean() - below.mean() > CONTRAST:
        return limit
    return 0.0 if green.mean() > BRIGHT else 1.0


def _lowest(
    pixels: NDArray[np.float64],  # [M, 2]
    columns: NDArray[np.float64],  # [C]
) -> NDArray[np.float64]:
    """[C] the lowest row of points within a few pixels of each column; NaN without any."""
    near = np.abs(pixels[:, 0] - columns[:, None]) < 3
    rows = np.where(near, pixels[:, 1], -np.inf).max(1)
    return np.where(np.isfinite(rows), rows, np.nan)
