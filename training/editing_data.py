"""Synthetic heads as the editing model's closed form takes them: maps, styles, anchors."""

import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference.face_map.labels import COUNT, MIRRORED
from inference.features.embedded_style import StyleSpace
from inference.features.style_blocks import WIDTH
from inference.features.style_features import StyleFeatures
from inference.model.map_features import features_of_shares, index_shares
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_HALF_EXTENT
from training.anchor_data import CLOTH, HAIR, HAT, SKIN, SPREAD_FLOOR
from training.editing_palette import PaletteExamples, palette_numbers, usual_palette
from training.style_data import StyleData, prompt_styles

Array = NDArray[np.float32]

_SHIFT = 6  # pixels that a map is drawn elsewhere (our choice)
_KIND_OF = np.full(6, 255, np.uint8)  # glasses and jewellery are nobody's
for _number, _kind in enumerate((SKIN, HAIR, CLOTH, HAT)):
    _KIND_OF[_kind] = _number


def pose_of(intrinsics: NDArray[np.float64], pose: NDArray[np.float64], size: int) -> Array:
    """[6] as inference.model.editing_branch.POSE of a camera with square pictures."""
    rotation = pose[:3, :3]
    away = -rotation[2]
    x, y, depth = rotation @ np.array(HEAD_CENTRE) + pose[:3, 3]
    half = size / (2 * intrinsics[0, 0])
    yaw, elevation = np.arctan2(away[0], away[2]), np.arcsin(away[1])
    up = rotation @ np.array([0.0, 1.0, 0.0])
    roll = np.arctan2(up[0], -up[1])
    extent = depth * half
    centre = (x / extent, y / extent)
    return np.array(
        [yaw, elevation, roll, *centre, np.log(extent / PORTRAIT_HALF_EXTENT)], np.float32
    )


@dataclass(frozen=True)
class EditingHeads:
    """Training heads in memory.

    Attributes:
        positions: [H, N, 3] float16 metres.
        colours: [H, N, 3] uint8.
        kind: [H, N] uint8 of training.anchor_data.
        palette: [H, 40], NaN where a head has no such part.
        features, mirrored_features: [V, F] of the maps of chosen views, and of their mirrored
            twins.
        view_head: [V] whose map it is.
        view_number: [V] which of the head's views it is.
        pose: [V, 6].
        styles: [S, 128] style vectors of pictures.
        style_head: [S] whose picture it is.
        style_view: [S] which of the head's views it is.
        maps: [V, S, S] uint8 the maps themselves.
        names: [H] of the files.
        prompts: [M, 128] style vectors of prompts.
        prompt_head: [M] a head that each is true of.
    """

    positions: NDArray[np.float16]
    colours: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    palette: Array
    features: Array
    mirrored_features: Array
    view_head: NDArray[np.int64]
    view_number: NDArray[np.int64]
    pose: Array
    styles: Array
    style_head: NDArray[np.int64]
    style_view: NDArray[np.int64]
    maps: NDArray[np.uint8]
    names: tuple[str, ...]
    prompts: Array
    prompt_head: NDArray[np.int64]

    def anchor_kinds(self) -> NDArray[np.uint8]:
        """[H, N] numbers of KINDS; 255 where an anchor stands for something else."""
        return _KIND_OF[self.kind]

    @property
    def twin_heads(self) -> NDArray[np.int64]:
        """[2 V] whose map it is; mirrored twins, of maps and of heads, follow all the others."""
        return np.concatenate([self.view_head, self.view_head + len(self.positions)])

    def styles_beside(self, view: int) -> NDArray[np.int64]:
        """Which styles are of other views of a map's head; if there is none, those of the same."""
        own = self.style_head == self.view_head[view]
        others = np.flatnonzero(own & (self.style_view != self.view_number[view]))
        return others if len(others) else np.flatnonzero(own)

    def spread(self) -> Array:
        """[N] metres, each anchor's own scale."""
        some = self.positions[:: max(1, len(self.positions) // 200)].astype(np.float32)
        return np.maximum(np.sqrt(some.var(0).mean(1)), SPREAD_FLOOR).astype(np.float32)

    def palettes(self) -> PaletteExamples:
        """What styles say of palettes."""
        return PaletteExamples(
            self.palette, self.styles, self.style_head, self.prompts, self.prompt_head
        )

    def filled_palette(self) -> Array:
        """[H, 40] with means where a head has no such part."""
        filled = np.where(np.isfinite(self.palette), self.palette, usual_palette(self.palette))
        return filled.astype(np.float32)


def map_features(labels: NDArray[np.uint8]) -> Array:
    """[F] of a map [S, S]."""
    return features_of_shares(index_shares(torch.from_numpy(labels), COUNT)[None])[0].numpy()


def drawn_map(
    labels: NDArray[np.uint8],  # [S, S]
    mirrored: bool,
    rng: np.random.Generator | None,
) -> torch.Tensor:
    """[S, S] int64 a map or its mirrored twin, drawn a little elsewhere where there is chance."""
    seen = torch.from_numpy(MIRRORED[labels][:, ::-1].copy() if mirrored else labels)
    if rng is not None:
        down, across = rng.integers(-_SHIFT, _SHIFT + 1, 2)
        seen = torch.roll(seen, (int(down), int(across)), (0, 1))
    return seen.long()


def load_editing_heads(
    data: Path, styles: Path, space: StyleSpace, limit: int | None = None, views: int = 3
) -> EditingHeads:
    """Read heads that have style features.

    Args:
        data: the generator's folder.
        styles: a folder of training.style_cache of the same heads.
        space: gives style vectors of the cached features.
        limit: at most so many heads.
        views: maps of each head.
    """
    columns: dict[str, list[NDArray[np.generic]]] = {}
    rows: dict[str, list[Array]] = {}
    drawn: list[NDArray[np.uint8]] = []
    view_head: list[int] = []
    view_number: list[int] = []
    style_head: list[int] = []
    style_view: list[int] = []
    names: list[str] = []
    number = 0
    for cached in sorted(styles.glob("head_*.npz")):
        if limit is not None and number >= limit:
            break
        try:
            with np.load(data / cached.name, allow_pickle=False) as head:
                anchors = {k: head[k] for k in ("positions", "colours", "kind")}
                maps, cameras, poses = head["label"], head["K"], head["w2c"]
        except (OSError, KeyError, ValueError, zipfile.BadZipFile, EOFError):
            continue
        with np.load(cached, allow_pickle=False) as stored:
            found = StyleFeatures(
                *(torch.from_numpy(stored[k]).float() for k in ("overall", "cells", "colours"))
            )
            attributes = json.loads(str(stored["attributes"]))
            palette = palette_numbers(stored["palette"], attributes)
            style_view += [int(view) for view in stored["views"]]
        for name, value in anchors.items():
            columns.setdefault(name, []).append(value)
        rows.setdefault("palette", []).append(palette)
        with torch.no_grad():
            vectors = space.image(found).numpy()
        rows.setdefault("styles", []).extend(vectors)
        style_head += [number] * len(vectors)
        shown = list(zip(maps, cameras, poses, strict=True))[:views]
        for view, (labels, intrinsics, pose) in enumerate(shown):
            rows.setdefault("features", []).append(map_features(labels))
            flipped = MIRRORED[labels][:, ::-1].copy()
            rows.setdefault("mirrored", []).append(map_features(flipped))
            rows.setdefault("pose", []).append(pose_of(intrinsics, pose, labels.shape[0]))
            drawn.append(labels)
            view_head.append(number)
            view_number.append(view)
        names.append(cached.name)
        number += 1
    return EditingHeads(
        np.stack(columns["positions"]).astype(np.float16),
        np.stack(columns["colours"]).astype(np.uint8),
        np.stack(columns["kind"]).astype(np.uint8),
        np.stack(rows["palette"]),
        np.stack(rows["features"]),
        np.stack(rows["mirrored"]),
        np.array(view_head),
        np.array(view_number),
        np.stack(rows["pose"]),
        np.stack(rows["styles"]),
        np.array(style_head),
        np.array(style_view),
        np.stack(drawn),
        tuple(names),
        np.zeros((0, WIDTH), np.float32),
        np.zeros(0, np.int64),
    )


def with_prompts(
    heads: EditingHeads, styles: Path, space: StyleSpace, count: int, seed: int, keep: Path
) -> EditingHeads:
    """The heads with prompts that are true of them, so that words mean colours too.

    Args:
        heads: of a folder of style features.
        styles: that folder.
        space: gives style vectors.
        count: how many prompts.
        seed: decides which.
        keep: where sentence vectors are kept by text, as in training.train_style.
    """
    data = StyleData.load(styles, heads.names)
    vectors, told = prompt_styles(data, space, count, seed, keep)
    return replace(heads, prompts=vectors, prompt_head=told)
