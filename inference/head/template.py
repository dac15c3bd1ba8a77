"""The head template: where the 65,536 Gaussians start and what each of them stands for."""

import zipfile
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import InvalidModelError
from inference.files import resource_path
from inference.head.gaussians import (
    GAUSSIANS_PER_PATCH,
    NUM_GAUSSIANS,
    NUM_PATCHES,
    FloatArray,
)

SHIPPED = "hm08"
"""Name of the template that ships, and of the mesh that it was sampled on."""

LANDMARKS = 468
LABEL_COUNT = 19
NEIGHBOURS = 8

_FIELDS = {  # field -> dtype, trailing shape, first value that is out of range
    "anchors": (np.float32, (3,), None),
    "normals": (np.float32, (3,), None),
    "uvs": (np.float32, (2,), None),
    "labels": (np.uint8, (), LABEL_COUNT),
    "mirror": (np.int32, (), NUM_GAUSSIANS),
    "neighbours": (np.int32, (NEIGHBOURS,), NUM_GAUSSIANS),
}


@dataclass(frozen=True)
class HeadTemplate:
    """65,536 anchors in 4096 patches of 4 x 4, patches in Morton order.

    Frame: metres, y up, the face looks along +z, mid-eye at (0, 0.03, 0.05); the person's left
    is +x. Anchors 16 p to 16 p + 15 are patch p, a 4 x 4 raster whose rows run downwards.

    Attributes:
        anchors: [65536, 3] float32 metres.
        normals: [65536, 3] float32, unit, outward.
        uvs: [65536, 2] float32 texture coordinates of the hm08 mesh, v upwards.
        labels: [65536] uint8, FaRL celebm order; scalp is hair (14), bare shoulders are neck (1).
        mirror: [65536] int32, the anchor on the other side of x = 0; slots keep their number.
        landmark_anchors: [468] int32, the anchor of each MediaPipe face-mesh landmark.
        neighbours: [65536, 8] int32, nearest anchors on the same piece of surface.
        name: "hm08" for the shipped template, "flame" for one sampled on a user's FLAME mesh.
        topology: id of the point set; what each point stands for is the same in all with this id.
    """

    anchors: FloatArray
    normals: FloatArray
    uvs: FloatArray
    labels: NDArray[np.uint8]
    mirror: NDArray[np.int32]
    landmark_anchors: NDArray[np.int32]
    neighbours: NDArray[np.int32]
    name: str
    topology: str

    def __post_init__(self) -> None:
        for field, (dtype, tail, bound) in _FIELDS.items():
            array = np.ascontiguousarray(getattr(self, field), dtype)
            if array.shape != (NUM_GAUSSIANS, *tail):
                raise ValueError(f"{field} has shape {array.shape}")
            _check_range(field, array, bound)
            array.setflags(write=False)
            object.__setattr__(self, field, array)
        landmarks = np.ascontiguousarray(self.landmark_anchors, np.int32)
        if landmarks.shape != (LANDMARKS,):
            raise ValueError(f"landmark_anchors has shape {landmarks.shape}")
        _check_range("landmark_anchors", landmarks, NUM_GAUSSIANS)
        landmarks.setflags(write=False)
        object.__setattr__(self, "landmark_anchors", landmarks)
        if np.abs(np.linalg.norm(self.normals, axis=1) - 1).max() > 1e-3:
            raise ValueError("normals are not of unit length")
        if (self.mirror[self.mirror] != np.arange(NUM_GAUSSIANS)).any():
            raise ValueError("mirror is not its own inverse")

    @property
    def template_id(self) -> str:
        """What checkpoints record: which points they are, and on whose mesh if not the shipped."""
        return self.topology if self.name == SHIPPED else f"{self.topology}/{self.name}"

    @property
    def patches(self) -> FloatArray:
        """The anchors as [4096, 16, 3] metres."""
        return self.anchors.reshape(NUM_PATCHES, GAUSSIANS_PER_PATCH, 3)

    @property
    def patch_labels(self) -> NDArray[np.uint8]:
        """The most frequent label of each patch, [4096] uint8."""
        counts = np.zeros((NUM_PATCHES, LABEL_COUNT), np.int64)
        np.add.at(counts, (np.arange(NUM_GAUSSIANS) // GAUSSIANS_PER_PATCH, self.labels), 1)
        return counts.argmax(1).astype(np.uint8)

    def moved(self, anchors: FloatArray, normals: FloatArray, name: str) -> "HeadTemplate":
        """The same points at other places, [65536, 3] each."""
        return replace(self, anchors=anchors, normals=normals, name=name)

    @classmethod
    def load(cls, path: Path | None = None) -> "HeadTemplate":
        """Read a template file.

        Args:
            path: an npz file of training.template.build; None for the shipped one.

        Raises:
            InvalidModelError: the file is missing, damaged or holds no template.
        """
        path = path or resource_path("template.npz")
        try:
            with np.load(path, allow_pickle=False) as stored:
                arrays = {key: stored[key] for key in stored.files}
            normals = arrays["normals"].astype(np.float32)
            length = np.linalg.norm(normals, axis=-1, keepdims=True)
            arrays["normals"] = normals / np.maximum(length, 1e-6)  # zero is refused below
            name, topology = str(arrays.pop("name")), str(arrays.pop("topology"))
            wanted = {field.name for field in fields(cls)} & set(arrays)
            return cls(name=name, topology=topology, **{key: arrays[key] for key in wanted})
        except OSError as error:
            raise InvalidModelError(
                f"The head template {path} cannot be read: install PercHead again."
            ) from error
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise InvalidModelError(
                f"{path} is no head template or is damaged ({error}): install PercHead again."
            ) from error


def _check_range(field: str, array: NDArray[np.generic], bound: int | None) -> None:
    """Raise ValueError for values that are not finite or no index below `bound`."""
    if not np.isfinite(array.astype(np.float64)).all():
        raise ValueError(f"{field} holds values that are not finite")
    if bound is not None and len(array) and (array.min() < 0 or array.max() >= bound):
        raise ValueError(f"{field} holds values outside 0..{bound - 1}")
