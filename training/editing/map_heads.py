"""Synthetic heads as what reads geometry off face maps takes them: maps and anchors."""

import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from inference.face_map.labels import COUNT, MIRRORED
from inference.model.map_features import features_of_shares, index_shares
from inference.rendering.camera import HEAD_CENTRE, PORTRAIT_HALF_EXTENT, roll_angle
from training.anchors.data import CLOTH, HAIR, HAT, SKIN, SPREAD_FLOOR

Array = NDArray[np.float32]

_TURNED, _LARGER, _ELSEWHERE = 4.0, 0.04, 0.02
"""How far maps are turned in degrees, in the logarithm of their size, and in edges: standard
deviations (our choice)."""
_KIND_OF = np.full(6, 255, np.uint8)  # glasses and jewellery are nobody's
for _number, _kind in enumerate((SKIN, HAIR, CLOTH, HAT)):
    _KIND_OF[_kind] = _number


@dataclass(frozen=True, kw_only=True)
class MapHeads:
    """Heads in memory.

    Attributes:
        positions: [H, N, 3] float16 metres.
        colours: [H, N, 3] uint8.
        kind: [H, N] uint8 of training.anchors.data.
        features, mirrored_features: [V, F] of the maps of chosen views, and of their mirrored
            twins.
        view_head: [V] whose map it is.
        view_number: [V] which of the head's views it is.
        pose: [V, 6].
        maps: [V, S, S] uint8 the maps themselves.
        names: [H] of the files.
    """

    positions: NDArray[np.float16]
    colours: NDArray[np.uint8]
    kind: NDArray[np.uint8]
    features: Array
    mirrored_features: Array
    view_head: NDArray[np.int64]
    view_number: NDArray[np.int64]
    pose: Array
    maps: NDArray[np.uint8]
    names: tuple[str, ...]

    def anchor_kinds(self) -> NDArray[np.uint8]:
        """[H, N] numbers of KINDS; 255 where an anchor stands for something else."""
        return _KIND_OF[self.kind]

    @property
    def twin_heads(self) -> NDArray[np.int64]:
        """[2 V] whose map it is; mirrored twins, of maps and of heads, follow all the others."""
        return np.concatenate([self.view_head, self.view_head + len(self.positions)])

    def spread(self) -> Array:
        """[N] metres, each anchor's own scale."""
        some = self.positions[:: max(1, len(self.positions) // 200)].astype(np.float32)
        return np.maximum(np.sqrt(some.var(0).mean(1)), SPREAD_FLOOR).astype(np.float32)

    def followed_by(self, more: "MapHeads") -> "MapHeads":
        """These heads, then others; styles are left out."""
        first, second = (
            {field.name: getattr(heads, field.name) for field in fields(MapHeads)}
            for heads in (self, more)
        )
        second["view_head"] = more.view_head + len(self.positions)
        names = self.names + more.names
        columns: dict[str, Any] = {
            key: np.concatenate([first[key], second[key]]) for key in first if key != "names"
        }
        return MapHeads(**columns, names=names)


def load_map_heads(files: Iterable[Path], views: int) -> MapHeads:
    """Read heads of the generator's npz files, with pictures or without.

    Args:
        files: those that cannot be read are left out.
        views: maps of each head, at most.

    Raises:
        ValueError: none of the files can be read.
    """
    heads: list[tuple[NDArray[np.generic], ...]] = []
    features, mirrored, poses, drawn = [], [], [], []
    view_head: list[int] = []
    view_number: list[int] = []
    names: list[str] = []
    for file in files:
        try:
            with np.load(file, allow_pickle=False) as stored:
                anchors = tuple(stored[key] for key in ("positions", "colours", "kind"))
                columns = tuple(stored[key] for key in ("label", "K", "w2c"))
        except (OSError, KeyError, ValueError, zipfile.BadZipFile, EOFError):
            continue
        for view, (labels, intrinsics, pose) in enumerate(zip(*columns, strict=True)):
            if view == views:
                break
            features.append(map_features(labels))
            mirrored.append(map_features(MIRRORED[labels][:, ::-1].copy()))
            poses.append(pose_of(intrinsics, pose, labels.shape[0]))
            drawn.append(labels)
            view_head.append(len(heads))
            view_number.append(view)
        heads.append(anchors)
        names.append(file.name)
    if not heads:
        raise ValueError("none of the files is a head")
    positions, colours, kinds = zip(*heads, strict=True)
    return MapHeads(
        positions=np.stack(positions).astype(np.float16),
        colours=np.stack(colours).astype(np.uint8),
        kind=np.stack(kinds).astype(np.uint8),
        features=np.stack(features),
        mirrored_features=np.stack(mirrored),
        view_head=np.array(view_head),
        view_number=np.array(view_number),
        pose=np.stack(poses),
        maps=np.stack(drawn),
        names=tuple(names),
    )


def pose_of(intrinsics: NDArray[np.float64], pose: NDArray[np.float64], size: int) -> Array:
    """[6] as inference.model.editing_branch.POSE of a camera with square pictures."""
    rotation = pose[:3, :3]
    away = -rotation[2]
    x, y, depth = rotation @ np.array(HEAD_CENTRE) + pose[:3, 3]
    half = size / (2 * intrinsics[0, 0])
    yaw, elevation = np.arctan2(away[0], away[2]), np.arcsin(away[1])
    roll = roll_angle(pose)
    extent = depth * half
    centre = (x / extent, y / extent)
    return np.array(
        [yaw, elevation, roll, *centre, np.log(extent / PORTRAIT_HALF_EXTENT)], np.float32
    )


def map_features(labels: NDArray[np.uint8]) -> Array:
    """[F] of a map [S, S]."""
    return features_of_shares(index_shares(torch.from_numpy(labels), COUNT)[None])[0].numpy()


def drawn_map(
    labels: NDArray[np.uint8],  # [S, S]
    mirrored: bool,
    rng: np.random.Generator | None,
) -> torch.Tensor:
    """[S, S] int64 a map or its mirrored twin, drawn a little differently where there is chance."""
    seen = np.ascontiguousarray(MIRRORED[labels][:, ::-1] if mirrored else labels)
    if rng is not None:
        size = len(seen)
        middle = ((size - 1) / 2, (size - 1) / 2)
        turn, larger = rng.normal(0, _TURNED), float(np.exp(rng.normal(0, _LARGER)))
        moves = np.asarray(cv2.getRotationMatrix2D(middle, turn, larger), np.float64)
        moves[:, 2] += rng.normal(0, _ELSEWHERE * size, 2)
        # What lies beyond the border goes on as it is there: shoulders do not end.
        border = cv2.BORDER_REPLICATE
        seen = cv2.warpAffine(
            seen, moves, (size, size), flags=cv2.INTER_NEAREST, borderMode=border
        ).astype(np.uint8)
    return torch.from_numpy(seen).long()
