"""Readers of the two text formats of MakeHuman: the quad mesh (.obj) and morph targets."""

import gzip
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class ObjMesh:
    """A quad mesh as in the file.

    Attributes:
        vertices: [V, 3] in the file's unit (decimetres in hm08).
        uvs: [T, 2] texture coordinates, v upwards.
        quads: [Q, 4] vertex indices.
        uv_quads: [Q, 4] indices into `uvs`, -1 where the file has none.
        groups: [Q] group name of each quad.
    """

    vertices: FloatArray
    uvs: FloatArray
    quads: IntArray
    uv_quads: IntArray
    groups: NDArray[np.str_]


def parse_obj(text: str) -> ObjMesh:
    """Parse the lines v, vt, g and f; every face must be a quad.

    Raises:
        ValueError: a face is not a quad.
    """
    vertices: list[list[float]] = []
    uvs: list[list[float]] = []
    quads: list[list[int]] = []
    uv_quads: list[list[int]] = []
    groups: list[str] = []
    group = ""
    for line in text.splitlines():
        key, *rest = line.split() or [""]
        if key == "v":
            vertices.append([float(x) for x in rest[:3]])
        elif key == "vt":
            uvs.append([float(x) for x in rest[:2]])
        elif key == "g":
            group = rest[0]
        elif key == "f":
            corners = [corner.split("/") for corner in rest]
            if len(corners) != 4:
                raise ValueError(f"a face has {len(corners)} corners, expected 4")
            quads.append([int(corner[0]) - 1 for corner in corners])
            uv_quads.append([int(c[1]) - 1 if len(c) > 1 and c[1] else -1 for c in corners])
            groups.append(group)
    return ObjMesh(
        np.array(vertices, np.float64),
        np.array(uvs, np.float64),
        np.array(quads, np.int64),
        np.array(uv_quads, np.int64),
        np.array(groups),
    )


def parse_target(data: bytes, count: int) -> NDArray[np.float32]:
    """Parse a morph target: lines of "index dx dy dz", gzip or plain.

    Args:
        data: the file's bytes.
        count: number of vertices of the whole mesh.

    Returns:
        [count, 3] displacement in the mesh's unit, zero where the target is silent.
    """
    text = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    rows = [line.split() for line in text.splitlines() if line[:1] not in (b"#", b"")]
    delta = np.zeros((count, 3), np.float32)
    rows = [row for row in rows if len(row) >= 4]
    if rows:
        indices = np.array([int(row[0]) for row in rows])
        delta[indices] = np.array([[float(x) for x in row[1:4]] for row in rows], np.float32)
    return delta
