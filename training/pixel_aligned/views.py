"""What the fit of the look back reads of each synthetic view, kept in memory.

A view takes about 0.3 MB: the picture in bytes, its layers in half precision.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference.model.picture_maps import (
    PictureMaps,
    blurred_coverage,
    picture_maps,
)
from inference.model.pooling import pool_features
from inference.model.reconstruction import ReconstructionModel
from training.anchors.data import HeadTargets, list_heads, targets_of
from training.anchors.feature_cache import to_pictures
from training.pictures.augment import apply_light, augment_view
from training.pictures.photograph import PHOTOGRAPH
from training.synthetic.dataset import load_sample

_AUGMENTED = replace(PHOTOGRAPH, beyond=0.5)  # crops of photographs often reach beyond them
_CLOSE, _CUT_SIDES = 0.3, 0.5
"""Share of views that are cut close, and of their sides that are (our choice)."""
_CUTS = (0.35, 0.2, 0.35, 0.4)
"""How far a cut may reach into the crop from the left, the top, the right and below."""
_REDUCED_FROM = 40
"""Heads whose features show how to reduce them."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class AlignedViews:
    """Views of heads that the low-rank branch has not seen.

    Attributes:
        targets: of each head.
        heads: [V] which head each view shows.
        light: [V, 4] gain and gamma of each view.
        cameras: [V, 3, 4] from metres and a one to pixels and depth, as the picture was moved.
        pooled: [V, F] float32.
        images: [V, S, S, 3] uint8.
        foreground: [V, S, S] uint8.
        outline, shares, features: see PictureMaps, float16.
    """

    targets: list[HeadTargets]
    heads: NDArray[np.int32]
    light: Floats
    cameras: NDArray[np.float64]
    pooled: torch.Tensor
    images: NDArray[np.uint8]
    foreground: NDArray[np.uint8]
    outline: torch.Tensor
    shares: torch.Tensor
    features: torch.Tensor

    def __len__(self) -> int:
        return len(self.heads)

    def maps(self, rows: slice | NDArray[np.int64]) -> PictureMaps:
        """Layers of some views as the model has them."""
        images = to_pictures(self.images[rows])
        alpha = torch.from_numpy(self.foreground[rows]).float() / 255
        return PictureMaps(
            self.outline[rows].float(),
            self.shares[rows].float(),
            self.features[rows].float(),
            torch.cat([images, blurred_coverage(alpha)], 1),
        )

    def positions(self, view: int) -> Floats:
        """True places [N, 3] of the anchors of a view's head, metres."""
        return self.targets[self.heads[view]].positions.astype(np.float32)

    def seen(self, view: int, places: Floats) -> Floats:
        """Where points [M, 3] are truly seen in a view, [M, 2] in -1..1."""
        camera, size = self.cameras[view], self.images.shape[1]
        image = places @ camera[:, :3].T + camera[:, 3]
        return np.asarray(image[:, :2] / image[:, 2:] * (2 / size) - 1, np.float32)

    def colours(self, view: int) -> Floats:
        """True colours [N, 3] of a view's head in its light."""
        colours = self.targets[self.heads[view]].colours
        return apply_light(np.multiply(colours, 1 / 255, dtype=np.float32), self.light[view])


def collect_views(
    model: ReconstructionModel,
    folder: Path,
    limit: int | None,
    seed: int,
    say: Callable[[str], None],
    bfloat16: bool = False,
    set_reduction: bool = False,
) -> AlignedViews:
    """Augment and encode the views of a folder of heads.

    Args:
        model: with a closed form that was not fitted to these heads.
        folder: the generator's; npz files.
        limit: at most so many heads.
        seed: of the augmentation.
        say: told what is going on.
        bfloat16: run the backbone in bfloat16.
        set_reduction: set how `model.encoder` reduces features, from the first heads.
    """
    encoder, config = model.encoder, model.config.pixel_aligned
    assert config is not None
    targets: list[HeadTargets] = []
    cameras: list[NDArray[np.float64]] = []
    light: list[Floats] = []
    pictures: list[NDArray[np.uint8]] = []
    mattes: list[NDArray[np.uint8]] = []
    heads: list[int] = []
    for number, path in enumerate(list_heads(folder)[:limit]):
        stored = load_sample(path)
        for view, (rgb, alpha) in enumerate(zip(stored["rgb"], stored["alpha"], strict=True)):
            rng = np.random.default_rng([seed, number, view])
            drawn = augment_view(rgb, alpha, rng, _AUGMENTED)
            picture, matte = _cut(drawn.image, drawn.alpha, rng)
            moved = np.vstack([drawn.moved, [0, 0, 1]])
            cameras.append(moved @ stored["K"][view] @ stored["w2c"][view][:3])
            light.append(drawn.light)
            pictures.append(picture)
            mattes.append((matte * 255 + 0.5).astype(np.uint8))
            heads.append(number)
        targets.append(_slim(targets_of(stored)))
    shown, images, foreground = np.array(heads, np.int32), np.stack(pictures), np.stack(mattes)

    @torch.no_grad()
    def features_of(rows: slice) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return encoder.backbone_features(to_pictures(images[rows])).half().float()

    views_of = [slice(*np.searchsorted(shown, [n, n + 1])) for n in range(len(targets))]
    if set_reduction:
        first = views_of[:_REDUCED_FROM]
        _set_reduction(model, [(features_of(rows), foreground[rows]) for rows in first])
    pooled, layers = [], []
    for number, rows in enumerate(views_of):
        features, seen = features_of(rows), to_pictures(images[rows])
        alpha = torch.from_numpy(foreground[rows]).float() / 255
        pooled.append(pool_features(features, seen, alpha, encoder.class_probe, encoder.config))
        maps = picture_maps(
            features,
            seen,
            alpha,
            encoder.class_probe,
            encoder.reduce_mean,
            encoder.reduce,
            encoder.config,
            config,
        )
        layers.append([maps.outline.half(), maps.shares.half(), maps.features.half()])
        if number % 100 == 99:
            say(f"{number + 1} of {len(views_of)} heads")
    outline, shares, reduced = (torch.cat(part) for part in zip(*layers, strict=True))
    return AlignedViews(
        targets,
        shown,
        np.array(light, np.float32),
        np.array(cameras),
        torch.cat(pooled),
        images,
        foreground,
        outline,
        shares,
        reduced,
    )


def _cut(
    image: NDArray[np.uint8],  # [S, S, 3]
    alpha: NDArray[np.float32],  # [S, S]
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Now and then end the photograph within the crop, as where it was cut close to the head."""
    if rng.random() >= _CLOSE:
        return image, alpha
    size = len(image)
    depths = rng.uniform(0, _CUTS) * (rng.random(4) < _CUT_SIDES) * size
    left, top, right, bottom = depths.astype(int)
    inside = np.zeros((size, size), bool)
    inside[top : size - bottom, left : size - right] = True
    cut = np.where(inside[..., None], image, np.uint8(128))
    return cut, np.where(inside, alpha, np.float32(0))


def _slim(targets: HeadTargets) -> HeadTargets:
    return HeadTargets(targets.positions, targets.colours, targets.kind)


def _set_reduction(
    model: ReconstructionModel,
    seen: list[tuple[torch.Tensor, NDArray[np.uint8]]],  # features [v, P, W], mattes [v, S, S]
) -> None:
    """Principal directions of the foreground's features, whitened."""
    patch = model.encoder.config.backbone.patch_size
    kept = []
    for features, mattes in seen:
        alpha = torch.from_numpy(mattes).float()[:, None]
        inside = torch.nn.functional.avg_pool2d(alpha, patch).flatten(1) > 60
        kept.append(features[inside])
    everything = torch.cat(kept)
    mean = everything.mean(0)
    _, values, directions = torch.linalg.svd(everything - mean, full_matrices=False)
    width = model.encoder.reduce.shape[1]
    scale = values[:width] / len(everything) ** 0.5
    model.encoder.reduce_mean.copy_(mean)
    model.encoder.reduce.copy_(directions[:width].T / scale)
