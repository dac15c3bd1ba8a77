"""Strands of hair: roots on the scalp, guides that grow under gravity, strands between them."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.synthetic.hair_styles import HairStyle
from training.synthetic.strands import Strands
from training.synthetic.surface import Surface
from training.synthetic.tied_hair import tied_guides

Float = NDArray[np.float64]

# Height of the hairline, metres on the average head, by angle from the front round the neck's axis.
_ANGLES = np.array([0, 35, 60, 78, 92, 105, 125, 150, 180.0])
_HEIGHTS = np.array([0.091, 0.085, 0.057, 0.014, 0.050, 0.020, -0.028, -0.052, -0.058])
_RECEDES = np.array([1, 1.3, 1, 0, 0, 0, 0, 0, 0.0])
_PART_OFFSET = 0.022
_GUIDES = 800


@dataclass(frozen=True)
class HairQuality:
    """How finely hair is drawn.

    Attributes:
        amount: factor on a style's strands; 2 suits pictures of 512 px and more.
        half_width: metres at amount 1; more hairs are thinner.
    """

    amount: float = 1.0
    half_width: float = 0.00050


@dataclass(frozen=True)
class Hairline:
    """Where hair grows.

    Attributes:
        recede: metres by which the front lies further up than usual.
        crown: 0..1 how bald the top of the head is.
    """

    recede: float = 0.0
    crown: float = 0.0

    def mask(self, rest: Float, fade: float = 0.008) -> Float:
        """How much hair grows at points [N, 3] of the average head, [N] 0..1."""
        angle = np.degrees(np.arctan2(np.abs(rest[:, 0]), rest[:, 2] + 0.035))
        edge = np.interp(angle, _ANGLES, _HEIGHTS + _RECEDES * self.recede)
        inside = np.clip((rest[:, 1] - edge) / fade, 0, 1)
        if self.crown > 0:
            height = rest[:, 1] - np.interp(rest[:, 2], [-0.13, -0.06, 0.1], [0.05, 0.075, 0.06])
            inside = inside * (1 - self.crown * np.clip(0.3 + height / 0.03, 0, 1))
        return inside


def _unit(x: Float) -> Float:
    length: Float = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.maximum(length, 1e-9)


class _Growth:
    """Grows guides on one head."""

    def __init__(
        self, style: HairStyle, surface: Surface, rest: Float, points: Float, normals: Float
    ) -> None:
        self._style = style
        self._points, self._normals, self._rest = points, normals, rest
        self._body = surface.body[rest[surface.body][:, 1] > -0.24]
        self._tree = cKDTree(points[self._body])

    def _comb(self, rest: Float, normals: Float, side: float) -> Float:
        comb = np.zeros_like(rest)
        kind = self._style.comb
        parted = np.sign(rest[:, 0] - _PART_OFFSET * side)
        if kind == "part":
            # Parted in front and on top; behind, hair falls straight.
            ahead = np.clip((rest[:, 2] + 0.09) / 0.08, 0.1, 1)
            comb[:] = np.stack([parted * ahead, -0.3 - 0.7 * (1 - ahead), -0.45 * ahead], 1)
        elif kind == "back":
            comb[:] = [0, 0.1, -1]
        elif kind == "front":
            comb[:] = [0.3 * side, -0.1, 0.6]
        elif kind == "fringe":
            front = np.clip(rest[:, 2] / 0.05, 0, 1)
            comb[:, 0] = (1 - front) * parted + 0.15 * side * front
            comb[:, 1] = -0.4
            comb[:, 2] = 0.9 * front - 0.2 * (1 - front)
        elif kind == "down":
            comb[:, 1] = -0.5
        return comb - normals * (comb * normals).sum(1, keepdims=True)

    def _away(self, vertices: NDArray[np.int64]) -> Float:
        """Where hair is pushed at skin vertices [N]: outward from the head's axis.

        The skin's own normals [N, 3] would do, but they point up in the crease behind the ear.
        """
        points, normals = self._points[vertices], self._normals[vertices]
        axis = np.stack(
            [0 * points[:, 0], np.clip(points[:, 1], -0.25, 0.03), 0 * points[:, 0] - 0.03], 1
        )
        head = np.clip((points[:, 1] + 0.10) / 0.04, 0, 1)[:, None]
        return _unit(normals * (1 - 0.7 * head) + 1.4 * head * _unit(points - axis))

    @staticmethod
    def _off_face(points: Float, rest: Float, side: float) -> Float:
        """How far sideways [N] metres strands in front of the face have to move."""
        sign = np.where(np.abs(points[:, 0]) > 0.005, np.sign(points[:, 0]), 0.0)
        sign = np.where(sign == 0, np.sign(rest[:, 0] - _PART_OFFSET * side + 1e-6), sign)
        in_front = np.clip((points[:, 2] - 0.005) / 0.03, 0, 1)
        below = np.clip((0.088 - points[:, 1]) / 0.02, 0, 1)
        moved: Float = 0.5 * sign * np.maximum(0.074 - np.abs(points[:, 0]), 0) * in_front * below
        return moved

    def _in_fringe(self, rest: Float) -> NDArray[np.bool_]:
        """Which roots [N] belong to hair that is cut over the forehead."""
        front: NDArray[np.bool_] = (rest[:, 2] > 0.02) & (np.abs(rest[:, 0]) < 0.06)
        return front & (self._style.comb == "fringe")

    def lengths(self, rng: np.random.Generator, rest: Float, hairline: Hairline) -> Float:
        """Length of each strand, [N] metres."""
        top = np.clip((rest[:, 1] - 0.055) / 0.05, 0, 1)
        back = np.clip((-rest[:, 2] - 0.04) / 0.04, 0, 1)
        over, beside, behind = self._style.lengths
        length = over * top + (1 - top) * (beside * (1 - back) + behind * back)
        if hairline.crown > 0:
            length = np.minimum(length, 0.014)
        length = length * (1 + 0.10 * rng.normal(size=len(rest)))
        length *= np.clip(hairline.mask(rest, 0.03) * 1.2 + 0.3, 0, 1)
        limit = 0.062 + 0.008 * rng.random(len(rest))
        length = np.where(self._in_fringe(rest), np.minimum(length, limit), length)
        return np.maximum(length, 0.003)

    def grow(
        self,
        rng: np.random.Generator,
        roots: tuple[Float, Float, Float],
        hairline: Hairline,
        side: float,
    ) -> Float:
        """Guides [N, K, 3] from roots (positions, normals, rest positions)."""
        style = self._style
        position, normal, rest = roots
        length = self.lengths(rng, rest, hairline)
        comb = self._comb(rest, normal, side)
        lift = np.full((len(rest), 1), style.lift)
        if style.comb == "part":  # flat at the parting, so that it is no trench
            lift *= 0.35 + 0.65 * np.clip(np.abs(rest[:, :1] - _PART_OFFSET * side) / 0.025, 0, 1)
        direction = normal * lift + comb * (1 - 0.6 * lift)
        direction = _unit(direction + rng.normal(0, 0.06, direction.shape))
        step = (length / style.segments)[:, None]
        layer = rng.random(len(position))
        thick = np.clip(length / 0.10, 0, 1)
        down = np.array([0, -1.0, 0])
        fringe = self._in_fringe(rest)
        points = [position]
        for i in range(style.segments):
            s = i / style.segments * length[:, None]
            weight = np.clip(style.gravity * (s / 0.05) ** 0.8 * 1.6, 0, 1.2)
            target = (
                comb * np.clip(1 - s / 0.06, 0, 1) * (0.9 if style.gravity > 0.1 else 0.5)
                + normal * lift * np.exp(-s / 0.02) * 0.8
                + down * weight
                + direction * 0.3
            )
            bend = np.clip(0.9 * step / 0.012, 0.05, 0.55)
            direction = _unit(direction * (1 - bend) + _unit(target) * bend)
            moved = position + direction * step
            distance, nearest = self._tree.query(moved)
            near = self._body[nearest]
            away = self._away(near)
            height = ((moved - self._points[near]) * away).sum(1)
            clear = np.minimum(0.002 + s[:, 0] * 0.6, 0.0025 + (0.004 + 0.011 * layer) * thick)
            clear = clear + 0.013 * (self._rest[near][:, 1] < -0.11)
            push = np.where(clear > height, clear - height, style.cling * (clear - height))
            push *= distance < 0.06
            moved = moved + away * push[:, None]
            if style.comb in ("part", "back", "fringe"):
                moved[:, 0] += ~fringe * self._off_face(moved, rest, side)
            direction = _unit(moved - position)
            position = position + direction * step
            points.append(position)
        return np.stack(points, 1)


def _roots(
    rng: np.random.Generator,
    surface: Surface,
    rest: Float,
    points: Float,
    normals: Float,
    hairline: Hairline,
    count: int,
) -> tuple[Float, Float, Float]:
    quads = surface.quads[surface.skin_quads]
    quads = quads[hairline.mask(rest[quads].mean(1), 0.02) > 0]
    corner = points[quads]
    area = np.linalg.norm(
        np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1]), axis=1
    )
    wanted = int(count * 1.35)
    quad = quads[rng.choice(len(quads), wanted, p=area / area.sum())]
    u, w = rng.random((2, wanted, 1))
    weights = ((1 - u) * (1 - w), u * (1 - w), u * w, (1 - u) * w)

    def blend(x: Float) -> Float:
        total: Float = sum(x[quad[:, k]] * weights[k] for k in range(4))
        return total

    at = blend(rest)
    keep = rng.random(wanted) < hairline.mask(at + rng.normal(0, 0.0015, at.shape), 0.010)
    keep &= np.cumsum(keep) <= count
    return blend(points)[keep], _unit(blend(normals)[keep]), at[keep]


def grow_strands(
    rng: np.random.Generator,
    style: HairStyle,
    hairline: Hairline,
    tone: Float,
    surface: Surface,
    rest: Float,
    points: Float,
    normals: Float,
    grey: float = 0.0,
    quality: HairQuality | None = None,
) -> Strands | None:
    """Hair for one head, or None for a bald one.

    Args:
        rng: source of randomness.
        style: how it grows and lies.
        hairline: where it grows.
        tone: linear RGB [3].
        surface: the shared mesh.
        rest: [V1, 3] refined average head.
        points: [V1, 3] refined head, metres.
        normals: [V1, 3] its unit normals.
        grey: share of grey hairs.
        quality: how many hairs.
    """
    quality = quality or HairQuality()
    if style.count == 0:
        return None
    side = float(rng.choice([-1.0, 1.0]))
    guide_roots = _roots(rng, surface, rest, points, normals, hairline, _GUIDES)
    count = int(style.count * quality.amount)
    position, normal, at = _roots(rng, surface, rest, points, normals, hairline, count)
    distance, nearest = cKDTree(guide_roots[2]).query(at, 3)
    weight = 1 / (distance + 1e-4) ** 2
    if style.comb in ("part", "fringe"):
        # Do not mix the two sides of the parting, whose line wanders a little.
        line = _PART_OFFSET * side
        own = np.sign(at[:, :1] - line + rng.normal(0, 0.003, (len(at), 1)))
        same = np.sign(guide_roots[2][nearest][..., 0] - line) == own
        weight = weight * ((same | (at[:, 2:] < -0.06)) + 1e-3)
    weight /= weight.sum(1, keepdims=True)
    leader = nearest[np.arange(len(at)), weight.argmax(1)]
    t = np.linspace(0, 1, style.segments + 1, dtype=np.float32)[None, :, None]
    if style.tie:
        skull = points[surface.body][rest[surface.body][:, 1] > -0.06]
        roots = (guide_roots[0], guide_roots[2])
        guides = tied_guides(rng, style.tie, roots, skull, style.segments, style.lengths[0])
        strands = _between(guides, nearest, weight)
        apart = np.clip(1 - 2 * t, 0, 1) * (position - strands[:, 0])[:, None]
        strands = strands + apart.astype(np.float32)
        # Behind the tie locks are not mixed: they would shrink to the middle.
        late = np.clip(2.5 * t - 1.25, 0, 1)
        strands = strands * (1 - late) + late * guides[leader].astype(np.float32)
    else:
        growth = _Growth(style, surface, rest, points, normals)
        guides = growth.grow(rng, guide_roots, hairline, side)
        relative = guides - guides[:, :1]
        strands = position[:, None].astype(np.float32) + _between(relative, nearest, weight)
        led = guides[leader] + 0.5 * (position - guides[leader][:, 0])[:, None]
        gather = style.clump * t
        strands = strands * (1 - gather) + gather * led.astype(np.float32)
    strands = _curl(rng, style, strands, normal, leader)
    strands = strands + _loose(rng, style, strands, t)
    along = np.diff(strands, axis=1)
    tangent = _unit(np.concatenate([along, along[:, -1:]], 1))
    thin = np.minimum(1.0, 2.5 * (1.08 - t[..., 0]))
    width = np.broadcast_to(quality.half_width / np.sqrt(quality.amount) * thin, strands.shape[:2])
    single = np.float32
    return Strands(
        strands.astype(single),
        tangent.astype(single),
        _tones(rng, tone, grey, leader, t),
        width.astype(single),
        normal.astype(single),
        0.35 if style.curl > 0.8 else 0.8,
    )


def _between(guides: Float, nearest: NDArray[np.int64], weight: Float) -> NDArray[np.float32]:
    """Guides [G, K, 3] blended by weights [N, 3] of the nearest [N, 3], as [N, K, 3]."""
    count, length, _ = guides.shape
    rows = np.repeat(np.arange(len(nearest)), 3)
    blend = sp.csr_matrix(
        (weight.astype(np.float32).ravel(), (rows, nearest.ravel())), (len(nearest), count)
    )
    mixed: NDArray[np.float32] = blend @ guides.reshape(count, -1).astype(np.float32)
    return mixed.reshape(-1, length, 3)


def _loose(
    rng: np.random.Generator, style: HairStyle, strands: NDArray[np.float32], t: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Displacements [N, K, 3] that keep hairs apart; a few fly away."""
    count, points, _ = strands.shape
    own = rng.normal(0, 0.0012, (count, 1, 3))
    flying = rng.random((count, 1, 1)) < style.flyaway
    reach = np.minimum(0.012, 0.12 * np.linalg.norm(strands[:, -1] - strands[:, 0], axis=1))
    own = own + flying * rng.normal(0, 1, (count, 1, 3)) * reach[:, None, None]
    jitter = rng.standard_normal((count, points, 3), np.float32) * np.float32(0.0003)
    loose: NDArray[np.float32] = ((own + jitter) * t).astype(np.float32)
    return loose


def _tones(
    rng: np.random.Generator,
    tone: Float,
    grey: float,
    leader: NDArray[np.int64],
    t: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Linear RGB [N, K, 3]: darker roots, locks and hairs that differ, some of them grey."""
    count = len(leader)
    lock = np.exp(rng.normal(0, 0.17, _GUIDES))[leader % _GUIDES, None]
    colour = tone * np.exp(rng.normal(0, 0.16, (count, 1))) * lock
    colour = colour * (1 + rng.normal(0, 0.04, (count, 3)))
    patch = np.clip(grey * np.exp(rng.normal(0, 0.5, _GUIDES))[leader % _GUIDES], 0, 0.95)
    silver = np.array([0.46, 0.45, 0.44]) * np.exp(rng.normal(0, 0.15, (count, 1)))
    # Single white hairs among dark ones are softer than they are in life: ours are thicker.
    silver = colour + (silver - colour) * (0.35 + 0.65 * np.clip(1.5 * patch, 0, 1))[:, None]
    colour = np.where((rng.random(count) < patch)[:, None], silver, colour)
    tones: NDArray[np.float32] = (colour[:, None] * (0.72 + 0.38 * t)).astype(np.float32)
    return tones


def _curl(
    rng: np.random.Generator,
    style: HairStyle,
    strands: NDArray[np.float32],
    normal: Float,
    leader: NDArray[np.int64],
) -> NDArray[np.float32]:
    if style.curl == 0:
        return strands
    first = _unit(np.cross(normal, np.array([0.3, 0.2, 0.9])))
    second = np.cross(normal, first)
    length = np.linalg.norm(np.diff(strands, axis=1), axis=-1).sum(1)
    s = np.linspace(0, 1, strands.shape[1])[None] * length[:, None]
    phase = rng.normal(0, 0.8, len(strands))[:, None] + (leader * 2.399 % 6.28)[:, None]
    angle = 2 * np.pi * s / style.wavelength + phase
    radius = 0.006 * style.curl * np.minimum(s / 0.02, 1)
    turn = np.cos(angle)[..., None] * first[:, None] + np.sin(angle)[..., None] * second[:, None]
    curled: NDArray[np.float32] = (strands + radius[..., None] * turn).astype(np.float32)
    return curled
