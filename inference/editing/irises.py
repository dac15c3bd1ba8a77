"""Irises in the colour that a style asks for, on eyes that a face map shows: the whites stay white.

An iris is 11.7 mm across in all adults (Rüfer et al. 2005,
https://doi.org/10.1097/01.ico.0000148312.01805.53), so that a dark disc of that size finds it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from inference.editing.kinds import SKIN
from inference.editing.spread import (
    EDGE,
    depth_of,
    faces,
    metres_of_a_pixel,
    pixels_of,
    sampled,
)
from inference.face_map.labels import Label
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

_EYES = (Label.RIGHT_EYE, Label.LEFT_EYE)
_BEFORE = (Label.GLASSES, Label.HAIR, Label.HAT)
_RADIUS, _BORDER = 0.00585, 0.0006  # metres of an iris and of its soft edge
_PUPIL, _RING = 0.0019, 0.0009
_CORE = 0.0042  # metres from the middle that lids leave in sight mostly
_LEAST = (0.012, 0.004)  # metres across and down from which on an eye is open
_LEVEL = 0.0018  # metres that an iris lies above or below the middle of the eye at most
_CLEARER = 1.35
_LAMP = np.array([-0.0017, -0.0019], np.float32)  # metres of its mirror image, right and down
_SPOT, _SHINE = 0.0009, 0.85
_AROUND = 12  # anchors that say where the template's iris has its middle
_WHITE = 0.01  # metres from there that an average head's iris may reach
_WHITER = 1.4  # how much lighter whites are than an iris at least
_FEWEST = 15  # anchors in sight that show enough of an eye
_BRIGHT = 0.75  # of the brightness of whites in good light
_SAME, _OTHER = 0.02, 0.06  # differences of colours that nobody, and that everybody sees
_SOFT = 0.7  # pixels of the grid over which lids begin


def colour_change(asked: FloatArray, own: FloatArray) -> float:
    """0..1 how surely a style wants eyes of another colour [3] than it would have had."""
    away = float(np.abs(asked - own).max())
    return float(np.clip((away - _SAME) / (_OTHER - _SAME), 0, 1))


def colour_irises(
    colours: FloatArray,  # [N, 3]
    means: FloatArray,  # [N, 3] metres
    kinds: NDArray[np.int64],  # [N]
    labels: NDArray[np.uint8],  # [S, S] the face map
    camera: Camera,
    template: HeadTemplate,
    tone: FloatArray,  # [3] RGB of irises
    drawn: bool,
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Colours [N, 3] with other irises, and the anchors [N] of eyes in which one was found.

    A photograph's irises are looked for and keep their light and dark; an average head's, which
    have no edge, are drawn anew where the template has them.
    """
    tone = _clear(tone)
    wide = cv2.resize(labels, (EDGE, EDGE), interpolation=cv2.INTER_NEAREST)
    found = np.zeros(len(colours), bool)
    made = colours.copy()
    for eye, other in zip(_EYES, _EYES[::-1], strict=True):
        who = np.flatnonzero((template.labels == eye) & (kinds == SKIN))
        hidden = not (wide == eye).any() and (wide == other).any()
        if not hidden:
            who = who[faces(means[who], template.normals[who], camera)]
        if len(who) < _FEWEST:
            continue
        pixels = pixels_of(means[who], camera)
        shown = np.isin(wide, (eye, *_BEFORE)) if drawn else np.isin(wide, (eye, Label.GLASSES))
        inside = np.ones(len(who), np.float32) if hidden else sampled(shown, pixels, _SOFT)
        if drawn and (wide == eye).any() and (inside > 0.5).sum() < _FEWEST:
            inside = np.ones(len(who), np.float32)  # the head did not follow the map that far
        between = inside > 0.5
        if between.sum() < _FEWEST:
            continue
        places = pixels * metres_of_a_pixel(camera, float(np.median(depth_of(means[who], camera))))
        base, light = colours[who], colours[who].mean(1)
        middle = _usual_middle(places, template.anchors[who])
        if drawn:
            base = _without_iris(base, inside, template.anchors[who])
        elif not hidden:
            found_there = _middle_of_iris(places[between], light[between])
            if found_there is None:
                continue
            middle = found_there
        if not (between & (np.linalg.norm(places - middle, axis=1) < _CORE)).any():
            continue  # it looks to where the lids hide it
        made[who] = _painted(base, places - middle, inside, tone, drawn)
        found |= template.labels == eye
    return made, found


def _middle_of_iris(places: FloatArray, light: FloatArray) -> FloatArray | None:
    """[2] metres: of the darkest disc in an eye; None if it is closed or behind dark glass."""
    if (np.ptp(places, axis=0) < _LEAST).any():
        return None
    away = np.linalg.norm(places[:, None] - places, axis=2)
    near = away < _CORE
    dark = (near * light).sum(1) / near.sum(1)
    if np.quantile(light, 0.95) < _WHITER * dark.min():
        return None
    height = (places[:, 1].min() + places[:, 1].max()) / 2
    dark += (np.abs(places[:, 1] - height) > _LEVEL) * 1.0
    # Between anchors: those that are nearly as dark have their say.
    weight = np.exp(-(dark - dark.min()) / 0.02)
    return np.asarray((weight[:, None] * places).sum(0) / weight.sum(), np.float32)


def _clear(tone: FloatArray) -> FloatArray:
    """Brown and green as irises have them: the palette's are mixed with lids and pupils."""
    mean = tone.mean()
    gain = _CLEARER if tone[2] < mean else 1.0
    return np.asarray(np.clip(mean + gain * (tone - mean), 0.02, 1), np.float32)


def _from_middle(anchors: FloatArray) -> FloatArray:
    """[n] metres of anchors [n, 3] of the template from the middle of its iris."""
    centre = (anchors[:, :2].min(0) + anchors[:, :2].max(0)) / 2
    return np.asarray(np.linalg.norm(anchors[:, :2] - centre, axis=1), np.float32)


def _usual_middle(places: FloatArray, anchors: FloatArray) -> FloatArray:
    """[2] metres: of the iris that the template has, in the places [n, 2] of its anchors now."""
    nearest = np.argsort(_from_middle(anchors))[:_AROUND]
    return np.asarray(places[nearest].mean(0), np.float32)


def _without_iris(
    colours: FloatArray,  # [n, 3]
    inside: FloatArray,  # [n] 0..1 between the lids
    anchors: FloatArray,  # [n, 3] of the template
) -> FloatArray:
    """An eye [n, 3] that is all white."""
    light = colours.mean(1)
    white = colours[light >= np.quantile(light[inside > 0.5], 0.85)].mean(0)
    share = np.clip((_WHITE - _from_middle(anchors)) / 0.001, 0, 1) * np.clip(2 * inside, 0, 1)
    return np.asarray(colours + share[:, None] * (white - colours), np.float32)


def _painted(
    colours: FloatArray,  # [n, 3]
    offset: FloatArray,  # [n, 2] metres from the middle of the iris, right and down
    inside: FloatArray,  # [n] 0..1 between the lids
    tone: FloatArray,  # [3]
    drawn: bool,
) -> FloatArray:
    """An iris with its pupil and its dark ring."""
    away, light = np.linalg.norm(offset, axis=1), colours.mean(1)
    usual = max(float(np.median(light[(away < _CORE) & (inside > 0.5)])), 0.02)
    lit = min(float(np.quantile(light[inside > 0.5], 0.95)) / _BRIGHT, 1.0)
    shade = lit * np.clip(light / usual, 0.5, 1.5) ** 0.6
    shade = shade * (1 - 0.85 * np.exp(-((away / _PUPIL) ** 4)))
    shade = shade * (1 - 0.4 * np.exp(-(((away - _RADIUS + _RING) / _RING) ** 2)))
    share = inside * expit((_RADIUS - away) / (_BORDER / 2))
    if drawn:
        mirrored = _SHINE * np.exp(-(((offset - _LAMP) ** 2).sum(1) / _SPOT**2))
        made = colours + share[:, None] * (shade[:, None] * tone - colours)
        made += (share * mirrored)[:, None] * (0.95 * lit - made)
    else:
        share = share * (1 - np.clip((light - 2.0 * usual - 0.1) / 0.2, 0, 1))
        made = colours + share[:, None] * (shade[:, None] * tone - colours)
    return np.asarray(np.clip(made, 0, 1), np.float32)
