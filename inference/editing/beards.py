"""Beards that a style asks for: opaque hair that stands off the face, or stubble in its skin.

Beards of many heads, anchor by anchor, average to a tint of the chin. What a style says is which
beard and what colour hair has. The same beard is the same every time: nothing flickers.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.editing.beard_shape import beard_zones, in_reach, strands, thickness
from inference.editing.kinds import SKIN
from inference.editing.painted_head import PaintedHead
from inference.editing.smoothing import ramp, smoothstep
from inference.editing.spread import EDGE, pixels_of, sampled
from inference.face_map.labels import COUNT, Label
from inference.head.gaussians import FloatArray
from inference.rendering.camera import Camera

_ASKED, _STUBBLE = (0.62, 0.82), (0.62, 0.95)
"""Chances of a beard and of stubble from which on there is some, and all of it. Of pictures of
64 held-out heads none of 46 shaved faces is read as either, all four short and full beards are read
as a beard on the cheeks, two of three goatees and three of seven stubbles as some beard."""
_SHORT, _GOATEE, _FULL = 0.0035, 0.006, 0.011  # metres that beards stand off the chin
_LIP_LENGTH = 0.003  # metres that a moustache stands off at most
_DARKER = 0.66  # than hair, less so if that is brighter than the skin
_BARE = (Label.BACKGROUND, Label.FACE, Label.NECK)
_BASE = np.ones((9, 9), np.uint8)
"""Pixels of the grid by which maps let noses reach down the upper lip, and more."""
_SOFT = 1.5  # pixels of the grid over which a beard ends at lips and nose
_DROOP = 0.45  # how far hair of a beard hangs, against how far it stands off
_RAGGED = 0.17  # how irregular an edge is
_TUFTS = 0.16  # of the length
_STRANDS, _GRAIN = 0.36, 0.13  # of the brightness, from strand to strand and anchor to anchor
_DEPTH = 0.8  # how much less of that very bright hair shows
_COVER = 0.94  # how much of the skin a beard hides
_SPECKLE = 0.2  # how much stubble hides of it at most
_SEED = 5
"""All our choice, looking at heads from 0, 45 and 90 degrees."""


@dataclass(frozen=True)
class BeardLook:
    """Which beard a style asks for.

    Attributes:
        zones: 0..1 how much of one grows on the upper lip, on the chin, on cheeks and jaw.
        length: metres that it stands off on the chin.
        stubble: 0..1.
        tone: [3] RGB of its hairs.
    """

    zones: tuple[float, float, float]
    length: float
    stubble: float
    tone: FloatArray


def beard_of(
    chances: FloatArray,  # [5] of stubble, a moustache, a goatee, a short and a full beard
    hair: FloatArray,  # [3] RGB
    skin: FloatArray,  # [3] RGB
) -> BeardLook:
    """The beard that a palette asks for; none where it is as likely as on anybody."""
    stubble, moustache, goatee, short, full = (float(chance) for chance in chances)
    jaw = short + full
    lip, chin, sides = (
        ramp(_ASKED, chance) for chance in (jaw + goatee + moustache, jaw + goatee, jaw)
    )
    on_cheeks = _SHORT + (_FULL - _SHORT) * min(max(full / max(jaw, 0.1), 0.0), 1.0)
    bright = 1.2 * float(np.clip(hair.mean() / skin.mean() - 0.8, 0, 0.5))
    return BeardLook(
        (lip, chin, sides),
        _GOATEE + sides * (on_cheeks - _GOATEE),
        ramp(_STUBBLE, stubble) * (1 - sides),
        np.asarray(hair * (_DARKER + (1 - _DARKER) * bright), np.float32),
    )


def grow_beard(head: PaintedHead, beard: BeardLook) -> FloatArray:
    """Grow a beard on bare skin, none on what the map shows as lips, nose, hair or cloth.

    Returns:
        [N] 0..1 how much of the skin it hides.
    """
    means, colours, template = head.means, head.colours, head.template
    hidden = np.zeros(len(means), np.float32)
    if max(*beard.zones, beard.stubble) <= 0:
        return hidden
    skin = (template.labels == Label.FACE) | (template.labels == Label.NECK)
    who = np.flatnonzero(skin & (head.kinds == SKIN))
    who = who[in_reach(template.anchors[who]) > 0]
    if len(who) == 0:
        return hidden
    zones = beard_zones(template.anchors[who])
    # Colours of the whole region are the light that falls on it, whatever beard grows there.
    light = colours[who].mean(1)
    light = np.sqrt(np.clip(light / max(float(np.median(light)), 0.05), 0.35, 1.6))
    there = zones.max(1) > 0 if beard.stubble > 0 else (zones @ np.array(beard.zones) > 0)
    who, zones, light = who[there], zones[there], light[there]
    rest = template.anchors[who]
    streaks = strands(rest)
    grain = np.random.default_rng(_SEED).uniform(-1, 1, len(means)).astype(np.float32)[who]
    free = _free(means[who], head.seen[who], head.labels, head.camera)
    share = np.array(beard.zones, np.float32)
    cover = (zones * share).max(1)
    ragged = cover + _RAGGED * (streaks + grain) * (cover > 0.02)
    hair = smoothstep(0.25, 0.7, ragged) * free
    speckle = zones.max(1) * free * beard.stubble * np.clip(0.6 + 0.7 * grain, 0, 1) * _SPECKLE
    contrast = 1 - _DEPTH * float(beard.tone.mean())
    shade = light * np.exp(contrast * (_STRANDS * streaks + _GRAIN * grain))
    painted = colours[who]
    # Skin shines through the tips of shaven hair: of any colour they look grey.
    painted += speckle[:, None] * (beard.tone.mean() - painted)
    tones = np.clip(beard.tone * shade[:, None], 0, 1)
    colours[who] = painted + (_COVER * hair)[:, None] * (tones - painted)
    below = (zones[:, 1:] * share[1:] * thickness(rest)).max(1) * beard.length
    away = np.maximum(below, zones[:, 0] * share[0] * min(_LIP_LENGTH, beard.length))
    out = template.normals[who].copy()
    out[:, 1] -= _DROOP * (1 - zones[:, 0])  # over the lips nothing hangs
    means[who] += (away * hair * (1 + _TUFTS * streaks))[:, None] * out
    hidden[who] = np.maximum(_COVER * hair, speckle)
    return hidden


def _free(
    points: FloatArray,  # [n, 3] metres
    seen: NDArray[np.bool_],  # [n]
    labels: NDArray[np.uint8],  # [S, S]
    camera: Camera,
) -> FloatArray:
    """[n] 0..1: 0 where the map shows something that no beard grows on."""
    wide = cv2.resize(labels, (EDGE, EDGE), interpolation=cv2.INTER_NEAREST)
    bars = ~np.isin(np.arange(COUNT), (*_BARE, Label.NOSE))
    taken = bars[wide] | (cv2.erode((wide == Label.NOSE).astype(np.uint8), _BASE) > 0)
    shown = smoothstep(0.2, 0.6, sampled(taken, pixels_of(points, camera), _SOFT))
    return np.asarray(1 - shown * seen, np.float32)
