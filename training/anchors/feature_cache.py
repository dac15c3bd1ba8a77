"""Backbone features of augmented views and splats of the exact anchors, computed once and kept.

Append-only raw files, one per field, and an index that is written last: whatever a killed run
left behind the index's count is ignored and overwritten. New heads can be added at any time.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from inference.files import atomic_write
from inference.model.encoder import DualBranchEncoder
from inference.model.foreground import foreground_patches
from training.anchors.class_shares import CLASSES, patch_shares
from training.anchors.data import HeadTargets, list_heads, read_head
from training.anchors.target_splats import with_places, with_shapes
from training.pictures.augment import AugmentedView, augment_view, plain_view


@dataclass(frozen=True)
class CacheBatch:
    """Some views of the cache, ready for the model.

    Attributes:
        features: [B, P, layers * width] float16.
        images: [B, 3, S, S] float32 0..1.
        kept: [B, P] bool, foreground patches.
        foreground: [B, S, S] float32 alpha 0..1.
        shares: [B, P, classes] float32 share of each patch that is of each class of the probe.
        light: [B, 4] gain and gamma of each view.
        heads: [B] which head each view shows.
        mirrored: [B] bool, whether left and right are swapped.
    """

    features: torch.Tensor
    images: torch.Tensor
    kept: torch.Tensor
    foreground: torch.Tensor
    shares: torch.Tensor
    light: NDArray[np.float32]
    heads: NDArray[np.int32]
    mirrored: NDArray[np.bool_]


class FeatureCache:
    """Views of all heads of a folder, each drawn `repeats` times with other augmentations."""

    def __init__(
        self,
        folder: Path,
        encoder: DualBranchEncoder,
        repeats: int,
        plain: bool = False,
        precision: str = "fp32",
    ) -> None:
        """Open a cache, or begin one.

        Args:
            folder: where it is kept; made if missing.
            encoder: its backbone makes the features; its configuration gives the sizes.
            repeats: augmentations per view.
            plain: no augmentation (held-out heads).
            precision: "bf16" runs the backbone in bfloat16 (0.7 % off, much less than the
                noise that training adds).
        """
        self.folder, self.encoder = folder, encoder
        self.repeats, self.plain = (1, True) if plain else (repeats, False)
        self._bfloat = precision == "bf16"
        self.names: list[str] = []
        self.targets: list[HeadTargets] = []
        self._count = 0
        self._damaged: set[str] = set()
        folder.mkdir(parents=True, exist_ok=True)
        size, grid = encoder.config.image_size, encoder.config.grid
        width = encoder.config.backbone.width * len(encoder.config.backbone.layers)
        self._fields: dict[str, tuple[Any, tuple[int, ...]]] = {
            "features": (np.float16, (grid**2, width)),
            "images": (np.uint8, (size, size, 3)),
            "kept": (np.bool_, (grid**2,)),
            "foreground": (np.uint8, (size, size)),
            "shares": (np.uint8, (grid**2, len(CLASSES))),
            "yaws": (np.float32, ()),
            "light": (np.float32, (4,)),
            "heads": (np.int32, ()),
            "mirrored": (np.bool_, ()),
        }
        self._maps: dict[str, NDArray[Any]] = {}

    def __len__(self) -> int:
        return self._count

    def update(self, source: Path, limit: int | None = None) -> int:
        """Add heads of `source` that are new; returns how many.

        Args:
            source: the generator's folder.
            limit: add at most so many now.
        """
        known = self._read_index()
        if not self.names and known["names"]:
            for name in known["names"]:
                head = read_head(source / name)
                if head is None:
                    raise FileNotFoundError(f"{source / name} is in the cache but cannot be read")
                self.targets.append(with_places(head[1]))
            self.names, self._count = list(known["names"]), int(known["count"])
        added = 0
        for path in list_heads(source):
            if limit is not None and added >= limit:
                break
            if path.name in self.names or path.name in self._damaged:
                continue
            head = read_head(path)
            if head is None:
                self._damaged.add(path.name)
                continue
            self._append(path.name, *head)
            added += 1
        self._open()
        return added

    def _read_index(self) -> dict[str, Any]:
        path = self.folder / "index.json"
        return json.loads(path.read_text()) if path.exists() else {"names": [], "count": 0}

    def _append(self, name: str, views: Any, targets: HeadTargets) -> None:
        number = len(self.names)
        drawn = [
            plain_view(rgb, alpha, labels)
            if self.plain
            else augment_view(
                rgb, alpha, np.random.default_rng([number, view, repeat]), labels=labels
            )
            for view, (rgb, alpha, labels) in enumerate(
                zip(views.rgb, views.alpha, views.labels, strict=True)
            )
            for repeat in range(self.repeats)
        ]
        side = np.where([view.mirrored for view in drawn], -1, 1)
        columns = self._encode(drawn) | {
            "heads": np.full(len(drawn), number, np.int32),
            "yaws": np.repeat(views.yaws, self.repeats) * side,
        }
        for field, (dtype, _) in self._fields.items():
            self._put(field, self._count, np.asarray(columns[field], dtype))
        splats = with_shapes(targets)
        assert splats.shapes is not None
        self._put("shapes", number, splats.shapes[None])
        self.names.append(name)
        self.targets.append(splats)
        self._count += len(drawn)
        with atomic_write(self.folder / "index.json") as temporary:
            temporary.write_text(json.dumps({"names": self.names, "count": self._count}))

    def _put(self, field: str, first: int, rows: NDArray[Any]) -> None:
        """Write rows [R, ...] of a field from row `first` on; what was there goes."""
        path = self.folder / f"{field}.bin"
        path.touch()
        with open(path, "r+b") as file:
            file.seek(first * rows[0].nbytes)
            file.truncate()
            file.write(np.ascontiguousarray(rows).tobytes())

    def _encode(self, views: list[AugmentedView]) -> dict[str, NDArray[Any]]:
        images = np.stack([view.image for view in views])
        alpha = torch.from_numpy(np.stack([view.alpha for view in views]))
        labels = np.stack([view.labels for view in views if view.labels is not None])
        config = self.encoder.config
        features = []
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=self._bfloat):
            for start in range(0, len(images), 8):
                batch = to_pictures(images[start : start + 8])
                features.append(self.encoder.backbone_features(batch).half().numpy())
        kept = foreground_patches(alpha, config.backbone.patch_size, config.foreground_threshold)
        return {
            "features": np.concatenate(features),
            "images": images,
            "kept": kept.numpy(),
            "foreground": (alpha.numpy() * 255 + 0.5).astype(np.uint8),
            "shares": (patch_shares(labels, config.backbone.patch_size) * 255 + 0.5).astype(
                np.uint8
            ),
            "light": np.stack([view.light for view in views]),
            "mirrored": np.array([view.mirrored for view in views]),
        }

    def _open(self) -> None:
        if self._count:
            self._maps = {
                field: np.memmap(
                    self.folder / f"{field}.bin", dtype, "r", shape=(self._count, *shape)
                )
                for field, (dtype, shape) in self._fields.items()
            }
            # Too many to keep in memory for each head.
            count = len(self.targets[0].positions)
            shapes = np.memmap(
                self.folder / "shapes.bin", np.float16, "r", shape=(len(self.names), count, 6)
            )
            self.targets = [
                replace(target, shapes=row)
                for target, row in zip(self.targets, shapes, strict=True)
            ]

    @property
    def heads(self) -> NDArray[np.int32]:
        """[len] which head each view shows."""
        return np.asarray(self._maps["heads"])

    @property
    def light(self) -> NDArray[np.float32]:
        """[len, 4] gain and gamma of each view."""
        return np.asarray(self._maps["light"])

    @property
    def mirrored(self) -> NDArray[np.bool_]:
        """[len] whether left and right are swapped in each view."""
        return np.asarray(self._maps["mirrored"])

    @property
    def yaws(self) -> NDArray[np.float32]:
        """[len] degrees from which each view sees the head, as it is mirrored."""
        return np.asarray(self._maps["yaws"])

    def batch(self, index: NDArray[np.int64]) -> CacheBatch:
        """The views at `index` [B]."""
        maps = self._maps
        return CacheBatch(
            torch.from_numpy(np.array(maps["features"][index])),
            to_pictures(maps["images"][index]),
            torch.from_numpy(np.array(maps["kept"][index])),
            torch.from_numpy(np.array(maps["foreground"][index])).float() / 255,
            torch.from_numpy(np.array(maps["shares"][index])).float() / 255,
            np.array(maps["light"][index]),
            np.array(maps["heads"][index]),
            np.array(maps["mirrored"][index]),
        )


def to_pictures(images: NDArray[np.uint8]) -> torch.Tensor:
    """[B, S, S, 3] uint8 to [B, 3, S, S] float32 0..1."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 255
