"""Ambient light of one head: depth maps of what is solid, and a volume of its hair."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.synthetic.assets import Assets
from training.synthetic.head import Head
from training.synthetic.occlusion import gather_irradiance
from training.synthetic.projection import light_matrix
from training.synthetic.strand_light import (
    HairVolume,
    fill_volume,
    no_hair,
    sample_volume,
    solid_head,
)
from training.template.labels import Part

Single = NDArray[np.float32]
_SIZE, _RADIUS = 192, 0.34
_ABOVE_SKIN = np.float32(0.006)
"""Metres above the skin where the hair's volume is read, so that roots do not shade themselves."""


@dataclass(frozen=True)
class AmbientLight:
    """What of each light arrives where.

    Attributes:
        volume: light inside the hair.
        maps: directions [M, 3], irradiances [M, 3], matrices [M, 4, 4] and depth maps [M, S, S]
            as occlusion.gather_irradiance takes them.
    """

    volume: HairVolume
    maps: tuple[Single, Single, Single, Single]

    def irradiance(self, points: Single, normals: Single) -> tuple[Single, Single, Single]:
        """Ambient irradiance [N, 3], openness [N] and what hair leaves of the key [N]."""
        passed = self.volume.passed
        if passed.size == passed.shape[-1]:
            passed = passed.reshape(1, -1)
        else:
            passed = sample_volume(points + _ABOVE_SKIN * normals, passed)
        ambient, opened = gather_irradiance(
            np.ascontiguousarray(points, np.float32),
            np.ascontiguousarray(normals, np.float32),
            passed,
            *self.maps,
        )
        return ambient, opened, np.broadcast_to(passed[:, -1], opened.shape)


class AmbientTracer:
    """Traces the ambient light of heads with OpenGL depth maps.

    Args:
        context: the moderngl context.
        depth_program: draws depth alone; takes "VP" and positions.
        assets: what heads are made from.
    """

    def __init__(self, context: Any, depth_program: Any, assets: Assets) -> None:
        self._ctx, self._program = context, depth_program
        self._map = context.depth_texture((_SIZE, _SIZE))
        self._map.compare_func = ""
        self._target = context.framebuffer([], self._map)
        mesh = assets.mesh
        quads = mesh.quads[~np.isin(mesh.parts, [Part.LASHES, Part.EYE_CAVITY])]
        coarse = quads[:, [0, 1, 2, 0, 2, 3]].astype(np.int32)
        self._triangles = context.buffer(coarse.tobytes())
        self._solid = solid_head(np.asarray(assets.rest))

    def trace(self, head: Head, worn: list[Any]) -> AmbientLight:
        """Follow all ambient lights of a head.

        Args:
            head: whose light.
            worn: vertex arrays of solid worn things for the depth program.
        """
        buffer = self._ctx.buffer(head.vertices.astype("f4").tobytes())
        solid = self._ctx.vertex_array(self._program, [(buffer, "3f", "pos")], self._triangles)
        directions = head.light.directions
        matrices = np.stack([light_matrix(d, _RADIUS) for d in directions])
        depths = np.empty((len(directions), _SIZE, _SIZE), np.float32)
        self._target.use()
        self._ctx.enable_only(self._ctx.DEPTH_TEST)
        for matrix, depth in zip(matrices, depths, strict=True):
            self._target.clear(depth=1.0)
            self._program["VP"].write(matrix.T.astype("f4").tobytes())
            for array in (solid, *worn):
                array.render(self._ctx.TRIANGLES)
            self._map.read_into(depth)
        solid.release()
        buffer.release()
        maps = (directions, head.light.irradiance, matrices, depths)
        first, second, third, fourth = (x.astype(np.float32) for x in maps)
        return AmbientLight(self._volume(head), (first, second, third, fourth))

    def _volume(self, head: Head) -> HairVolume:
        hair, light = head.strands, head.light
        if hair is None:
            return no_hair(len(light.directions))
        tone = float(head.hair_tone.mean())
        return fill_volume(hair.points, hair.half_widths, tone, light, self._solid)
