"""Things that are worn: meshes with a finish; clear ones are drawn blended, after the hair."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.synthetic.meshes import Mesh

Single = NDArray[np.float32]


@dataclass(frozen=True)
class Finish:
    """What a thing is made of.

    Attributes:
        colour: linear RGB [3]; of a lens, its tint.
        roughness: 0 mirror to 1 chalk.
        metal: 0 or 1.
        opacity: 1 solid; less is a lens, drawn blended over what lies behind it.
        weave: 0 smooth, 1 knitted; ribs run along the second texture coordinate.
    """

    colour: tuple[float, float, float]
    roughness: float = 0.5
    metal: float = 0.0
    opacity: float = 1.0
    weave: float = 0.0


@dataclass(frozen=True)
class Accessory:
    """One worn mesh.

    Attributes:
        name: for the record.
        label: FaRL class.
        points: [N, 3] metres, world frame.
        normals: [N, 3] unit.
        uvs: [N, 2] metres along the surface, for knitted ribs.
        triangles: [T, 3] int32.
        finish: what it is made of.
    """

    name: str
    label: int
    points: Single
    normals: Single
    uvs: Single
    triangles: NDArray[np.int32]
    finish: Finish

    @property
    def clear(self) -> bool:
        """Whether one can see through it."""
        return self.finish.opacity < 1

    def finish_rows(self) -> Single:
        """Colour, roughness, metal, opacity and weave of each vertex, [N, 7]."""
        f = self.finish
        row = np.array([*f.colour, f.roughness, f.metal, f.opacity, f.weave], np.float32)
        return np.tile(row, (len(self.points), 1))


def worn(name: str, label: int, mesh: Mesh, finish: Finish) -> Accessory:
    """A mesh as an accessory."""
    return Accessory(
        name,
        int(label),
        mesh.points.astype(np.float32),
        mesh.normals.astype(np.float32),
        mesh.uvs.astype(np.float32),
        mesh.triangles,
        finish,
    )
