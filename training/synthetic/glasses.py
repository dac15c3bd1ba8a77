"""Glasses: frames of several shapes fitted to eyes, nose and ears, with clear or dark lenses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.accessories import Accessory, Finish, worn
from training.synthetic.meshes import Mesh, join, sheet, tube
from training.synthetic.wearer import Wearer
from training.template.labels import Label

Float = NDArray[np.float64]
_OUTLINE = 56
_WRAP_RADIUS, _TILT = 0.21, 0.11  # metres; rise over run: tops of lenses lean forward


@dataclass(frozen=True)
class Frame:
    """A shape of glasses.

    Attributes:
        name: for captions.
        width, height: of a lens, metres.
        bridge: between the lenses, metres.
        square: 2 an ellipse, more the squarer.
        lift: how far the outer upper corner is drawn up, share of the height.
        drop: how far the lens hangs down outward, share of the height.
        rim: half width and half depth of the rim, metres; no rim below where `half` is set.
        half: whether only the upper half has a rim.
    """

    name: str
    width: float
    height: float
    bridge: float
    square: float
    lift: float = 0.0
    drop: float = 0.0
    rim: tuple[float, float] = (0.0018, 0.0017)
    half: bool = False


FRAMES = (
    Frame("round", 0.045, 0.043, 0.020, 2.0, rim=(0.0010, 0.0011)),
    Frame("round horn-rimmed", 0.046, 0.042, 0.019, 2.2, rim=(0.0024, 0.0019)),
    Frame("rectangular", 0.050, 0.031, 0.017, 3.4, rim=(0.0016, 0.0016)),
    Frame("square", 0.051, 0.040, 0.017, 3.6, lift=0.05, rim=(0.0026, 0.0020)),
    Frame("cat-eye", 0.050, 0.037, 0.017, 2.5, lift=0.22, rim=(0.0023, 0.0019)),
    Frame("aviator", 0.053, 0.045, 0.015, 2.4, drop=0.14, rim=(0.0009, 0.0010)),
    Frame("half-rimmed", 0.051, 0.033, 0.017, 3.0, rim=(0.0017, 0.0015), half=True),
)
_ACETATE = {
    "black": (0.012, 0.012, 0.013),
    "brown": (0.075, 0.034, 0.014),
    "dark red": (0.10, 0.012, 0.016),
    "navy": (0.015, 0.022, 0.06),
    "pale": (0.55, 0.45, 0.36),
}
_METAL = {
    "gold": (0.83, 0.60, 0.28),
    "silver": (0.72, 0.72, 0.72),
    "gunmetal": (0.17, 0.17, 0.18),
}
_TINT = {
    "grey": (0.020, 0.020, 0.022),
    "brown": (0.050, 0.026, 0.012),
    "green": (0.018, 0.030, 0.018),
}


@dataclass(frozen=True)
class GlassesLook:
    """Which glasses are worn.

    Attributes:
        frame: their shape.
        colour: name of the frame's colour.
        tint: name of the lenses' tint, None for clear ones.
        opacity: of the lenses, 0..1.
    """

    frame: Frame
    colour: str
    tint: str | None
    opacity: float

    @property
    def dark(self) -> bool:
        return self.tint is not None

    def finish(self) -> Finish:
        """What the frame is made of."""
        if self.colour in _METAL:
            return Finish(_METAL[self.colour], roughness=0.25, metal=1.0)
        return Finish(_ACETATE[self.colour], roughness=0.22)


def sample_glasses(rng: np.random.Generator, male: float) -> GlassesLook:
    """Draw glasses; cat-eyes are worn by women."""
    chance = np.array([0.0 if f.name == "cat-eye" and male > 0.5 else 1.0 for f in FRAMES])
    frame = FRAMES[int(rng.choice(len(FRAMES), p=chance / chance.sum()))]
    thin = frame.rim[0] < 0.0015
    colour = str(rng.choice(list(_METAL if thin else _ACETATE)))
    if not thin and rng.random() < 0.35:
        colour = "black"
    dark = rng.random() < 0.35
    tint = str(rng.choice(list(_TINT))) if dark else None
    return GlassesLook(frame, colour, tint, float(rng.uniform(0.82, 0.96)) if dark else 0.06)


def _outline(frame: Frame, side: float, centre: tuple[float, float]) -> Float:
    """The lens's edge [K, 2] in x and y; begins at the outer end, runs over the top."""
    angle = np.arange(_OUTLINE) / _OUTLINE * 2 * np.pi
    wave = np.stack([np.cos(angle), np.sin(angle)], 1)
    x, y = (np.sign(wave) * np.abs(wave) ** (2 / frame.square)).T
    y = y + frame.lift * np.clip(x, 0, 1) ** 2 * np.clip(y + 0.6, 0, 1)
    y = y - frame.drop * np.clip(x + 0.3, 0, 1) * np.clip(-y + 0.2, 0, 1)
    x = x * (1 + 0.06 * y)
    return np.stack([centre[0] + side * x * frame.width / 2, centre[1] + y * frame.height / 2], 1)


class _Fit:
    """The surface on which the lenses lie: a tilted, slightly wrapped sheet before the eyes."""

    def __init__(self, frame: Frame, wearer: Wearer) -> None:
        middle = wearer.eyes.mean(0)
        self.x, self.y = float(middle[0]), float(middle[1]) - 0.0025
        self.reach = (frame.bridge + frame.width) / 2
        across, up = np.meshgrid(np.linspace(-0.058, 0.058, 41), np.linspace(-0.8, 0.75, 21))
        x, y = across.ravel(), up.ravel() * frame.height / 2
        beside = (np.abs(x) > frame.bridge / 2) & (np.abs(x) < self.reach + frame.width / 2)
        x, y = x[beside] + self.x, y[beside] + self.y
        eye_front = float(wearer.eyes[:, 2].mean()) + wearer.eye_radius
        self.z = 0.0
        need = wearer.front(x, y) + 0.0025 - self.depth(x, y)
        clear = eye_front + 0.010 - float(self.depth(wearer.eyes[:1, 0], wearer.eyes[:1, 1])[0])
        self.z = float(np.clip(np.max(need), clear, clear + 0.010))

    def depth(self, x: Float, y: Float) -> Float:
        """Heights z [N] of the lens surface at x [N], y [N]."""
        z: Float = self.z - (x - self.x) ** 2 / (2 * _WRAP_RADIUS) + _TILT * (y - self.y)
        return z

    def lifted(self, flat: Float) -> Float:
        """Points [N, 2] of the picture plane on the lens surface, [N, 3]."""
        return np.concatenate([flat, self.depth(flat[:, 0], flat[:, 1])[:, None]], 1)


def _temple(frame: Frame, fit: _Fit, wearer: Wearer, side: float) -> Mesh:
    """The arm from the outer corner over the ear."""
    top = fit.y + frame.height * (0.22 + 0.4 * frame.lift)
    corner = fit.x + side * (fit.reach + frame.width / 2)
    hinge = fit.lifted(np.array([[corner, top]]))[0]
    ear = wearer.at(np.array([[side * 0.0735, 0.0325, -0.022]]), ear=True)[0][0]
    ear = ear + np.array([-side * 0.001, 0.003, 0.0])
    outer = np.array([ear[0], top, hinge[2] - 0.012])
    outer[0] = fit.x + side * max(abs(corner - fit.x) + 0.0045, abs(ear[0] - fit.x) * 0.97)
    behind = ear + np.array([-side * 0.002, -0.018, -0.014])
    t = np.linspace(0, 1, 16)[:, None]
    along = outer * (1 - t) + ear * t
    straight = wearer.pushed_out(along[1:-1], 0.003)
    along[1:-1, 0] = np.where(
        side * straight[:, 0] > side * along[1:-1, 0], straight[:, 0], along[1:-1, 0]
    )
    turn = (ear + behind) / 2 + np.array([0, 0.003, -0.003])
    path = np.concatenate([hinge[None], along, turn[None], behind[None]])
    half = (max(0.0009, 0.55 * frame.rim[1]), max(0.0012, frame.rim[0] * 1.1))
    return tube(path, half, np.array([0.0, 1, 0]), sides=8)


def _lens(outline: Float, fit: _Fit) -> Mesh:
    centre = outline.mean(0)
    share = np.linspace(1.0, 0.02, 6)[:, None, None]
    flat = centre + (outline - centre)[None] * share
    grid = fit.lifted(flat.reshape(-1, 2)).reshape(*flat.shape[:2], 3)
    grid[..., 2] += 0.0016 * (1 - share[..., 0] ** 2)
    return sheet(grid, np.array([0.0, 0, 1]), wrap=True)


def _rim(outline: Float, frame: Frame, fit: _Fit) -> Mesh:
    path = fit.lifted(outline)
    if frame.half:
        path = np.roll(path, 2, 0)[: _OUTLINE // 2 + 5]
    width, depth = frame.rim
    return tube(path, (width, depth), np.array([0.0, 0, 1]), sides=8, closed=not frame.half)


def _bridge(frame: Frame, fit: _Fit, wearer: Wearer, height: float) -> Mesh:
    t = np.linspace(-1, 1, 11)
    half = frame.bridge / 2 + frame.width * 0.04
    x = fit.x + t * half
    y = fit.y + height * frame.height / 2 + 0.0022 * (1 - t**2)
    z = np.maximum(fit.depth(x, y) + 0.001 * (1 - t**2), wearer.front(x, y) + 0.0015)
    path = np.stack([x, y, z], 1)
    size = (max(0.0009, frame.rim[1] * 0.8), max(0.0009, frame.rim[0] * 0.9))
    return tube(path, size, np.array([0.0, 1, 0]), sides=8)


def make_glasses(look: GlassesLook, wearer: Wearer) -> tuple[Accessory, ...]:
    """The frame and the lenses on a head."""
    frame, fit = look.frame, _Fit(look.frame, wearer)
    outlines = [_outline(frame, side, (fit.x + side * fit.reach, fit.y)) for side in (1.0, -1.0)]
    solid = [_rim(outline, frame, fit) for outline in outlines]
    solid += [_temple(frame, fit, wearer, side) for side in (1.0, -1.0)]
    solid.append(_bridge(frame, fit, wearer, 0.35))
    if frame.name == "aviator":
        solid.append(_bridge(frame, fit, wearer, 0.78))
    tint = _TINT[look.tint] if look.tint else (0.5, 0.5, 0.5)
    glass = Finish(tint, roughness=0.04, opacity=look.opacity)
    return (
        worn("glasses frame", Label.GLASSES, join(*solid), look.finish()),
        worn("lenses", Label.GLASSES, join(*(_lens(o, fit) for o in outlines)), glass),
    )
