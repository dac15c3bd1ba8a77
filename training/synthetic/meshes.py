"""Small meshes for worn things: tubes along a path and sheets of rows and columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Mesh:
    """Triangles with outward normals.

    Attributes:
        points: [N, 3] metres.
        normals: [N, 3] unit.
        uvs: [N, 2] metres along the surface.
        triangles: [T, 3] int32, counter-clockwise seen from outside.
    """

    points: Float
    normals: Float
    uvs: Float
    triangles: NDArray[np.int32]


def unit(x: Float) -> Float:
    """Vectors [..., 3] of length 1; zero stays zero."""
    length: Float = np.linalg.norm(x, axis=-1, keepdims=True)
    return x / np.maximum(length, 1e-12)


def _wound(points: Float, normals: Float, uvs: Float, triangles: NDArray[np.int32]) -> Mesh:
    """The mesh with every triangle turned to the side of its vertices' normals."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    wrong = (np.cross(b - a, c - a) * normals[triangles].sum(1)).sum(1) < 0
    triangles = np.where(wrong[:, None], triangles[:, ::-1], triangles).astype(np.int32)
    return Mesh(points, normals, uvs, triangles)


def _grid_triangles(rows: int, columns: int, wrap: bool) -> NDArray[np.int32]:
    r, c = np.mgrid[0 : rows - 1, 0 : columns if wrap else columns - 1]
    after = (c + 1) % columns
    corners = [
        r * columns + c,
        r * columns + after,
        (r + 1) * columns + after,
        (r + 1) * columns + c,
    ]
    quads = np.stack(corners, -1).reshape(-1, 4)
    return quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3).astype(np.int32)


def _arc(steps: Float) -> Float:
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(steps, axis=-1))])


def sheet(grid: Float, outward: Float, wrap: bool = False) -> Mesh:
    """A surface through grid [R, C, 3].

    Args:
        grid: points by row and column.
        outward: [R, C, 3] or broadcastable directions on the outer side.
        wrap: whether the last column joins the first.
    """
    rows, columns, _ = grid.shape
    along_row = np.roll(grid, -1, 1) - np.roll(grid, 1, 1) if wrap else np.gradient(grid, axis=1)
    normals = unit(np.cross(along_row, np.gradient(grid, axis=0)))
    outward = np.broadcast_to(outward, grid.shape)
    normals = np.where((normals * outward).sum(-1, keepdims=True) < 0, -normals, normals)
    middle = rows // 2
    u, v = _arc(np.diff(grid[middle], axis=0)), _arc(np.diff(grid[:, columns // 3], axis=0))
    uvs = np.stack(np.broadcast_arrays(u[None], v[:, None]), -1).reshape(-1, 2)
    triangles = _grid_triangles(rows, columns, wrap)
    return _wound(grid.reshape(-1, 3), normals.reshape(-1, 3), uvs, triangles)


def tube(
    path: Float, half_sizes: tuple[float, float], up: Float, sides: int = 8, closed: bool = False
) -> Mesh:
    """A rounded rod along path [K, 3].

    Args:
        path: points of its axis.
        half_sizes: half width across `up`, and half height along it, metres.
        up: [3] or [K, 3] direction of the height, not along the path.
        sides: of its cross-section.
        closed: whether the path ends where it begins (the first point is not repeated).
    """
    ahead = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0)
    tangent = unit(ahead)
    across = unit(np.cross(np.broadcast_to(up, path.shape), tangent))
    above = np.cross(tangent, across)
    angle = np.arange(sides) / sides * 2 * np.pi
    # A rounded box: a superellipse of degree 3.
    wave = np.stack([np.cos(angle), np.sin(angle)], -1)
    section = np.sign(wave) * np.abs(wave) ** (2 / 3)
    width, height = half_sizes
    ring = path[:, None] + (
        across[:, None] * (section[:, :1] * width) + above[:, None] * (section[:, 1:] * height)
    )
    lean = wave / np.array([width, height])
    normals = unit(across[:, None] * lean[:, :1] + above[:, None] * lean[:, 1:])
    rows = [*range(len(path)), 0] if closed else list(range(len(path)))
    ring, normals = ring[rows], normals[rows]
    u = _arc(np.diff(ring[:, 0], axis=0))
    uvs = np.stack(np.broadcast_arrays(u[:, None], angle[None] * width), -1).reshape(-1, 2)
    triangles = _grid_triangles(len(ring), sides, True)
    points, flat = ring.reshape(-1, 3), normals.reshape(-1, 3)
    if not closed:  # caps
        for row, sign in ((0, -1.0), (len(ring) - 1, 1.0)):
            centre = len(points)
            points = np.concatenate([points, path[[row]]])
            flat = np.concatenate([flat, sign * tangent[[row]]])
            uvs = np.concatenate([uvs, [[u[row], 0.0]]])
            k = np.arange(sides, dtype=np.int32) + row * sides
            fan = np.stack([k, np.roll(k, -1), np.full(sides, centre, np.int32)], 1)
            triangles = np.concatenate([triangles, fan])
    return _wound(points, flat, uvs, triangles.astype(np.int32))


def ball(centre: Float, radii: Float, rows: int = 7, columns: int = 10) -> Mesh:
    """An ellipsoid with half axes `radii` [3] about `centre` [3]."""
    polar = np.linspace(0, np.pi, rows)[:, None]
    angle = (np.arange(columns) / columns * 2 * np.pi)[None]
    direction = np.stack(
        np.broadcast_arrays(
            np.sin(polar) * np.cos(angle), np.cos(polar), np.sin(polar) * np.sin(angle)
        ),
        -1,
    )
    flat = direction.reshape(-1, 3)
    triangles = _grid_triangles(rows, columns, True)
    return _wound(centre + flat * radii, unit(flat / radii), flat[:, :2] * radii[:2], triangles)


def closest_points(
    at: Float, points: Float, triangles: NDArray[np.int32], tried: int = 8
) -> tuple[Float, NDArray[np.int64]]:
    """Nearest points [N, 3] of a surface to `at` [N, 3], and the triangles [N] they lie on.

    Args:
        at: metres.
        points: [V, 3] the surface's vertices.
        triangles: [T, 3].
        tried: triangles with the nearest centres that are looked at for each point.
    """
    corners = points[triangles]
    count = min(tried, len(triangles))
    _, near = cKDTree(corners.mean(1)).query(at, np.arange(1, count + 1))
    a, b, c = np.moveaxis(corners[near], 2, 0)  # [N, K, 3] each
    p = np.broadcast_to(at[:, None], a.shape)
    candidates = []
    for start, end in ((a, b), (b, c), (c, a)):
        edge = end - start
        length = np.maximum((edge**2).sum(-1), 1e-18)
        t = np.clip(((p - start) * edge).sum(-1) / length, 0, 1)
        candidates.append(start + t[..., None] * edge)
    normal = unit(np.cross(b - a, c - a))
    flat = p - ((p - a) * normal).sum(-1, keepdims=True) * normal
    inside = (normal**2).sum(-1) > 0.5  # a triangle without an area has no inside
    for start, end in ((a, b), (b, c), (c, a)):
        inside &= (np.cross(end - start, flat - start) * normal).sum(-1) >= 0
    candidates.append(np.where(inside[..., None], flat, candidates[0]))
    every = np.stack(candidates, 2).reshape(len(at), -1, 3)
    best = np.linalg.norm(every - at[:, None], axis=-1).argmin(1)
    rows = np.arange(len(at))
    chosen: NDArray[np.int64] = near[rows, best // len(candidates)]
    return every[rows, best], chosen


def join(*meshes: Mesh) -> Mesh:
    """One mesh of several."""
    starts = np.cumsum([0, *(len(m.points) for m in meshes[:-1])])
    return Mesh(
        np.concatenate([m.points for m in meshes]),
        np.concatenate([m.normals for m in meshes]),
        np.concatenate([m.uvs for m in meshes]),
        np.concatenate([m.triangles + s for m, s in zip(meshes, starts, strict=True)]).astype(
            np.int32
        ),
    )
