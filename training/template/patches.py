"""Cut half of a quad mesh into patches of 4 x 4 samples of nearly equal weight.

Light neighbouring quads are merged (four around a vertex, or two at an edge) and heavy ones are
split, until the wanted number is reached. A sample is a quad with bilinear coordinates (u, v):
corner 0 is (0, 0), corner 1 (1, 0), corner 2 (1, 1), corner 3 (0, 1).
"""

import heapq
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

SIDE = 4
"""Samples along a patch's side."""

_LONGEST = 1.9
"""Two quads whose union is longer than this times its width stay apart (our choice)."""

_CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float64)


@dataclass(frozen=True)
class Samples:
    """Surface samples, arranged as patches.

    Attributes:
        quads: [P, 16] quad of each sample.
        uv: [P, 16, 2] bilinear coordinates 0..1 in that quad.
    """

    quads: IntArray
    uv: FloatArray

    def corner_weights(self) -> FloatArray:
        """Bilinear weight of each corner, [P, 16, 4]."""
        u, v = self.uv[..., 0], self.uv[..., 1]
        return np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], -1)


@dataclass(frozen=True)
class _Cell:
    """A part of one quad: bilinear coordinates of its four corners, [4, 2], in raster order."""

    quad: int
    corners: FloatArray
    rows: int
    columns: int

    @property
    def share(self) -> float:
        """Share of the quad's weight that lies in this cell."""
        (ax, ay), (bx, by) = self.corners[2] - self.corners[0], self.corners[3] - self.corners[1]
        return abs(float(ax * by - ay * bx)) / 2

    def samples(self) -> tuple[IntArray, FloatArray]:
        """Quads [rows, columns] and coordinates [rows, columns, 2] at the centres of a raster."""
        s = (np.arange(self.columns) + 0.5) / self.columns
        t = ((np.arange(self.rows) + 0.5) / self.rows)[:, None]
        weights = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], -1)
        return np.full((self.rows, self.columns), self.quad), weights @ self.corners


_Block = list[list[_Cell]]  # rows of cells that make one 4 x 4 raster


class _Mesher:
    """Merging and splitting over the quads of one half."""

    def __init__(
        self, quads: IntArray, vertices: FloatArray, weights: FloatArray, kinds: IntArray
    ) -> None:
        self.quads, self.vertices, self.weights, self.kinds = quads, vertices, weights, kinds

    def rolled(self, quad: int, first: int, rows: int, columns: int) -> _Cell:
        """A whole quad whose raster starts at corner `first`."""
        return _Cell(quad, np.roll(_CORNERS, -first, 0), rows, columns)

    def corner(self, quad: int, vertex: int) -> int:
        return int(np.flatnonzero(self.quads[quad] == vertex)[0])

    def fans(self) -> list[list[int]]:
        """Groups of four quads of one kind around an inner vertex, in turning order."""
        around: dict[int, list[int]] = defaultdict(list)
        for quad, corners in enumerate(self.quads):
            for vertex in set(corners.tolist()):
                around[vertex].append(quad)
        fans = []
        for vertex, ring in around.items():
            if len(ring) != 4 or len({int(self.kinds[q]) for q in ring}) != 1:
                continue
            following = {}  # the edge that leaves the vertex -> the quad on its left
            for quad in ring:
                k = self.corner(quad, vertex)
                following[int(self.quads[quad, (k + 1) % 4])] = quad
            order = [ring[0]]
            for _ in range(3):
                k = self.corner(order[-1], vertex)
                following_quad = following.get(int(self.quads[order[-1], k - 1]))
                if following_quad is None:
                    break
                order.append(following_quad)
            if len(set(order)) == 4:
                fans.append([vertex, *order])
        return fans

    def fan_block(self, fan: list[int]) -> _Block:
        """Four quads around a vertex as a 2 x 2 arrangement of 2 x 2 rasters."""
        vertex, a, b, c, d = fan
        # Turning counter-clockwise: a upper right, b upper left, c lower left, d lower right;
        # each raster starts at its lower left corner, the vertex is a's first corner.
        turn = {a: 0, b: 3, c: 2, d: 1}
        cell = {
            q: self.rolled(q, (self.corner(q, vertex) + turn[q]) % 4, 2, 2) for q in (a, b, c, d)
        }
        return [[cell[c], cell[d]], [cell[b], cell[a]]]

    def pairs(self) -> list[list[int]]:
        """Pairs of quads of one kind that share an edge: [quad, quad, edge start, edge end]."""
        left_of: dict[tuple[int, int], int] = {}
        for quad, corners in enumerate(self.quads.tolist()):
            for k in range(4):
                left_of[corners[k], corners[(k + 1) % 4]] = quad
        return [
            [quad, left_of[b, a], a, b]
            for (a, b), quad in left_of.items()
            if a < b and (b, a) in left_of and self.kinds[quad] == self.kinds[left_of[b, a]]
        ]

    def aspect(self, pair: list[int]) -> float:
        """Longer over shorter extent of two merged quads."""
        centres = self.vertices[self.quads[pair[:2]]].mean(1)
        across = 2 * float(np.linalg.norm(centres[0] - centres[1]))
        along = float(np.linalg.norm(self.vertices[pair[2]] - self.vertices[pair[3]]))
        return max(along / across, across / along)

    def pair_block(self, pair: list[int]) -> _Block:
        """Two quads on both sides of an edge as two 2 x 4 rasters, one above the other."""
        upper, lower, a, b = pair
        # The edge a -> b is the bottom of the upper quad and (b -> a) the top of the lower one.
        above = self.rolled(upper, self.corner(upper, a), 2, SIDE)
        below = self.rolled(lower, (self.corner(lower, b) + 2) % 4, 2, SIDE)
        return [[below], [above]]

    def merge(self, limit: float) -> list[_Block]:
        """Greedy merging, lightest groups first, up to a weight of `limit` a patch."""
        taken = np.zeros(len(self.quads), bool)
        blocks: list[_Block] = []
        fans = [(float(self.weights[f[1:]].sum()), f, True) for f in self.fans()]
        pairs = [
            (float(self.weights[p[:2]].sum()), p, False)
            for p in self.pairs()
            if self.aspect(p) < _LONGEST
        ]
        for group in (fans, pairs):
            for weight, members, is_fan in sorted(group, key=lambda g: (g[0], g[1])):
                quads = members[1:] if is_fan else members[:2]
                if weight > limit:
                    break
                if taken[quads].any():
                    continue
                taken[quads] = True
                block = self.fan_block(members) if is_fan else self.pair_block(members)
                blocks.append(block)
        for quad in np.flatnonzero(~taken).tolist():
            blocks.append([[self.rolled(quad, 0, SIDE, SIDE)]])
        return blocks

    def split(self, block: _Block) -> list[_Block]:
        """Halve a block: along its rows if it is merged, else across its longer direction."""
        cells = [cell for row in block for cell in row]
        if len(cells) == 4:
            return [self._regrow(block[0]), self._regrow(block[1])]
        if len(cells) == 2:
            return [[[_Cell(c.quad, c.corners, SIDE, SIDE)]] for c in cells]
        (cell,) = cells
        along, across = self.extents(cell)
        c = cell.corners
        if along >= across:
            low, high = (c[0] + c[1]) / 2, (c[3] + c[2]) / 2
            halves = [np.stack([c[0], low, high, c[3]]), np.stack([low, c[1], c[2], high])]
        else:
            low, high = (c[0] + c[3]) / 2, (c[1] + c[2]) / 2
            halves = [np.stack([c[0], c[1], high, low]), np.stack([low, high, c[2], c[3]])]
        return [[[_Cell(cell.quad, half, SIDE, SIDE)]] for half in halves]

    @staticmethod
    def _regrow(row: list[_Cell]) -> _Block:
        return [[_Cell(c.quad, c.corners, SIDE, 2) for c in row]]

    def urgency(self, block: _Block) -> float:
        """What is split first: weight, times how long a single cell is for its width."""
        cells = [cell for row in block for cell in row]
        weight = sum(float(self.weights[cell.quad]) * cell.share for cell in cells)
        if len(cells) > 1:
            return weight
        along, across = self.extents(cells[0])
        return weight * max(along / across, across / along)

    def extents(self, cell: _Cell) -> tuple[float, float]:
        """Mean length of a cell along its columns and along its rows, metres."""
        points = self.place(cell)
        along = np.linalg.norm(points[1] - points[0]) + np.linalg.norm(points[2] - points[3])
        across = np.linalg.norm(points[3] - points[0]) + np.linalg.norm(points[2] - points[1])
        return float(along) / 2, float(across) / 2

    def place(self, cell: _Cell) -> FloatArray:
        """Positions [4, 3] of a cell's corners on the flat quad."""
        u, v = cell.corners.T
        weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], -1)
        placed: FloatArray = weights @ self.vertices[self.quads[cell.quad]]
        return placed

    def upright(self, quads: IntArray, uv: FloatArray) -> tuple[IntArray, FloatArray]:
        """Turn a raster [4, 4] so that its rows run from the top of the head downwards."""
        u, v = uv[..., 0], uv[..., 1]
        weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], -1)
        points = np.einsum("ijk,ijkc->ijc", weights, self.vertices[self.quads[quads]])
        down = np.array([0.0, -1.0, 0.35])  # on the flat top of the head: forwards
        rows, columns = points[-1].mean(0) - points[0].mean(0), points[:, -1].mean(0)
        columns = columns - points[:, 0].mean(0)
        scores = [rows @ down, -columns @ down, -rows @ down, columns @ down]  # by rot90's turns
        turns = int(np.argmax(scores))
        return np.rot90(quads, turns), np.rot90(uv, turns)


def cut_into_patches(
    quads: IntArray,
    vertices: FloatArray,
    weights: FloatArray,
    kinds: IntArray,
    count: int,
    slack: float = 1.05,
) -> Samples:
    """Cut quads into exactly `count` patches of nearly equal weight.

    Args:
        quads: [Q, 4] vertex indices of the quads to cover.
        vertices: [V, 3] positions in metres.
        weights: [Q] positive weight of each quad (area times wanted density).
        kinds: [Q] only quads of the same kind are merged.
        count: number of patches.
        slack: a merged patch weighs at most this times the mean weight of a patch; more if
            there would be too many patches otherwise.

    Returns:
        Samples of shape [count, 16]; `quads` there counts rows of the argument `quads`.

    Raises:
        ValueError: the quads cannot be merged down to `count` patches.
    """
    mesher = _Mesher(quads, vertices, weights, kinds)
    mean = weights.sum() / count
    blocks = mesher.merge(slack * mean)
    while len(blocks) > count and slack < 2 * len(quads):
        slack *= 1.25
        blocks = mesher.merge(slack * mean)
    if len(blocks) > count:
        raise ValueError(f"merging leaves {len(blocks)} patches, more than {count}")
    heap = [(-mesher.urgency(block), number, block) for number, block in enumerate(blocks)]
    heapq.heapify(heap)
    number = len(heap)
    while len(heap) < count:
        _, _, block = heapq.heappop(heap)
        for half in mesher.split(block):
            heapq.heappush(heap, (-mesher.urgency(half), number, half))
            number += 1
    out_quads = np.empty((count, SIDE * SIDE), np.int64)
    out_uv = np.empty((count, SIDE * SIDE, 2))
    for row, (_, _, block) in enumerate(sorted(heap, key=lambda entry: entry[1])):
        parts = [[cell.samples() for cell in cells] for cells in block]
        raster = np.block([[part[0] for part in line] for line in parts])
        uv = np.concatenate([np.concatenate([part[1] for part in line], 1) for line in parts], 0)
        turned, turned_uv = mesher.upright(raster, uv)
        out_quads[row], out_uv[row] = turned.ravel(), turned_uv.reshape(-1, 2)
    return Samples(out_quads, out_uv)
