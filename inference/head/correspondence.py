"""Bring the template's points onto another head mesh, by geometry alone.

The eyes give scale and place; an affine fit to the closest points follows, then smooth moves along
the template's surface graph, ever less smooth (non-rigid ICP, Amberg et al. 2007, with diffusion
for its stiffness). The bust below the jaw is matched by angle about the neck and by the share
of the way to the mesh's lower border, because another mesh may end higher up.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix, diags
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from inference.errors import InvalidModelError
from inference.head.template import HeadTemplate
from inference.head.trimesh import Indices, Points, TriangleMesh

MID_EYE = np.array([0.0, 0.03, 0.05])
_LEFT_EYE, _RIGHT_EYE, _INNER_MOUTH, _NECK = 9, 8, 11, 1
_LIPS = (12, 13)
_JAW = -0.085  # height below which the bust is matched by its own rule, metres; our choice
_BLEND = 0.25  # share of the way down over which the two rules fade; our choice
_SMOOTHING = (80, 40, 20, 8)  # diffusion steps of the rounds of moves; our choice
_REACH = 0.02  # metres beyond which a closest point is not believed; our choice


@dataclass(frozen=True)
class FittedSurface:
    """The template's points on a mesh.

    Attributes:
        mesh: the whole mesh in the canonical frame, faces outward.
        faces: [65536] row of mesh.faces.
        weights: [65536, 3] barycentric.
        normals: [65536, 3] unit, outward.
    """

    mesh: TriangleMesh
    faces: Indices
    weights: Points
    normals: Points


@dataclass(frozen=True)
class _Head:
    """A head mesh taken apart: the whole in the canonical frame, its skin and its eyeballs."""

    whole: TriangleMesh
    skin: TriangleMesh
    eyes: tuple[TriangleMesh, TriangleMesh]  # left, right


def _take_apart(mesh: TriangleMesh, template: HeadTemplate) -> _Head:
    """Find skin and eyeballs, turn faces outward, move the mid-eye to its place.

    Raises:
        InvalidModelError: there are not three pieces.
    """
    pieces = mesh.pieces()
    if len(pieces) < 3:
        raise InvalidModelError(
            "The mesh has no eyeballs of its own: choose the model file of FLAME."
        )
    skin, *rest = (p if p.volume > 0 else p.flipped() for p in pieces[:3])
    centres = [piece.vertices[piece.used].mean(0) for piece in rest]
    left, right = (0, 1) if centres[0][0] > centres[1][0] else (1, 0)
    gap = float(np.linalg.norm(centres[0] - centres[1]))
    balls = [template.anchors[template.labels == label] for label in (_LEFT_EYE, _RIGHT_EYE)]
    usual = float(balls[0][:, 0].mean() - balls[1][:, 0].mean())
    if gap < 1e-9:
        raise InvalidModelError("The mesh's eyeballs coincide: choose the model file of FLAME.")
    scale = 1.0 if 0.8 < gap / usual < 1.25 else usual / gap  # another unit than the metre
    vertices = (mesh.vertices - (centres[0] + centres[1]) / 2) * scale + MID_EYE
    faces = np.concatenate([skin.faces, rest[left].faces, rest[right].faces])
    return _Head(
        TriangleMesh(vertices, faces),
        TriangleMesh(vertices, skin.faces),
        (TriangleMesh(vertices, rest[left].faces), TriangleMesh(vertices, rest[right].faces)),
    )


def _affine(points: Points, normals: Points, skin: TriangleMesh, rounds: int = 12) -> Points:
    """Affine map [4, 3] that brings points onto the skin (closest points that look alike)."""
    padded = np.concatenate([points, np.ones((len(points), 1))], 1)
    matrix = np.concatenate([np.eye(3), np.zeros((1, 3))])
    for _ in range(rounds):
        moved = padded @ matrix
        faces, weights = skin.closest(moved, normals, candidates=6)
        targets = skin.interpolate(skin.vertices, faces, weights)
        distance = np.linalg.norm(targets - moved, axis=1)
        looks = np.einsum(
            "nc,nc->n", normals, skin.interpolate(skin.vertex_normals, faces, weights)
        )
        good = (looks > 0.5) & (distance <= np.quantile(distance, 0.85))
        matrix = np.linalg.lstsq(padded[good], targets[good], rcond=None)[0]
    affine: Points = matrix
    return affine


def _averaging(neighbours: NDArray[np.int32]) -> csr_matrix:
    """Row-stochastic sparse [N, N]: each point's mean with its neighbours."""
    count, degree = neighbours.shape
    rows = np.repeat(np.arange(count), degree)
    graph = coo_matrix((np.ones(rows.size), (rows, neighbours.ravel())), (count, count)).tocsr()
    graph = (graph.maximum(graph.T) + diags(np.full(count, 2.0))).tocsr()
    return (diags(1 / np.asarray(graph.sum(1)).ravel()) @ graph).tocsr()


def _wrap(
    points: Points, normals: Points, fixed: NDArray[np.bool_], skin: TriangleMesh, mean: csr_matrix
) -> Points:
    """Smooth moves of points [N, 3] towards the skin; those in `fixed` only follow.

    Every fourth point looks for the skin, the others follow it too.
    """
    seekers = np.flatnonzero(~fixed)[::4]
    for steps in _SMOOTHING:
        here, facing = points[seekers], normals[seekers]
        faces, weights = skin.closest(here, facing, candidates=6)
        way = skin.interpolate(skin.vertices, faces, weights) - here
        looks = np.einsum("nc,nc->n", facing, skin.interpolate(skin.vertex_normals, faces, weights))
        trust = (looks > 0.4) & (np.linalg.norm(way, axis=1) < _REACH)
        flow = np.full((len(points), 4), [0, 0, 0, 1e-6])
        flow[seekers[trust]] = np.concatenate([way[trust], np.ones((int(trust.sum()), 1))], 1)
        for _ in range(steps):
            flow = mean @ flow
        points = points + flow[:, :3] / flow[:, 3:]
    return points


def _way_down(
    points: Points, graph: csr_matrix, start: NDArray[np.bool_], below: NDArray[np.bool_]
) -> Points:
    """Coordinates [N, 3] of the bust: cosine and sine of the angle, share of the way down.

    The way is the distance along the surface from `start`; it is 1 at the lower border.
    """
    centre = points[start].mean(0)
    angle = np.arctan2(points[:, 0] - centre[0], points[:, 2] - centre[2])
    way = dijkstra(graph, indices=np.flatnonzero(start), min_only=True)
    way = np.where(np.isfinite(way), way, 0.0)
    bins = 48
    place = ((angle + np.pi) / (2 * np.pi) * bins).astype(int) % bins
    longest = np.zeros(bins)
    np.maximum.at(longest, place[below], way[below])
    longest = np.maximum(longest, np.median(longest[longest > 0]) * 0.3)
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    longest = np.convolve(np.concatenate([longest[-2:], longest, longest[:2]]), kernel, "valid")
    position = (angle + np.pi) / (2 * np.pi) * bins - 0.5
    ends = np.interp(position, np.arange(-1, bins + 1), np.r_[longest[-1], longest, longest[0]])
    share = np.clip(way / ends, 0, 1)
    return np.stack([np.cos(angle), np.sin(angle), share], 1)


def _nearest_point(
    places: Points, facing: Points, points: Points, normals: Points, rows: Indices
) -> Indices:
    """For places [M, 3] of another surface the nearest of points[rows] that looks the same way.

    Looking the other way counts as 4 cm (our choice).
    """
    tree = cKDTree(np.concatenate([points[rows], 0.02 * normals[rows]], 1))
    found: Indices = rows[tree.query(np.concatenate([places, 0.02 * facing], 1))[1]]
    return found


def _place_bust(
    points: Points,
    normals: Points,
    template: HeadTemplate,
    below: NDArray[np.bool_],
    skin: TriangleMesh,
) -> Points:
    """Move the points below the jaw to where the skin has the same angle and share of the way."""
    rows, degree = template.neighbours, template.neighbours.shape[1]
    first = np.repeat(np.arange(len(points)), degree)
    lengths = np.linalg.norm(points[rows.ravel()] - points[first], axis=1) + 1e-9
    graph = coo_matrix((lengths, (first, rows.ravel())), (len(points),) * 2).tocsr()
    height = template.anchors[:, 1]
    start = below & (height > _JAW - 0.004)
    ours = _way_down(points, graph.maximum(graph.T), start, below)
    used = skin.used
    on_skin = np.flatnonzero(~np.isin(template.labels, [_LEFT_EYE, _RIGHT_EYE]))
    nearest = _nearest_point(
        skin.vertices[used], skin.vertex_normals[used], points, normals, on_skin
    )
    under = np.zeros(len(skin.vertices), bool)
    under[used] = below[nearest]
    ring = ~under & (np.asarray(skin.edge_graph[:, under].sum(1)).ravel() > 0)
    if not under.any() or not ring.any():
        return points
    theirs = _way_down(skin.vertices, skin.edge_graph, ring, under)
    both = np.flatnonzero(under | ring)
    tree = cKDTree(theirs[both] * [1, 1, 1.5])
    distance, near = tree.query(ours[below] * [1, 1, 1.5], min(8, len(both)))
    closeness = 1 / (distance + 0.02) ** 3
    closeness /= closeness.sum(1, keepdims=True)
    placed = np.einsum("nk,nkc->nc", closeness, skin.vertices[both[near]])
    fade = np.clip(ours[below, 2:] / _BLEND, 0, 1)
    out = points.copy()
    out[below] = (1 - fade) * points[below] + fade * placed
    return out


def _inner_mouth(
    points: Points, normals: Points, template: HeadTemplate, skin: TriangleMesh
) -> tuple[TriangleMesh, Indices]:
    """The part of the skin that takes the points inside the mouth, and the rows of its faces.

    FLAME has no mouth cavity: the inside of its lips, or else the lips, must do.
    """
    rows = np.flatnonzero(~np.isin(template.labels, [_LEFT_EYE, _RIGHT_EYE]))
    centres = skin.vertices[skin.faces].mean(1)
    facing = skin.interpolate(
        skin.vertex_normals, np.arange(len(skin.faces)), np.full((len(skin.faces), 3), 1 / 3)
    )
    labels = template.labels[_nearest_point(centres, facing, points, normals, rows)]
    for wanted in ([_INNER_MOUTH], [_INNER_MOUTH, *_LIPS]):
        chosen = np.flatnonzero(np.isin(labels, wanted))
        if len(chosen) >= 20:
            return TriangleMesh(skin.vertices, skin.faces[chosen]), chosen
    return skin, np.arange(len(skin.faces))


def _spread_duplicates(mesh: TriangleMesh, faces: Indices, weights: Points) -> Points:
    """Move points that coincide within 10 micrometres apart, inside their triangles."""
    generator = np.random.default_rng(0)
    for _ in range(20):
        cells = (mesh.interpolate(mesh.vertices, faces, weights) * 1e5).round().astype(np.int64)
        _, first = np.unique(cells, axis=0, return_index=True)
        again = np.ones(len(faces), bool)
        again[first] = False
        if not again.any():
            break
        random = generator.dirichlet([1, 1, 1], int(again.sum()))
        weights = weights.copy()
        weights[again] = 0.7 * weights[again] + 0.3 * random
    return weights


def fit_surface(mesh: TriangleMesh, template: HeadTemplate) -> FittedSurface:
    """Place the template's points on a head mesh; takes some seconds.

    Args:
        mesh: y up, the face along +z, with skin and eyeballs as its three largest pieces.
        template: the shipped template.

    Raises:
        InvalidModelError: the mesh is no head with two eyeballs.
    """
    head = _take_apart(mesh, template)
    points = template.anchors.astype(np.float64)
    normals = template.normals.astype(np.float64)
    eyes = [template.labels == label for label in (_LEFT_EYE, _RIGHT_EYE)]
    inside = template.labels == _INNER_MOUTH
    skin_points = ~(eyes[0] | eyes[1] | inside)
    below = (template.labels == _NECK) & (points[:, 1] < _JAW)
    fitting = np.flatnonzero(skin_points & ~below)[::8]
    matrix = _affine(points[fitting], normals[fitting], head.skin)
    points = np.concatenate([points, np.ones((len(points), 1))], 1) @ matrix
    points = _wrap(
        points, normals, below | ~skin_points, head.skin, _averaging(template.neighbours)
    )
    within, rows_within = _inner_mouth(points, normals, template, head.skin)
    points = _place_bust(points, normals, template, below, head.skin)
    faces, weights = head.skin.closest(points, np.where(below[:, None], 0, normals), 16)
    local, weights[inside] = within.closest(points[inside], normals[inside], 16)
    faces[inside] = rows_within[local]
    offset = len(head.skin.faces)
    for rows, eye in zip(eyes, head.eyes, strict=True):
        faces[rows], weights[rows] = eye.closest(points[rows], normals[rows], 16)
        faces[rows] += offset
        offset += len(eye.faces)
    weights = _spread_duplicates(head.whole, faces, weights)
    smooth = head.whole.interpolate(head.whole.vertex_normals, faces, weights)
    smooth /= np.maximum(np.linalg.norm(smooth, axis=1, keepdims=True), 1e-12)
    return FittedSurface(head.whole, faces, weights, smooth)
