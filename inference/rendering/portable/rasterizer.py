"""The order in which the kernels run, forward and backward."""

import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.head.gaussians import FloatArray
from inference.rendering.camera import Camera
from inference.rendering.portable.binning import depth_sort, scatter, scatter_with_slots
from inference.rendering.portable.blend_backward import PARTIALS
from inference.rendering.portable.draw import draw_frame, draw_rgba8
from inference.rendering.portable.gradients import blend_gradients, reduce_entries
from inference.rendering.portable.layout import RECORD, pack_camera, tiles_across
from inference.rendering.portable.projection import project
from inference.rendering.portable.projection_backward import project_gradients
from inference.rendering.portable.simd import LANES
from inference.rendering.portable.team import WorkerTeam
from inference.rendering.portable.workspace import Splats, Workspace

IntArray = NDArray[np.int32]

MAX_ENTRIES = 1 << 23
"""Longest tile lists held at once; a frame that needs more is drawn in bands of tile rows.

A head has 0.1 million entries, 0.4 million at 1024 pixels. One costs 4 bytes, 48 with gradients.
"""


@dataclass(frozen=True)
class Projected:
    """Gaussians on the screen, sorted; see layout.py for the arrays."""

    records: FloatArray
    depths: FloatArray  # [M] 0 where culled
    tiles: IntArray
    order: NDArray[np.uint64]
    counts: IntArray  # [tile rows, tile columns]


@dataclass(frozen=True)
class Band:
    """Tile lists of some rows of tiles."""

    row_from: int
    starts: IntArray  # [T + 1]
    tile_order: NDArray[np.int64]  # [T] longest list first
    members: IntArray  # [E]
    slots: IntArray  # [E], or empty without gradients
    slot_starts: IntArray  # [V + 1], or empty without gradients


@dataclass(eq=False)  # compared by identity, so that a finalizer can watch it
class Tape:
    """A drawn frame and what its gradient needs.

    Attributes:
        colour: [H, W, 3] over nothing.
        alpha: [H, W].
        depth: [H, W] accumulated, not divided by alpha.
        splats: what was drawn, padded.
        count: how many Gaussians that were before padding.
        camera: packed, see layout.pack_camera.
        projected: the Gaussians on the screen.
        workspace: the memory that `projected` lies in; given back when the tape is dropped.
    """

    colour: FloatArray
    alpha: FloatArray
    depth: FloatArray
    splats: Splats
    count: int
    camera: FloatArray
    projected: Projected
    workspace: Workspace


class Rasterizer:
    """Runs the kernels; not safe for two threads at once (PortableRenderer holds a lock).

    Args:
        team: the threads to use. The pictures do not depend on how many they are.
        max_entries: see MAX_ENTRIES; tests lower it.
    """

    def __init__(self, team: WorkerTeam, max_entries: int = MAX_ENTRIES) -> None:
        self._team = team
        self._max_entries = max_entries
        self._own = Workspace()
        self._spare: list[Workspace] = []

    def frame(self, splats: Splats, camera: Camera) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draw over nothing.

        Returns:
            Colour [H, W, 3], alpha [H, W], accumulated depth [H, W].
        """
        projected = self._project(splats.padded(LANES), pack_camera(camera), camera, self._own)
        return self._draw_frame(projected, camera)

    def rgba8(
        self, splats: Splats, camera: Camera, background: tuple[float, float, float] | None
    ) -> NDArray[np.uint8]:
        """Draw a premultiplied picture [H, W, 4], over a colour or transparent (None)."""
        picture = np.empty((camera.height, camera.width, 4), np.uint8)
        pixels = picture.view(np.int32).ravel()  # needs a little-endian machine
        behind = np.array([0, 0, 0, 0] if background is None else [*background, 1], np.float32)
        projected = self._project(splats.padded(LANES), pack_camera(camera), camera, self._own)
        for band in self._bands(projected):
            self._run_tiles(
                draw_rgba8, projected, band, behind, camera.width, camera.height, pixels
            )
        return picture

    def record(self, splats: Splats, camera: Camera) -> Tape:
        """Draw a frame whose gradient will be asked for."""
        workspace = self._spare.pop() if self._spare else Workspace()
        packed, padded = pack_camera(camera), splats.padded(LANES)
        projected = self._project(padded, packed, camera, workspace)
        picture = self._draw_frame(projected, camera)
        tape = Tape(*picture, padded, len(splats.opacities), packed, projected, workspace)
        weakref.finalize(tape, self._spare.append, workspace).atexit = False
        return tape

    def gradients(
        self,
        tape: Tape,
        by_colour: FloatArray,  # [H, W, 3] gradient of the loss
        by_alpha: FloatArray,  # [H, W]
        by_depth: FloatArray | None,  # [H, W] by accumulated depth
    ) -> Splats:
        """Gradients of the loss by the five attributes."""
        projected, n = tape.projected, len(tape.splats.opacities)
        sums = self._own.array("sums", n * PARTIALS)
        depth_counts = by_depth is not None
        for band in self._bands(projected, with_slots=True):
            partials = self._own.array("partials", len(band.members) * PARTIALS)
            self._run_tiles(
                blend_gradients,
                projected,
                band,
                tape.colour,
                tape.alpha,
                tape.depth,
                by_colour,
                by_alpha,
                by_alpha if by_depth is None else by_depth,
                depth_counts,
                band.slots,
                partials,
            )
            add = band.row_from > 0
            self._team.run(reduce_entries, projected.order, band.slot_starts, partials, add, sums)
        widths = (3, 4, 3, 1, 3)
        results = [np.empty(n * width, np.float32) for width in widths]
        splats = tape.splats
        self._team.run(
            project_gradients,
            splats.means.ravel(),
            splats.quaternions.ravel(),
            splats.scales.ravel(),
            splats.opacities,
            tape.camera,
            projected.depths,
            sums,
            *results,
        )
        shaped = [flat.reshape(n, width) for flat, width in zip(results, widths, strict=True)]
        shaped[3] = shaped[3][:, 0]
        return Splats(*(x[: tape.count] for x in shaped))

    def _project(
        self, splats: Splats, packed: FloatArray, camera: Camera, workspace: Workspace
    ) -> Projected:
        """Project and sort."""
        n = len(splats.opacities)
        records = workspace.array("records", n * RECORD)
        keys = workspace.array("keys", n, np.int32)
        depths = workspace.array("depths", n)
        tiles = workspace.array("tiles", 2 * n, np.int32)
        rows, columns = tiles_across(camera.height), tiles_across(camera.width)
        corners = np.zeros((self._team.size, rows + 1, columns + 1), np.int32)
        self._team.run(
            project,
            splats.means.ravel(),
            splats.quaternions.ravel(),
            splats.scales.ravel(),
            splats.opacities,
            splats.colours.ravel(),
            packed,
            records,
            keys,
            depths,
            tiles,
            corners,
        )
        order = depth_sort(
            keys,
            workspace.array("sort_1", n, np.uint64),
            workspace.array("sort_2", n, np.uint64),
        )
        summed = corners.sum(0, dtype=np.int32).cumsum(0, np.int32).cumsum(1, np.int32)
        return Projected(records, depths, tiles, order, summed[:-1, :-1].copy())

    def _bands(self, projected: Projected, with_slots: bool = False) -> Iterator[Band]:
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
            members = self._own.array("members", total, np.int32)
            slots = self._own.array("slots", total if with_slots else 0, np.int32)
            slot_starts = self._own.array(
                "slot_starts", len(projected.order) + 1 if with_slots else 0, np.int32
            )
            lists = (
                *(projected.order, projected.tiles, row_from, row_to, columns),
                *(starts[:-1].astype(np.uint32), members),
            )
            if with_slots:
                scatter_with_slots(*lists, slots, slot_starts)
            else:
                scatter(*lists)
            tile_order = np.argsort(-lengths, kind="stable")
            yield Band(row_from, starts, tile_order, members, slots, slot_starts)
            row_from = row_to

    def _draw_frame(
        self, projected: Projected, camera: Camera
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        shape = (camera.height, camera.width)
        colour = np.empty((*shape, 3), np.float32)
        alpha, depth = np.empty(shape, np.float32), np.empty(shape, np.float32)
        flat = (colour.ravel(), alpha.ravel(), depth.ravel())
        for band in self._bands(projected):
            self._run_tiles(draw_frame, projected, band, camera.width, camera.height, *flat)
        return colour, alpha, depth

    def _run_tiles(
        self, kernel: Callable[..., None], projected: Projected, band: Band, *arguments: Any
    ) -> None:
        self._team.run(
            kernel,
            projected.records,
            band.members,
            band.starts,
            band.tile_order,
            projected.counts.shape[1],
            band.row_from,
            *arguments,
        )
