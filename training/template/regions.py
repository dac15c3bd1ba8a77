"""Labels of the anchors: quad labels, with smooth borders for nose, jaw, brows and hairline."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from training.template.hm08 import MID_EYE, HeadMesh
from training.template.labels import NOSE_REACH, ByteArray, Label, Part
from training.template.patches import FloatArray, Samples

# Outlines on the average adult in the canonical frame, metres; drawn by us on its pictures.
_BROW_LINE = np.array(  # |x|, y, half the brow's height, from the nose outwards
    [
        [0.0105, 0.0440, 0.0042],
        [0.0200, 0.0478, 0.0044],
        [0.0310, 0.0515, 0.0040],
        [0.0420, 0.0515, 0.0033],
        [0.0500, 0.0475, 0.0023],
        [0.0555, 0.0425, 0.0010],
    ]
)
_HAIRLINE = np.array(  # (z, y) seen from the side: forehead, temple, sideburn, behind the ear, nape
    [
        *[(0.120, 0.098), (0.060, 0.098), (0.046, 0.088), (0.034, 0.068), (0.026, 0.048)],
        *[(0.014, 0.040), (0.010, 0.006), (-0.006, 0.002), (-0.014, 0.020), (-0.034, 0.020)],
        *[(-0.042, -0.012), (-0.052, -0.042), (-0.075, -0.056), (-0.160, -0.062)],
        *[(-0.200, -0.062), (-0.200, 0.200), (0.120, 0.200)],
    ]
)
_NOSE_DROP = (-0.005, 0.015, 0.028, 0.042, 0.0475)  # below the eyes
_NOSE_HALF_WIDTH = (0.0085, 0.0110, 0.0175, 0.0190, 0.0140)
_NECK_MOVED = 0.0035  # displacement by the neck's morphs at which the neck begins


def _inside(polygon: FloatArray, x: FloatArray, y: FloatArray) -> NDArray[np.bool_]:
    """Whether points lie inside a polygon [K, 2] (even-odd rule)."""
    inside = np.zeros(len(x), bool)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, 0), strict=True):
        if y0 != y1:
            crosses = (y < y0) != (y < y1)
            inside ^= crosses & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return inside


def _moved(mesh: HeadMesh, name: str) -> FloatArray:
    row = int(np.flatnonzero(mesh.morph_names == name)[0])
    lengths: FloatArray = np.linalg.norm(mesh.morph_deltas[row].astype(np.float64), axis=1)
    return lengths


def _nose(mesh: HeadMesh, matrix: sp.csr_matrix) -> NDArray[np.bool_]:
    base = matrix @ mesh.vertices - MID_EYE
    body = np.unique(mesh.quads[mesh.parts == Part.SKIN])
    field = np.zeros(len(mesh.vertices))
    for name, share in NOSE_REACH.items():
        moved = _moved(mesh, f"nose/nose-{name}")
        field = np.maximum(field, moved / (share * moved[body].max()))
    bridge = (base[:, 1] < 0.0046) & (base[:, 2] > -0.0095)
    # Narrow between the eyes, as wide as the wings at their height, not below the nostrils.
    wings = np.abs(base[:, 0]) < np.interp(-base[:, 1], _NOSE_DROP, _NOSE_HALF_WIDTH)
    nose: NDArray[np.bool_] = (matrix @ field > 1) & bridge & wings & (base[:, 1] > -_NOSE_DROP[-1])
    return nose


def _neck(mesh: HeadMesh, matrix: sp.csr_matrix) -> NDArray[np.bool_]:
    moved = [_moved(mesh, f"neck/neck-scale-{way}-incr") for way in ("horiz", "depth")]
    below = (matrix @ mesh.vertices - MID_EYE)[:, 1]
    neck: NDArray[np.bool_] = (matrix @ np.maximum(*moved) > _NECK_MOVED) & (below < -0.0634)
    return neck | (below < -0.1234)


def label_anchors(
    mesh: HeadMesh, samples: Samples, matrix: sp.csr_matrix, anchors: FloatArray
) -> ByteArray:
    """Label of each anchor in FaRL celebm order.

    Args:
        mesh: the head mesh.
        samples: the anchors' places on it, [P, 16].
        matrix: sparse [N, V] that carries vertices to anchors.
        anchors: [N, 3] the template, canonical frame.

    Returns:
        [N] uint8; the scalp is HAIR, brows are labelled, bare shoulders are NECK.
    """
    quads = samples.quads.ravel()
    labels = mesh.labels[quads].copy()
    skin = mesh.parts[quads] == Part.SKIN
    plain = skin & np.isin(labels, [Label.FACE, Label.NECK, Label.NOSE])
    x, y, z = anchors.T
    labels[plain] = Label.FACE
    labels[plain & _neck(mesh, matrix)] = Label.NECK
    labels[plain & _nose(mesh, matrix)] = Label.NOSE
    labels[plain & _inside(_HAIRLINE, z, y)] = Label.HAIR
    middle = np.interp(np.abs(x), _BROW_LINE[:, 0], _BROW_LINE[:, 1])
    half = np.interp(np.abs(x), _BROW_LINE[:, 0], _BROW_LINE[:, 2], left=0, right=0)
    brow = (labels == Label.FACE) & (np.abs(y - middle) < half) & (z > 0)
    labels[brow] = np.where(x[brow] > 0, Label.LEFT_BROW, Label.RIGHT_BROW)
    return labels
