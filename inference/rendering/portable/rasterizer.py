"""The order in which the kernels run, and the memory they share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray, Gaussians
from inference.rendering.camera import Camera
from inference.rendering.portable.binning import depth_sort, scatter
from inference.rendering.portable.draw import draw_frame, draw_rgba8
from inference.rendering.portable.layout import RECORD, pack_camera, tiles_across
from inference.rendering.portable.projection import project
from inference.rendering.portable.simd import LANES
from inference.rendering.portable.team import WorkerTeam

IntArray = NDArray[np.int32]

MAX_ENTRIES = 1 << 25
"""Longest tile lists held at once; a frame that needs more is drawn in bands of tile rows."""


@dataclass(frozen=True)
class Projected:
    """Gaussians on the screen, sorted; see layout.py for the arrays."""

    records: FloatArray
    tiles_x: IntArray
    tiles_y: IntArray
    order: NDArray[np.uint64]
    counts: IntArray  # [tile rows, tile columns]


@dataclass(frozen=True)
class Band:
    """Tile lists of some rows of tiles."""

    row_from: int
    row_to: int
    starts: IntArray  # [T + 1]
    tile_order: NDArray[np.int64]  # [T] longest list first
    members: IntArray  # [E]


def aligned(count: int, dtype: Any = np.float32) -> NDArray[Any]:
    """An uninitialised flat array that starts on a cache line."""
    size = np.dtype(dtype).itemsize
    raw = np.empty(count * size + 64, np.uint8)
    offset = -raw.ctypes.data % 64
    return raw[offset : offset + count * size].view(dtype)


class Rasterizer:
    """Runs the kernels; not safe for two threads at once (PortableRenderer holds a lock).

    Args:
        team: the threads to use. The pictures do not depend on how many they are.
        max_entries: see MAX_ENTRIES; tests lower it.
    """

    def __init__(self, team: WorkerTeam, max_entries: int = MAX_ENTRIES) -> None:
        self._team = team
        self._max_entries = max_entries
        self._scratch: dict[str, NDArray[Any]] = {}

    def project(self, gaussians: Gaussians, camera: Camera) -> Projected:
        """Project and sort."""
        n = len(gaussians)
        padded = -(-n // LANES) * LANES
        rows, columns = tiles_across(camera.height), tiles_across(camera.width)
        records = self._reuse("records", padded * RECORD, np.float32)
        keys = self._reuse("keys", padded, np.int32)
        tiles_x = self._reuse("tiles_x", padded, np.int32)
        tiles_y = self._reuse("tiles_y", padded, np.int32)
        counts = np.zeros((self._team.size, rows, columns), np.int32)
        self._team.run(
            project,
            gaussians.means.ravel(),
            gaussians.quaternions.ravel(),
            gaussians.scales.ravel(),
            gaussians.opacities,
            gaussians.colours.ravel(),
            pack_camera(camera),
            records,
            keys,
            tiles_x,
            tiles_y,
            counts,
        )
        order = depth_sort(
            keys[:n], self._reuse("sort_1", n, np.uint64), self._reuse("sort_2", n, np.uint64)
        )
        return Projected(records, tiles_x, tiles_y, order, counts.sum(0, dtype=np.int32))

    def bands(self, projected: Projected) -> Iterator[Band]:
        """Tile lists from the top down; the next band overwrites the memory of the last."""
        rows, columns = projected.counts.shape
        per_row = projected.counts.sum(1, dtype=np.int64)
        row_from = 0
        while row_from < rows:
            row_to, total = row_from + 1, int(per_row[row_from])
            while row_to < rows and total + per_row[row_to] <= self._max_entries:
                total += int(per_row[row_to])
                row_to += 1
            lengths = projected.counts[row_from:row_to].ravel()
            starts = np.zeros(len(lengths) + 1, np.int32)
            np.cumsum(lengths, out=starts[1:])
            members = self._reuse("members", total, np.int32)
            scatter(
                projected.order,
                projected.tiles_x,
                projected.tiles_y,
                row_from,
                row_to,
                columns,
                starts[:-1].copy(),
                members,
            )
            tile_order = np.argsort(-lengths, kind="stable")
            yield Band(row_from, row_to, starts, tile_order, members)
            row_from = row_to

    def frame(
        self, gaussians: Gaussians, camera: Camera
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draw over nothing.

        Returns:
            Colour [H, W, 3], alpha [H, W], accumulated depth [H, W].
        """
        shape = (camera.height, camera.width)
        colour = np.empty((*shape, 3), np.float32)
        alpha, depth = np.empty(shape, np.float32), np.empty(shape, np.float32)
        self._draw(draw_frame, gaussians, camera, colour, alpha, depth)
        return colour, alpha, depth

    def rgba8(
        self, gaussians: Gaussians, camera: Camera, background: tuple[float, float, float] | None
    ) -> NDArray[np.uint8]:
        """Draw a premultiplied picture [H, W, 4], over a colour or transparent (None)."""
        picture = np.empty((camera.height, camera.width, 4), np.uint8)
        behind = np.array([0, 0, 0, 0] if background is None else [*background, 1], np.float32)
        self._draw(draw_rgba8, gaussians, camera, behind, picture)
        return picture

    def _draw(
        self,
        kernel: Callable[..., None],
        gaussians: Gaussians,
        camera: Camera,
        *outputs: NDArray[Any],
    ) -> None:
        projected = self.project(gaussians, camera)
        for band in self.bands(projected):
            self._team.run(
                kernel,
                projected.records,
                band.members,
                band.starts,
                band.tile_order,
                projected.counts.shape[1],
                band.row_from,
                *outputs,
            )

    def _reuse(self, name: str, count: int, dtype: Any) -> NDArray[Any]:
        """Scratch memory that is kept from frame to frame."""
        kept = self._scratch.get(name)
        if kept is None or len(kept) < count:
            kept = self._scratch[name] = aligned(count + count // 4, dtype)
        return kept[:count]
