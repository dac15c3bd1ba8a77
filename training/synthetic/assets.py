"""Everything that all synthetic heads share, loaded once."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from inference.errors import InvalidModelError
from training.synthetic.lashes import lash_roots
from training.synthetic.lighting import Panorama, load_panoramas
from training.synthetic.skin import SkinTexture, load_skins
from training.synthetic.surface import CoarseMesh, Surface, build_surface
from training.template.build import compute, template_arrays
from training.template.hm08 import AVERAGE_ADULT, HeadMesh
from training.template.labels import Part

Float = NDArray[np.float64]


@dataclass(frozen=True)
class AnchorMap:
    """The template's 65,536 anchors as points of the mesh.

    Attributes:
        weights: sparse [A, V], anchors = weights @ vertices.
        uvs: [A, 2] texture coordinates.
        labels: [A] FaRL class of bare skin.
        parts: [A] part of the mesh.
        topology: id of the point set (HeadTemplate.topology).
    """

    weights: sp.csr_matrix
    uvs: NDArray[np.float32]
    labels: NDArray[np.uint8]
    parts: NDArray[np.uint8]
    topology: str

    @classmethod
    def of(cls, mesh: HeadMesh) -> "AnchorMap":
        """The template's anchors, placed as training.template.build does."""
        built = compute(mesh)
        arrays = template_arrays(built)
        return cls(
            weights=built.matrix.tocsr(),
            uvs=np.asarray(arrays["uvs"], np.float32),
            labels=np.asarray(built.labels, np.uint8),
            parts=mesh.parts[built.samples.quads.ravel()].astype(np.uint8),
            topology=built.topology,
        )


@dataclass(frozen=True)
class Assets:
    """What a head is made from.

    Attributes:
        mesh: base mesh with morphs.
        names: the morphs' names.
        surface: the refined mesh that is drawn.
        rest: [V1, 3] refined average head.
        anchors: the template.
        skins: photographed skins; may be empty.
        panoramas: environment pictures; may be empty.
        scan_modes: [I, V, 3] one standard deviation of each scan mode, metres; I may be 0.
        lash_edges: [E, 2] from lashes.lash_roots.
    """

    mesh: HeadMesh
    names: frozenset[str]
    surface: Surface
    rest: Float
    anchors: AnchorMap
    skins: tuple[SkinTexture, ...]
    panoramas: tuple[Panorama, ...]
    scan_modes: NDArray[np.float32]
    lash_edges: NDArray[np.int64]


def load_scan_modes(path: Path, mesh: HeadMesh) -> NDArray[np.float32]:
    """Identity modes from an npz with D [I, N, 3] int8, s [I] metres and vertices [N].

    `vertices` are indices into the whole hm08 mesh; without it N must be the mesh's own V.

    Raises:
        InvalidModelError: the file belongs to another set of vertices.
    """
    with np.load(path, allow_pickle=False) as stored:
        modes = stored["D"].astype(np.float32) * (stored["s"][:, None, None] / 127)
        sources = stored.get("vertices")
    if sources is not None:
        position = np.full(int(max(sources.max(), mesh.source_indices.max())) + 1, -1)
        position[sources] = np.arange(len(sources))
        rows = position[mesh.source_indices]
        if (rows >= 0).all():
            return np.ascontiguousarray(modes[:, rows], np.float32)
    elif modes.shape[1] == len(mesh.vertices):
        return np.ascontiguousarray(modes, np.float32)
    raise InvalidModelError(
        f"{path} holds modes of other vertices: give a file with hm08 indices in 'vertices'."
    )


def build_assets(
    mesh: HeadMesh,
    anchors: AnchorMap | None = None,
    skins: Path | None = None,
    panoramas: Path | None = None,
    scan_modes: Path | None = None,
) -> Assets:
    """Put the shared parts together.

    Args:
        mesh: the base mesh with morphs.
        anchors: the template's points; by default the shipped template's.
        skins: folder of photographed skins (skin.load_skins).
        panoramas: folder of environment pictures (lighting.load_panoramas).
        scan_modes: file of identity modes (load_scan_modes).
    """
    average = mesh.canonical(mesh.identity(AVERAGE_ADULT))
    drawn = ~np.isin(mesh.parts, [Part.LASHES, Part.EYE_CAVITY])
    surface = build_surface(
        CoarseMesh(
            rest=average,
            quads=mesh.quads[drawn],
            uvs=mesh.uvs,
            uv_quads=mesh.uv_quads[drawn],
            labels=mesh.labels[drawn],
            parts=mesh.parts[drawn],
        )
    )
    return Assets(
        mesh=mesh,
        names=frozenset(str(name) for name in mesh.morph_names),
        surface=surface,
        rest=surface.operator @ average,
        anchors=anchors or AnchorMap.of(mesh),
        skins=tuple(load_skins(skins)) if skins else (),
        panoramas=tuple(load_panoramas(panoramas)) if panoramas else (),
        scan_modes=load_scan_modes(scan_modes, mesh)
        if scan_modes
        else np.zeros((0, len(mesh.vertices), 3), np.float32),
        lash_edges=lash_roots(mesh),
    )
