"""Which quads of the head carry anchors, and how densely."""

import numpy as np
from numpy.typing import NDArray

from training.template.hm08 import HeadMesh
from training.template.labels import Label, Part

FloatArray = NDArray[np.float64]

# All values of this module are our choice (metres, and densities relative to the scalp's).
_CENTRE, _RADIUS, _LOWEST = np.array([0.0, -0.04, -0.02]), 0.30, -0.235
_SKIN_DENSITY = {
    Label.FACE: 1.0,
    Label.NOSE: 2.2,
    Label.LOWER_LIP: 2.6,
    Label.UPPER_LIP: 2.6,
    Label.LEFT_EAR: 0.8,
    Label.RIGHT_EAR: 0.8,
    Label.NECK: 0.6,
}
_FRONT, _AROUND_EYES, _SHOULDERS = 1.8, 2.4, 0.22
_HIDDEN = {Part.MOUTH_CAVITY: 0.12, Part.TONGUE: 0.2, Part.TEETH: 0.8, Part.EYEBALL: 2.4}


def quad_centres(mesh: HeadMesh, vertices: FloatArray) -> FloatArray:
    """Mean of each quad's corners, [Q, 3], for vertices [V, 3]."""
    centres: FloatArray = vertices[mesh.quads].mean(1)
    return centres


def covered_quads(mesh: HeadMesh, vertices: FloatArray) -> NDArray[np.bool_]:
    """Quads [Q] that carry anchors: the bust inside a sphere, without what no one ever sees.

    Left out: lashes, eye sockets, the back of the eyeballs, the root of the tongue.

    Args:
        mesh: the head mesh.
        vertices: [V, 3] the template's shape, canonical frame.
    """
    centres = quad_centres(mesh, vertices)
    near = (np.linalg.norm(centres - _CENTRE, axis=1) < _RADIUS) & (centres[:, 1] > _LOWEST)
    seen = ~np.isin(mesh.parts, [Part.LASHES, Part.EYE_CAVITY])
    eye = mesh.parts == Part.EYEBALL
    eye_depth = mesh.eye_centres(vertices)[:, 2].mean()
    seen &= ~(eye & (centres[:, 2] < eye_depth - 0.001))
    inside = mesh.parts == Part.TONGUE
    lips = np.isin(mesh.labels, [Label.LOWER_LIP, Label.UPPER_LIP])
    mouth_front = centres[lips][:, 2].max()
    seen &= ~(inside & (centres[:, 2] < mouth_front - 0.045))
    covered: NDArray[np.bool_] = near & seen
    return covered


def quad_density(mesh: HeadMesh, vertices: FloatArray) -> FloatArray:
    """Wanted anchors per area of each quad, [Q], relative to the scalp's."""
    centres = quad_centres(mesh, vertices)
    density = np.ones(len(centres))
    for label, value in _SKIN_DENSITY.items():
        density[mesh.labels == label] = value
    face = mesh.labels == Label.FACE
    density[face & (centres[:, 2] > 0) & (centres[:, 1] < 0.09)] = _FRONT
    eyes = mesh.eye_centres(vertices)
    for eye in eyes:
        near = np.linalg.norm((centres - eye) / [1.0, 0.8, 1.5], axis=1) < 0.024
        density[face & near] = _AROUND_EYES
    density[(mesh.labels == Label.NECK) & (centres[:, 1] < -0.16)] = _SHOULDERS
    for part, value in _HIDDEN.items():
        density[mesh.parts == part] = value
    return density
