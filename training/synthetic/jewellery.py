"""Jewellery: studs, hoops and drops in the ears, and chains, pendants and pearls round the neck."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.accessories import Accessory, Finish, worn
from training.synthetic.cloth import ClothLook
from training.synthetic.meshes import Mesh, ball, join, tube
from training.synthetic.wearer import Wearer
from training.template.labels import Label

Float = NDArray[np.float64]
EARRINGS = ("studs", "hoops", "drops")
NECKLACES = ("chain", "pendant", "pearls")
_LOBE = np.array([[0.0712, -0.0140, -0.0155]])  # metres on the average head, the person's left
_METALS = {
    "gold": Finish((0.85, 0.60, 0.25), roughness=0.22, metal=1.0),
    "silver": Finish((0.75, 0.75, 0.74), roughness=0.2, metal=1.0),
}
_PEARL = Finish((0.78, 0.73, 0.66), roughness=0.18)


@dataclass(frozen=True)
class EarringLook:
    """Which earrings are worn: one of EARRINGS, the metal, and a size in metres."""

    name: str
    metal: str
    size: float


@dataclass(frozen=True)
class NecklaceLook:
    """Which necklace is worn.

    Attributes:
        name: one of NECKLACES.
        metal: its name.
        height: of its lowest point on the average head, metres.
        thickness: of the chain, or of a pearl, metres.
    """

    name: str
    metal: str
    height: float
    thickness: float


def sample_earrings(rng: np.random.Generator) -> EarringLook:
    """Draw earrings."""
    name = str(rng.choice(EARRINGS))
    size = {"studs": (0.005, 0.009), "hoops": (0.018, 0.042), "drops": (0.018, 0.040)}[name]
    return EarringLook(name, str(rng.choice(list(_METALS))), float(rng.uniform(*size)))


def sample_necklace(rng: np.random.Generator) -> NecklaceLook:
    """Draw a necklace."""
    name = str(rng.choice(NECKLACES))
    thick = (0.006, 0.009) if name == "pearls" else (0.0016, 0.0035)
    metal = str(rng.choice(list(_METALS)))
    return NecklaceLook(name, metal, float(rng.uniform(-0.160, -0.125)), float(rng.uniform(*thick)))


def _earring(look: EarringLook, lobe: Float, side: float) -> Mesh:
    """One earring; `lobe` [3] is where it is pierced, `side` +1 on the person's left."""
    outer = lobe + np.array([side * 0.0025, 0.0, 0.001])
    half = look.size / 2
    if look.name == "studs":
        return ball(outer, np.array([half * 0.7, half, half]))
    if look.name == "hoops":
        angle = np.arange(28) / 28 * 2 * np.pi
        ring = np.stack([0 * angle, np.cos(angle), np.sin(angle)], 1) * half
        ring[:, 0] = side * 0.15 * (half - ring[:, 1])  # leans away from the neck
        centre = lobe + np.array([side * 0.0015, -half + 0.0015, 0.0])
        return tube(centre + ring, (0.0011, 0.0011), np.array([1.0, 0, 0]), 7, closed=True)
    end = outer - np.array([0.0, look.size, 0.0])
    t = np.linspace(0, 1, 4)[:, None]
    rod = tube(outer * (1 - t) + end * t, (0.0006, 0.0006), np.array([1.0, 0, 0]), 6)
    return join(ball(outer, np.full(3, 0.0024)), rod, ball(end, np.array([0.0035, 0.0055, 0.0035])))


def make_earrings(look: EarringLook, wearer: Wearer) -> Accessory:
    """A pair of earrings."""
    pair = []
    for side in (1.0, -1.0):
        lobe = wearer.at(_LOBE * np.array([side, 1, 1]), ear=True)[0][0]
        pair.append(_earring(look, lobe, side))
    return worn("earrings", Label.EARRING, join(*pair), _METALS[look.metal])


def make_necklace(look: NecklaceLook, wearer: Wearer, cloth: ClothLook) -> Accessory:
    """A necklace that lies on the skin, or on the cloth where there is cloth."""
    count = 96
    azimuth = np.arange(count) / count * 2 * np.pi
    front = (1 + np.cos(azimuth)) / 2
    height = -0.102 + (look.height + 0.102) * front**1.6
    places, normals = wearer.neck(azimuth, height)
    flat = np.stack([np.sin(azimuth) * 0.06, height, np.cos(azimuth) * 0.06 - 0.03], 1)
    cloth_off = np.where(cloth.cover(flat) > -0.004, cloth.offset(flat) + 0.002, 0.0)
    lift = cloth_off + 0.5 * look.thickness + 0.0012
    path = wearer.pushed_out(places, 0.0) + normals * lift[:, None]
    for _ in range(3):  # a chain hangs smoothly
        path = 0.5 * path + 0.25 * (np.roll(path, 1, 0) + np.roll(path, -1, 0))
    finish = _METALS[look.metal]
    if look.name == "pearls":
        length = np.linalg.norm(np.diff(path, axis=0, append=path[:1]), axis=1)
        along = np.concatenate([[0], np.cumsum(length)])
        number = int(along[-1] / look.thickness)
        at = np.arange(number) / number * along[-1]
        closed = np.concatenate([path, path[:1]])
        centres = np.stack([np.interp(at, along, closed[:, k]) for k in range(3)], 1)
        size = np.full(3, 0.49 * look.thickness)
        return worn("pearls", Label.NECKLACE, join(*(ball(c, size, 6, 8) for c in centres)), _PEARL)
    size_ = (look.thickness / 2, look.thickness / 2)
    chain = tube(path, size_, normals, 7, closed=True)
    if look.name == "pendant":
        hang = path[0] + np.array([0.0, -0.009, 0.002])
        chain = join(chain, ball(hang, np.array([0.0065, 0.009, 0.0025]), 9, 14))
    return worn(look.name, Label.NECKLACE, chain, finish)
