"""Components of the face, the scalp and the rest, and of what hides them.

Joint components of skin and worn things bend faces: a pair of glasses is a large deviation. So
in each region an anchor that stands for something else than the region itself is first treated
as unseen and filled in from the region's own components (the E step of probabilistic PCA with
missing values, Tipping and Bishop 1999, section 4); the way from there to what it stands for has
components of its own. The scalp's anchors are skin or hair, and a hat covers them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.model.config import LowRankConfig
from training.anchors.data import CLOTH, HAIR, JEWELLERY, SKIN, HeadTargets
from training.anchors.metrics import FACE_LABELS
from training.anchors.regression import Array, Basis, principal_components
from training.pictures.augment import apply_light

SCALP_LABEL = 14
_ROUNDS = 2
_FILL = 32  # components that fill in
"""Our choice."""

OWN_KINDS = ((SKIN,), (SKIN, HAIR), (SKIN, CLOTH, JEWELLERY))
"""What anchors of face, scalp and rest are where nothing hides them."""


def regions_of(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Region [N] of the template's anchors by label: 0 face, 1 scalp, 2 neck and clothes."""
    face, scalp = np.isin(labels, FACE_LABELS), labels == SCALP_LABEL
    return np.where(face, 0, np.where(scalp, 1, 2)).astype(np.uint8)


@dataclass(frozen=True)
class RegionComponents:
    """One region.

    Attributes:
        anchors: [A] its anchors.
        own: kinds that are the region itself.
        shape: of the places of the region itself, metres.
        cover: of the way to what hides it, metres, from zero.
        colour: of colours 0..1.
    """

    anchors: NDArray[np.int64]
    own: tuple[int, ...]
    shape: Basis
    cover: Basis
    colour: Basis

    def split(self, positions: Array, kinds: NDArray[np.uint8]) -> tuple[Array, Array]:
        """A head's places [3 A] without what hides them, and the way [3 A] to it."""
        missing = _missing(kinds, self.own)
        bare = np.where(missing, self.shape.mean, positions).astype(np.float32)
        for _ in range(_ROUNDS):
            guess = self.shape.mean + self.shape.columns @ (
                self.shape.project @ (bare - self.shape.mean)
            )
            bare = np.where(missing, guess, positions).astype(np.float32)
        return bare, positions - bare


@dataclass(frozen=True)
class RegionalComponents:
    """All regions, in the order of LowRankConfig's coefficients."""

    regions: tuple[RegionComponents, ...]

    def share(self) -> Array:
        """How much each coefficient matters: shape, cover and colour sum to 1 each."""
        parts = []
        for name in ("shape", "cover", "colour"):
            bases: list[Basis] = [getattr(region, name) for region in self.regions]
            variance = np.concatenate([(basis.columns**2).sum(0) for basis in bases])
            parts.append(variance / max(float(variance.sum()), 1e-12))
        return np.concatenate(parts).astype(np.float32)

    def geometry(self, target: HeadTargets) -> Array:
        """[shape, cover] of one head."""
        shapes, covers = [], []
        for region in self.regions:
            places = target.positions[region.anchors].astype(np.float32).ravel()
            bare, away = region.split(places, target.kind[region.anchors])
            shapes.append(region.shape.project @ (bare - region.shape.mean))
            covers.append(region.cover.project @ away)
        return np.concatenate([*shapes, *covers]).astype(np.float32)

    def colours(self, target: HeadTargets, light: Array) -> Array:
        """[colour] of one head under a view's light [4]."""
        lit = apply_light(np.multiply(target.colours, 1 / 255, dtype=np.float32), light)
        parts = [
            region.colour.project @ (lit[region.anchors].ravel() - region.colour.mean)
            for region in self.regions
        ]
        return np.concatenate(parts).astype(np.float32)


def regional_components(
    targets: list[HeadTargets],
    regions: NDArray[np.uint8],  # [N]
    importance: Array,  # [N]
    spread: Array,  # [N] metres
    config: LowRankConfig,
) -> RegionalComponents:
    """Components of heads that were made, mirrored ones among them."""
    found = []
    for number, own in enumerate(OWN_KINDS):
        anchors = np.flatnonzero(regions == number)
        weight = np.repeat(importance[anchors] / np.sqrt(spread[anchors]), 3).astype(np.float32)
        places = np.stack([t.positions[anchors].astype(np.float32).ravel() for t in targets])
        kinds = np.stack([t.kind[anchors] for t in targets])
        bare = _filled(places, _missing(kinds, own), weight)
        cover = principal_components(places - bare, weight, config.cover, centred=False)
        shape = principal_components(bare, weight, config.shape)
        del places, bare
        colours = np.stack([t.colours[anchors].ravel() for t in targets]).astype(np.float32)
        colour = principal_components(
            colours * np.float32(1 / 255), np.repeat(importance[anchors], 3), config.colour
        )
        found.append(RegionComponents(anchors, own, shape, cover, colour))
    return RegionalComponents(tuple(found))


def _missing(kinds: NDArray[np.uint8], own: tuple[int, ...]) -> NDArray[np.bool_]:
    """Whether each coordinate [..., 3 A] is that of something else than the region."""
    return np.repeat(~np.isin(kinds, own), 3, axis=-1)


def _filled(places: Array, missing: NDArray[np.bool_], weight: Array) -> Array:
    """Places [H, 3 A] with the missing ones as the others' components say."""
    seen = np.maximum((~missing).sum(0), 1)
    mean = np.where(missing, 0, places).sum(0) / seen
    filled = np.where(missing, mean, places).astype(np.float32)
    for _ in range(_ROUNDS):
        basis = principal_components(filled, weight, _FILL)
        guess = basis.mean + ((filled - basis.mean) @ basis.project.T) @ basis.columns.T
        filled = np.where(missing, guess, places).astype(np.float32)
    return filled
