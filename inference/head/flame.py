"""The template's 65,536 points on a FLAME head that the user brings.

Li et al. 2017, "Learning a model of facial shape and expression from 4D scans",
https://flame.is.tue.mpg.de. No FLAME file ships with PercHead. FLAME: metres, y up, the face
looks along +z; the face and each eyeball are pieces of their own.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import InvalidModelError
from inference.head.correspondence import FittedSurface, fit_surface
from inference.head.inert_pickle import read_arrays
from inference.head.template import HeadTemplate
from inference.head.trimesh import Indices, Points, TriangleMesh

MAX_BYTES = 512 * 2**20
_MAX_ENTRY = 64 * 2**20
_VERTICES, _FACES = "v_template", "f"


@dataclass(frozen=True)
class FlameSampling:
    """Where the template's points lie on a FLAME mesh; fits every FLAME shape and pose.

    Attributes:
        triangles: [65536, 3] vertex indices of the triangle each point lies on.
        weights: [65536, 3] barycentric, positive, sum 1.
    """

    triangles: Indices
    weights: Points

    def anchors(self, vertices: Points) -> NDArray[np.float32]:
        """Points [65536, 3] on a FLAME mesh with vertices [V, 3]."""
        points = np.einsum("nk,nkc->nc", self.weights, vertices[self.triangles])
        return points.astype(np.float32)


def load_flame_mesh(path: Path) -> TriangleMesh:
    """Read the mean mesh of a FLAME model: the official pickle, or an npz with the same names.

    A pickle's code is never run (see inert_pickle).

    Raises:
        InvalidModelError: the file is missing, too large, damaged or no FLAME model.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidModelError(f"{path.name} is too large for a FLAME model: choose another.")
        if zipfile.is_zipfile(path):
            vertices, faces = _read_npz(path)
        else:
            vertices, faces = read_arrays(path.read_bytes(), _VERTICES, _FACES)
    except OSError as error:
        raise InvalidModelError(f"{path} cannot be read: choose another file.") from error
    shaped = vertices.ndim == 2 and faces.ndim == 2 and vertices.shape[1] == faces.shape[1] == 3
    if not shaped or not 1000 <= len(vertices) <= 100_000 or not 1000 <= len(faces) <= 200_000:
        raise InvalidModelError(f"{path.name} holds no head mesh: choose the model file of FLAME.")
    if faces.dtype.kind not in "iu" or vertices.dtype.kind != "f":
        raise InvalidModelError(f"{path.name} holds no head mesh: choose the model file of FLAME.")
    if faces.min() < 0 or faces.max() >= len(vertices) or not np.isfinite(vertices).all():
        raise InvalidModelError(f"The mesh in {path.name} is damaged: download it again.")
    return TriangleMesh(vertices.astype(np.float64), faces.astype(np.int64))


def _read_npz(path: Path) -> tuple[NDArray[np.generic], NDArray[np.generic]]:
    try:
        with zipfile.ZipFile(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
        if max(sizes.get(f"{n}.npy", _MAX_ENTRY + 1) for n in (_VERTICES, _FACES)) > _MAX_ENTRY:
            raise ValueError("v_template or f is missing or too large")
        with np.load(path, allow_pickle=False) as stored:
            return stored[_VERTICES], stored[_FACES]
    except (ValueError, KeyError, EOFError, zipfile.BadZipFile, NotImplementedError) as error:
        raise InvalidModelError(
            f"{path.name} is damaged or no model of FLAME ({error}): choose another file."
        ) from error


def sample_flame(mesh: TriangleMesh, template: HeadTemplate) -> tuple[FlameSampling, HeadTemplate]:
    """Place the template's points on a FLAME mesh.

    Args:
        mesh: from load_flame_mesh.
        template: the shipped template.

    Returns:
        The sampling, and a template with the same order, labels, landmarks and topology whose
        anchors lie on the mesh, moved (and, if its unit is not the metre, scaled) so that the
        mid-eye is at (0, 0.03, 0.05).

    Raises:
        InvalidModelError: the mesh is no head with two eyeballs.
    """
    fitted: FittedSurface = fit_surface(mesh, template)
    sampling = FlameSampling(fitted.mesh.faces[fitted.faces], fitted.weights)
    moved = template.moved(
        sampling.anchors(fitted.mesh.vertices), fitted.normals.astype(np.float32), "flame"
    )
    return sampling, moved


def load_flame_template(path: Path, template: HeadTemplate | None = None) -> HeadTemplate:
    """The template on a user's FLAME file; see load_flame_mesh and sample_flame."""
    return sample_flame(load_flame_mesh(path), template or HeadTemplate.load())[1]
