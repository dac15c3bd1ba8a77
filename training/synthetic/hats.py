"""Hats: a knitted beanie and a hat with a brim, and the hair that has to fit under them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.synthetic.accessories import Accessory, Finish, worn
from training.synthetic.meshes import sheet, unit
from training.synthetic.strands import Strands
from training.synthetic.wearer import Wearer
from training.template.labels import Label

Float = NDArray[np.float64]
HATS = ("beanie", "brim hat")
CENTRE = np.array([0.0, 0.05, -0.025])
"""Middle of the skull on the average head, metres; a hat is a star-shaped sheet round it."""
_COLUMNS = 72
_POLAR = 37
# Rim height on the average head, metres, by degrees from the front.
_RIM_ANGLES = np.array([0.0, 40, 75, 105, 140, 180])
_RIMS = {
    "beanie": np.array([0.079, 0.072, 0.040, 0.030, 0.002, -0.010]),
    "brim hat": np.array([0.082, 0.077, 0.058, 0.048, 0.030, 0.022]),
}
_EASE = {"beanie": 0.006, "brim hat": 0.007}  # metres between skin and hat, for hair


@dataclass(frozen=True)
class HatLook:
    """Which hat is worn.

    Attributes:
        name: one of HATS.
        colour, band: linear RGB of the hat, and of its cuff or ribbon.
        height: factor on the height of the crown.
        brim: metres.
        shift: metres by which it is pulled up (positive) or down.
    """

    name: str
    colour: tuple[float, float, float]
    band: tuple[float, float, float]
    height: float
    brim: float
    shift: float

    def rim(self, angle: Float) -> Float:
        """Height of the rim on the average head, metres, by degrees from the front, either side."""
        return np.interp(np.abs(angle), _RIM_ANGLES, _RIMS[self.name]) + self.shift

    def above(self, rest: Float) -> Float:
        """Metres above the rim at points [N, 3] of the average head."""
        angle = np.degrees(np.arctan2(rest[:, 0], rest[:, 2] - CENTRE[2]))
        height: Float = rest[:, 1] - self.rim(angle)
        return height


def sample_hat(rng: np.random.Generator) -> HatLook:
    """Draw a hat."""
    import colorsys

    name = str(rng.choice(HATS))
    value = float(rng.choice([0.02, 0.06, 0.18, 0.5]))
    colour = colorsys.hsv_to_rgb(rng.random(), float(rng.random() ** 1.5 * 0.8), value)
    same = name == "beanie" and rng.random() < 0.7
    dark = rng.random() < 0.5
    band = colour if same else (0.012, 0.012, 0.013) if dark else tuple(c * 0.45 for c in colour)
    return HatLook(
        name,
        colour,
        (band[0], band[1], band[2]),
        height=float(rng.uniform(0.9, 1.15)),
        brim=float(rng.uniform(0.045, 0.065)),
        shift=float(rng.uniform(-0.006, 0.008)),
    )


@dataclass(frozen=True)
class Hat:
    """A hat on a head.

    Attributes:
        look: which one.
        pieces: its meshes.
        grids: [R, 72, 3] metres: the outer surface from the rim (or the brim's edge) to the
            top, for each piece that anchors may lie on; column k at azimuth k * 5 degrees.
        skull: the head below it.
    """

    look: HatLook
    pieces: tuple[Accessory, ...]
    grids: tuple[Float, ...]
    skull: "Skull"


class Skull:
    """The head's size in each direction from the middle of the skull, smooth."""

    def __init__(self, wearer: Wearer, look: HatLook) -> None:
        self.centre = wearer.at(np.array([[0.0, 0.135, -0.02]]), ear=False)[0][0]
        self.centre = np.array([self.centre[0], self.centre[1] - 0.085, self.centre[2] - 0.005])
        self._look = look
        skin = ~wearer.ears
        skin &= wearer.rest[:, 1] > -0.07
        directions = unit(wearer.points[skin] - self.centre)
        sizes = np.linalg.norm(wearer.points[skin] - self.centre, axis=1)
        polar, azimuth = np.meshgrid(
            np.linspace(0, np.pi, _POLAR), np.linspace(0, 2 * np.pi, _COLUMNS + 1), indexing="ij"
        )
        flat = np.sin(polar)
        asked = np.stack([flat * np.sin(azimuth), np.cos(polar), flat * np.cos(azimuth)], -1)
        single = np.float32
        close = asked.reshape(-1, 3).astype(single) @ directions.T.astype(single)
        weight = np.exp((close - single(1)) * single(1 / 0.006))
        mean = (weight @ sizes.astype(single)) / np.maximum(weight.sum(1), single(1e-9))
        # Nothing may poke through: at least the largest nearby.
        most = ((close > np.cos(0.09)) * sizes.astype(single)).max(1)
        self._table = np.maximum(mean, most).reshape(polar.shape).astype(np.float64)

    def size(self, directions: Float) -> Float:
        """Distance [N] from the middle to a smooth hull of the skin in directions [N, 3]."""
        from scipy.ndimage import map_coordinates

        polar = np.arccos(np.clip(directions[:, 1], -1, 1)) / np.pi * (_POLAR - 1)
        azimuth = np.arctan2(directions[:, 0], directions[:, 2]) % (2 * np.pi)
        columns = azimuth / (2 * np.pi) * _COLUMNS
        size: Float = map_coordinates(self._table, [polar, columns], order=1, mode="nearest")
        return size

    def rim(self, angle: Float) -> Float:
        """Points [N, 3] on the skin's hull at the rim, by azimuth in radians."""
        height = self._look.rim(np.degrees((angle + np.pi) % (2 * np.pi) - np.pi)) - CENTRE[1]
        flat = np.full(len(angle), 0.085)
        for _ in range(4):  # the direction whose hull point lies at the wanted height
            d = unit(np.stack([np.sin(angle) * flat, height, np.cos(angle) * flat], 1))
            flat = np.sqrt(np.maximum(self.size(d) ** 2 - height**2, 1e-4))
        return self.centre + np.stack([np.sin(angle) * flat, height, np.cos(angle) * flat], 1)


def _smooth_round(values: Float, keep: int) -> Float:
    """Columns [..., C] with only their lowest Fourier terms."""
    terms = np.fft.rfft(values, axis=-1)
    terms[..., keep:] = 0
    smooth: Float = np.fft.irfft(terms, values.shape[-1], axis=-1)
    return smooth


def _dome(skull: Skull, rim: Float, ease: float, rows: int) -> Float:
    """Grid [R, C, 3] from the rim to the top over the skull."""
    start = unit(rim - skull.centre)
    top = np.array([0.0, 1.0, -0.12]) / np.linalg.norm([0.0, 1.0, -0.12])
    whole = np.arccos(np.clip(start @ top, -1, 1))
    side = unit(start - top * (start @ top)[:, None])
    angle = whole[None] * (1 - np.linspace(0, 0.985, rows))[:, None]
    d = np.cos(angle)[..., None] * top + np.sin(angle)[..., None] * side[None]
    size = skull.size(d.reshape(-1, 3)).reshape(rows, -1)
    size = np.maximum(_smooth_round(size, 7), size) + ease
    return skull.centre + d * size[..., None]


def _beanie(look: HatLook, skull: Skull, rim: Float) -> Hat:
    rows = 26
    grid = _dome(skull, rim, _EASE["beanie"], rows)
    t = np.linspace(0, 1, rows)[:, None]
    outward = unit(grid - skull.centre)
    slack = 0.016 * look.height * np.clip((t - 0.35) / 0.65, 0, 1) ** 1.5
    grid = grid + slack[..., None] * np.array([0.0, 1.0, -0.35])
    # The cuff: a thicker band that is folded up.
    fold = np.linspace(0, 1, 12)[:, None]
    reach = 7
    cuff_t = fold * (reach - 1)
    below = np.floor(cuff_t[:, 0]).astype(int)
    share = (cuff_t[:, 0] - below)[:, None, None]
    cuff = grid[below] * (1 - share) + grid[below + 1] * share
    bulge = 0.0065 * np.clip(np.sin(np.pi * (0.04 + 0.92 * fold)) * 1.8, 0, 1)
    cuff = cuff + bulge[..., None] * unit(cuff - skull.centre)
    shell = np.concatenate([cuff, grid[reach:] + 0.0 * outward[reach:]])
    solid = Finish(look.colour, roughness=0.95, weave=1.0)
    band = Finish(look.band, roughness=0.95, weave=1.0)
    away = unit(grid - skull.centre)
    pieces = (
        worn("beanie", Label.HAT, sheet(grid, away, wrap=True), solid),
        worn("beanie cuff", Label.HAT, sheet(cuff, unit(cuff - skull.centre), wrap=True), band),
    )
    return Hat(look, pieces, (shell,), skull)


def _brim_hat(look: HatLook, skull: Skull, rim: Float) -> Hat:
    angle = np.arange(_COLUMNS) / _COLUMNS * 2 * np.pi
    round_ = np.stack([np.sin(angle), 0 * angle, np.cos(angle)], 1)
    # The band's outline: wide enough for the head at the rim and above it.
    widest = np.zeros(_COLUMNS)
    for lift in (0.0, 0.015, 0.03, 0.045):
        at = rim + np.array([0.0, lift, 0.0])
        d = unit(at - skull.centre)
        hull = skull.centre + d * skull.size(d)[:, None]
        widest = np.maximum(widest, np.hypot(*(hull - skull.centre)[:, [0, 2]].T))
    widest = np.maximum(_smooth_round(widest, 5), widest) + _EASE["brim hat"]
    widest = _smooth_round(widest, 9)
    base = skull.centre + round_ * widest[:, None]
    base[:, 1] = _smooth_round(rim[:, 1], 4)
    up = np.array([0.0, 1.0, 0.0])
    top_y = skull.centre[1] + 0.085 + 0.022 * look.height
    rows = np.linspace(0, 1, 16)
    sides = []
    for t in rows:
        ring = base.copy()
        ring[:, 1] = base[:, 1] + t * (top_y - base[:, 1])
        taper = 1 - 0.10 * t - 0.10 * np.clip((t - 0.85) / 0.15, 0, 1) ** 2
        sides.append(np.stack([*((ring - skull.centre) * [taper, 1, taper] + skull.centre).T], 1))
    edge = sides[-1]
    middle = edge.mean(0)
    for t in np.linspace(0.12, 0.99, 8):
        ring = edge * (1 - t) + middle * t
        # A crease from front to back, deepest in the middle.
        crease = np.exp(-(((ring[:, 0] - middle[0]) / 0.028) ** 2))
        ring = ring + up * (0.006 * np.sin(np.pi * min(t * 2, 1)) - 0.016 * crease * t)[:, None]
        sides.append(ring)
    crown = np.stack(sides)
    reach = np.linspace(1, 0, 9)
    bend = 0.010 * np.cos(2 * angle) + 0.002  # droops in front and behind, rises at the sides
    brim = np.stack(
        [base + round_ * (look.brim * r) - up * ((bend * r**2)[:, None] + 0.002 * r) for r in reach]
    )
    under = brim - up * 0.0025
    band_rows = crown[:5] + round_ * 0.0016
    felt = Finish(look.colour, roughness=0.9)
    ribbon = Finish(look.band, roughness=0.6)
    pieces = (
        worn("hat crown", Label.HAT, sheet(crown, unit(crown - skull.centre), wrap=True), felt),
        worn("hat brim", Label.HAT, sheet(brim, up, wrap=True), felt),
        worn("hat brim below", Label.HAT, sheet(under, -up, wrap=True), felt),
        worn("hat ribbon", Label.HAT, sheet(band_rows, round_, wrap=True), ribbon),
    )
    return Hat(look, pieces, (np.concatenate([brim[:-1], crown]), under), skull)


def make_hat(look: HatLook, wearer: Wearer) -> Hat:
    """The hat on a head."""
    skull = Skull(wearer, look)
    rim = skull.rim(np.arange(_COLUMNS) / _COLUMNS * 2 * np.pi)
    return _beanie(look, skull, rim) if look.name == "beanie" else _brim_hat(look, skull, rim)


def hair_under(hat: Hat, strands: Strands) -> Strands | None:
    """Hair that wears the hat: pressed onto the skull above the rim, cut where it cannot show.

    Returns:
        The strands that still show, or None if none does.
    """
    skull = hat.skull
    angle = np.arange(_COLUMNS) / _COLUMNS * 2 * np.pi
    rim = skull.rim(angle)
    rim_radius = np.hypot(*(rim - skull.centre)[:, [0, 2]].T) + 0.8 * _EASE[hat.look.name]

    def pressed(points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        flat = points.reshape(-1, 3).astype(np.float64)
        away = flat - skull.centre
        azimuth = np.arctan2(away[:, 0], away[:, 2]) % (2 * np.pi)
        level = np.interp(azimuth, angle, rim[:, 1], period=2 * np.pi)
        limit = np.interp(azimuth, angle, rim_radius, period=2 * np.pi)
        above = flat[:, 1] - level
        # Inside the band, and freer the further below it.
        limit = limit + 0.6 * np.clip(-above, 0, None)
        flatness = np.hypot(away[:, 0], away[:, 2])
        low = above < 0.02
        shrink = np.where(low, np.minimum(1, limit / np.maximum(flatness, 1e-6)), 1.0)
        flat[:, 0] = skull.centre[0] + away[:, 0] * shrink
        flat[:, 2] = skull.centre[2] + away[:, 2] * shrink
        inside = np.linalg.norm(away, axis=1)
        d = away / np.maximum(inside, 1e-6)[:, None]
        high = ~low
        if high.any():
            allowed = skull.size(d[high]) + 0.5 * _EASE[hat.look.name]
            ratio = np.minimum(1, allowed / np.maximum(inside[high], 1e-6))
            flat[high] = skull.centre + away[high] * ratio[:, None]
        moved = flat.reshape(points.shape).astype(np.float32)
        return moved, (above.reshape(points.shape[:2]) < 0.004)

    points, shows = pressed(strands.points)
    kept = shows.any(1)
    if not kept.any():
        return None
    return replace(
        strands,
        points=points[kept],
        tangents=strands.tangents[kept],
        colours=strands.colours[kept],
        half_widths=strands.half_widths[kept],
        normals=strands.normals[kept],
    )
