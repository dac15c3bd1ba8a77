"""Keeps the person: an edit is a difference, carried over to the head that the photograph made."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.editing.discs import discs
from inference.editing.hair_dye import dyed, share_of_hair
from inference.editing.hair_texture import HairTexture
from inference.editing.kinds import HAIR, SKIN
from inference.editing.smoothing import smoothed
from inference.head.gaussians import FloatArray, Gaussians

_SMOOTH_ROUNDS = 2
_LITTLE, _MUCH = 0.10, 0.40
"""Mean change of a kind's colours from which on its own look gives way, and is mostly gone."""
_LEAST = 0.25  # what stays of it then
_EVENLY = 0.8  # how far the change of hair is the same from one lock to the next
_SAME = 1e-6
_BESIDE = 16  # anchors of hair nearest to one
_AROUND = 64  # anchors of a kind nearest to one that came to be of it
_THICK = 0.001  # metres of a beard from which on splats lie in its surface, not in the skin's


@dataclass(frozen=True)
class ShapedHead:
    """What the model makes of a map and a style, before it is splats.

    Attributes:
        means: [N, 3] metres.
        colours: [N, 3].
        kinds: [N] see inference.editing.discs.
        relief: [N, 3] metres that curls and a beard moved the means by.
        grown: [N] 0..1 how much of the skin a beard hides, 0 without one.
        texture: of the hair, whose relief is a part of the other; None if it has none.
        brows: [N] which anchors brows were painted on, or cleared of.
    """

    means: FloatArray
    colours: FloatArray
    kinds: NDArray[np.int64]
    relief: FloatArray | float = 0.0
    grown: FloatArray | float = 0.0
    texture: HairTexture | None = None
    brows: NDArray[np.bool_] | None = None

    def splats(self, neighbours: NDArray[np.int32]) -> Gaussians:
        """The head as Gaussians."""
        turns, scales, opacities = discs(self.means, self.kinds, neighbours)
        return Gaussians(self.means, turns, scales, opacities, self.colours)


def keep_identity(
    edited: ShapedHead,
    before: ShapedHead,
    fitted: Gaussians,
    keep: float,
    neighbours: NDArray[np.int32],  # [N, 8] of the template
    hair: NDArray[np.bool_] | None = None,  # [N]
    dye: float = 0.0,
) -> Gaussians:
    """The edited head with the photograph's own look where it did not change.

    Args:
        edited: what the model makes of the edited map and style.
        before: what it makes of the portrait's own map and style.
        fitted: the portrait's head.
        keep: 0..1.
        neighbours: of the anchors.
        hair: anchors that show hair in the portrait, whatever the model takes them for; they
            change colour as hair does.
        dye: 0..1 how surely another colour of hair is asked for.

    Returns:
        With keep 1 and nothing changed, the fitted head itself.
    """
    share = keep * _unchanged(edited, before, neighbours)
    column = share[:, None]
    means = edited.means + column * (fitted.means - before.means)
    weight, of_beard = _weight_of_colours(edited, before, share), _of_beards(edited, before, fitted)
    other = np.abs(edited.grown - before.grown)
    colours = edited.colours + (weight * (1 - other))[:, None] * (fitted.colours - before.colours)
    colours += keep * of_beard
    colours = colours + keep * _of_new_parts(edited, before, fitted)
    missing = 0.0 * colours
    if hair is not None:
        of_hair = share_of_hair(hair, edited.kinds, neighbours)
        real = (edited.kinds == HAIR) & (before.kinds == HAIR)
        if dye > 0:
            missing = dye * _evenly(edited, before, real, hair, of_hair, neighbours)
        if dye < 1:
            missing += (1 - dye) * _as_hair_beside(edited, before, real, hair, of_hair)
        colours = colours + missing * column
        toned = dyed(colours, edited.colours, real, fitted.colours, hair, of_hair, dye)
        colours = colours + column * (toned - colours)
    still = (edited.means == before.means).all(1) & (edited.kinds == before.kinds)
    change = edited.colours - before.colours + missing
    alike = still & (np.abs(change).max(1) < _SAME)
    means[still & (share == 1)] = fitted.means[still & (share == 1)]
    colours[alike & (share == 1)] = fitted.colours[alike & (share == 1)]
    new = share <= 0.5
    turns, scales, opacities = (
        values.copy() for values in (fitted.quaternions, fitted.scales, fitted.opacities)
    )
    turns[new], scales[new], opacities[new] = discs(edited.means, edited.kinds, neighbours, new)
    thick = ~new & (_moved(edited, before) > _THICK)
    turns[thick], scales[thick], opacities[thick] = discs(means, edited.kinds, neighbours, thick)
    return Gaussians(
        means.astype(np.float32),
        turns,
        scales,
        opacities,
        np.clip(colours, 0, 1).astype(np.float32),
    )


def _moved(edited: ShapedHead, before: ShapedHead) -> FloatArray:
    """[N] metres that curls or a beard that came or went moved an anchor."""
    relief = np.broadcast_to(edited.relief - before.relief, edited.means.shape)
    return np.asarray(np.linalg.norm(relief, axis=1), np.float32)


def _of_new_parts(edited: ShapedHead, before: ShapedHead, fitted: Gaussians) -> FloatArray:
    """What the photograph's hair, skin and cloth beside new parts differ by, for these: [N, 3].

    Foreheads are lighter than necks: what lies beside says more of what hair hid than the mean.
    """
    added = np.zeros_like(edited.colours)
    for kind in np.unique(edited.kinds):
        both = (edited.kinds == kind) & (before.kinds == kind)
        new = (edited.kinds == kind) & (before.kinds != kind)
        if both.any() and new.any():
            known = (fitted.colours - before.colours)[both]
            count = min(_AROUND, len(known))
            _, near = cKDTree(edited.means[both]).query(edited.means[new], count)
            added[new] = np.median(known[near.reshape(-1, count)], axis=1)
    return added


def _of_beards(edited: ShapedHead, before: ShapedHead, fitted: Gaussians) -> FloatArray:
    """What the photograph's hair differs by where a beard grew, its skin where one went: [N, 3]."""
    added = np.zeros_like(edited.colours)
    other = np.broadcast_to(edited.grown - before.grown, len(added)).astype(np.float32)
    bare = (before.kinds == SKIN) & (np.broadcast_to(before.grown, len(added)) == 0)
    for mask, amount in ((before.kinds == HAIR, other), (bare, -other)):
        if mask.any() and (amount > 0).any():
            usual = np.median((fitted.colours - before.colours)[mask], axis=0)
            added += np.maximum(amount, 0)[:, None] * usual
    return added


def only_near(
    edited: ShapedHead,
    before: ShapedHead,
    near: FloatArray,  # [N] 0..1
) -> ShapedHead:
    """The edited head where the map was painted, the one before elsewhere: a stroke is local.

    Anchors that stay what they were change colour as others of their kind do. Hair of the same
    kind keeps its curls and waves, which hang on where the model puts it.
    """
    kinds = np.where(near >= 0.5, edited.kinds, before.kinds)
    same = edited.kinds == before.kinds
    share = np.where(same, near, near >= 0.5).astype(np.float32)[:, None]
    colours = edited.colours.copy()
    for kind in np.unique(before.kinds):
        back = ~same & (near < 0.5) & (before.kinds == kind)
        both = same & (before.kinds == kind)
        change = (edited.colours - before.colours)[both].mean(0) if both.any() else 0.0
        colours[back] = np.clip(before.colours[back] + change, 0, 1)
    relief, texture, earlier = edited.relief, edited.texture, before.texture
    if texture is not None and earlier is not None and texture.like(earlier):
        kept = texture.where_near(earlier, share)
        relief = relief + kept.relief - texture.relief
        brighter = np.where(same, kept.shade - texture.shade, 0)
        colours = np.clip(colours * np.exp(brighter)[:, None], 0, 1).astype(np.float32)
        texture = kept
    means = before.means + share * (edited.means - before.means)
    # A beard that the style gave or took is there wherever nobody painted, too.
    means += (1 - share) * (relief - before.relief)
    whole = (share == 1).ravel()
    means[whole] = edited.means[whole]
    return replace(
        edited,
        means=means.astype(np.float32),
        colours=colours,
        kinds=kinds,
        relief=relief,
        texture=texture,
    )


def with_brows_before(edited: ShapedHead, before: ShapedHead) -> ShapedHead:
    """The edited head with brows on the anchors that had them before, as light as its skin is.

    For maps with the same brows. An edit elsewhere moves a face a little below its brows, and the
    photograph's would be left pale beside darker ones.
    """
    if edited.brows is None or before.brows is None:
        return edited
    skin = (edited.kinds == SKIN) & (before.kinds == SKIN)
    brows = skin & (edited.brows | before.brows)
    plain = skin & ~brows
    if not plain.any():
        return edited
    lighter = edited.colours[plain].mean(0) / np.maximum(before.colours[plain].mean(0), 1e-3)
    colours = edited.colours.copy()
    colours[brows] = np.clip(before.colours[brows] * lighter, 0, 1)
    return replace(edited, colours=colours)


def _evenly(
    edited: ShapedHead,
    before: ShapedHead,
    real: NDArray[np.bool_],  # [N] hair to the model, then and now
    hair: NDArray[np.bool_],
    of_hair: FloatArray,  # [N] of share_of_hair
    neighbours: NDArray[np.int32],
) -> FloatArray:
    """What each anchor misses of the change of hair in all: [N, 3].

    The model's hair is dark along hairlines, where a new colour changes little; a photograph's is
    not. Curls and strands stay what they are.
    """
    missing = np.zeros_like(edited.colours)
    painted = hair & (before.kinds == SKIN) & (edited.kinds == SKIN)
    if not real.any():
        return missing
    change = edited.colours - before.colours
    mean = change[real].mean(0)
    # Of hair alone: skin beside a hairline says nothing of how much hair changed there.
    weight = real.astype(np.float32)[:, None]
    soft, weight = (smoothed(v, neighbours, _SMOOTH_ROUNDS) for v in (change * weight, weight))
    missing[real] = _EVENLY * (mean - soft[real] / weight[real])
    missing[painted] = of_hair[painted, None] * (mean - change[painted])
    return missing


def _as_hair_beside(
    edited: ShapedHead,
    before: ShapedHead,
    real: NDArray[np.bool_],  # [N] hair to the model, then and now
    hair: NDArray[np.bool_],
    of_hair: FloatArray,  # [N] of share_of_hair
) -> FloatArray:
    """What hair that is skin to the model misses of how hair beside it changes: [N, 3].

    Light from a side darkens skin more than dark hair.
    """
    missing = np.zeros_like(edited.colours)
    change = edited.colours - before.colours
    who = np.flatnonzero(hair & (before.kinds == SKIN) & (edited.kinds == SKIN))
    who = who[np.abs(change[who]).max(1) > _SAME]
    if len(who) == 0 or real.sum() < _BESIDE:
        return missing
    _, near = cKDTree(before.means[real]).query(before.means[who], _BESIDE)
    missing[who] = of_hair[who, None] * (change[real][near].mean(1) - change[who])
    return missing


def _unchanged(edited: ShapedHead, before: ShapedHead, neighbours: NDArray[np.int32]) -> FloatArray:
    """[N] 0..1: 0 where an anchor stands for something else now, with a soft border."""
    same = (edited.kinds == before.kinds).astype(np.float32)
    soft = smoothed(same, neighbours, _SMOOTH_ROUNDS)
    return np.where(soft > 0.999, 1.0, np.minimum(soft, same)).astype(np.float32)


def _weight_of_colours(edited: ShapedHead, before: ShapedHead, share: FloatArray) -> FloatArray:
    """[N] the share for colours: less where the style changed all that is of a kind."""
    weight = share.copy()
    for kind in np.unique(edited.kinds):
        both = (edited.kinds == kind) & (before.kinds == kind)
        if not both.any():
            continue
        change = np.abs(edited.colours[both].mean(0) - before.colours[both].mean(0)).mean()
        gone = np.clip((change - _LITTLE) / (_MUCH - _LITTLE), 0, 1)
        weight[both] *= 1 - (1 - _LEAST) * gone
    return weight
