"""Tiny pictures and cameras that the tests of training/data share."""

from pathlib import Path

import numpy as np

from inference.rendering.camera import Camera, orbit_camera
from training.data.sample import TrainingView
from training.data.shard_file import NamedView, write_shard
from training.data.shards import ShardEntry, ShardIndex, write_index

YAWS = (-60.0, -30.0, 0.0, 30.0, 60.0)


def view(yaw: float = 0.0, size: int = 32, label: bool = False) -> TrainingView:
    """A soft disc on a gradient, whose colour tells the yaw."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size
    alpha = np.clip((0.4 - np.hypot(x - 0.5, y - 0.5)) * 20, 0, 1).astype(np.float32)
    rgb = np.stack([x, y, np.full_like(x, (yaw + 90) / 180)], -1).astype(np.float32)
    labels = (alpha > 0.5).astype(np.uint8) * 14 if label else None
    return TrainingView(rgb, alpha, orbit_camera(yaw, size=(size, size)), labels)


def shards(
    root: Path,
    name: str = "neutral",
    people: tuple[str, ...] = ("anna", "ben"),
    yaws: tuple[float, ...] = YAWS,
    size: int = 32,
) -> Path:
    """A finished shards folder with one capture a person."""
    entries = []
    for person in people:
        file = f"captures/{person}/{person}.zip"
        named = [NamedView(f"cam{number}", view(yaw, size)) for number, yaw in enumerate(yaws)]
        write_shard(root / file, person, person, named)
        entries.append(ShardEntry(file, person, person, tuple(n.name for n in named)))
    write_index(root, ShardIndex(name, name != "cafca", size, tuple(entries)))
    return root


def same_camera(first: Camera, second: Camera) -> bool:
    """Whether two cameras are exactly the same."""
    return (
        (first.width, first.height) == (second.width, second.height)
        and np.array_equal(first.intrinsics, second.intrinsics)
        and np.array_equal(first.world_to_camera, second.world_to_camera)
    )
