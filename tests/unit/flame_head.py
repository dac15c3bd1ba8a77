"""A head in FLAME's form, made from our own template."""

import pickle

import numpy as np
from scipy.spatial import cKDTree

from inference.head.trimesh import TriangleMesh

EYES, INNER_MOUTH = (8, 9), 11


def ball(rows, columns):
    """Unit sphere about y: vertices [V, 3] and faces."""
    polar = np.linspace(0.02, np.pi - 0.02, rows)[:, None]
    angle = np.arange(columns) / columns * 2 * np.pi
    height = np.broadcast_to(np.cos(polar), (rows, columns))
    points = np.stack([np.sin(polar) * np.sin(angle), height, np.sin(polar) * np.cos(angle)], -1)
    return points.reshape(-1, 3), tube_faces(rows, columns)


def tube_faces(rows, columns):
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b = index[:-1], index[1:]
    c, d = np.roll(b, -1, 1), np.roll(a, -1, 1)
    return np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)


AXIS, SHOULDER = np.array([0.0, 0.0, -0.04]), 0.1


def capsule(points):
    """Place on a capsule (half a sphere upwards, a tube downwards) and radius of points [N, 3]."""
    local = points - AXIS
    flat = np.linalg.norm(local[:, [0, 2]], axis=1)
    above = local[:, 1] > 0
    radius = np.where(above, np.linalg.norm(local, axis=1), flat)
    place = local / radius[:, None]
    place[~above, 1] = local[~above, 1] / SHOULDER
    return place, radius


def flame_like(template, scale=1.04, move=(0.01, -0.02, 0.015)):
    """Our own head as a smooth mesh of 5,000 vertices down to the collar, eyeballs apart."""
    places, radius = capsule(
        template.anchors[~np.isin(template.labels, [*EYES, INNER_MOUTH])].astype(np.float64)
    )
    unit, _ = ball(61, 72)
    upper = unit.reshape(61, 72, 3)[:31]
    ring = upper[-1] * [1, 0, 1]
    lower = np.stack([ring - np.array([0, 0.05 * step, 0]) for step in range(1, 36)])
    directions = np.concatenate([upper, lower]).reshape(-1, 3)
    distance, near = cKDTree(places).query(directions, 6)
    weight = 1 / (distance + 0.01)
    reach = np.minimum((radius[near] * weight).sum(1) / weight.sum(1), 0.13)[:, None]
    vertices = directions * np.where(directions[:, 1:2] >= 0, reach, [[1, 0, 1]] * reach)
    vertices[:, 1] = np.where(directions[:, 1] >= 0, vertices[:, 1], directions[:, 1] * SHOULDER)
    vertices += AXIS + 0.001 * np.sin(vertices[:, ::-1] * 70)
    eye, eye_faces = ball(16, 24)
    parts, faces = [vertices], [tube_faces(66, 72)]
    for side in (1, -1):
        faces.append(eye_faces + sum(len(part) for part in parts))
        parts.append(eye * 0.0145 + [side * 0.0295, 0.03, 0.046])
    return TriangleMesh(np.concatenate(parts) * scale + np.array(move), np.concatenate(faces))


def write_flame(path, mesh):
    """The official pickle's form: nothing but arrays."""
    content = {"v_template": mesh.vertices, "f": mesh.faces.astype(np.uint32)}
    path.write_bytes(pickle.dumps(content, 2))
    return path
