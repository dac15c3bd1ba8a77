"""Where things are worn on one head: places found through the average head."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from training.synthetic.assets import Assets
from training.synthetic.meshes import unit

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Wearer:
    """A posed head as its accessories see it.

    Attributes:
        rest: [B, 3] outer skin (ears included) on the average head, metres.
        points, normals: [B, 3] the same vertices on this head.
        ears: [B] whether a vertex belongs to an ear.
        eyes: [2, 3] centres of the left and right eyeball.
        eye_radius: metres.
    """

    rest: Float
    points: Float
    normals: Float
    ears: NDArray[np.bool_]
    eyes: Float
    eye_radius: float

    @classmethod
    def of(cls, assets: Assets, points: Float, normals: Float, vertices: Float) -> "Wearer":
        """The wearer with refined points and normals [V1, 3] and base vertices [V, 3]."""
        surface = assets.surface
        ear = np.unique(surface.gather[np.isin(surface.labels, (4, 5))])
        body = np.concatenate([np.setdiff1d(surface.body, ear), ear])
        left, right = assets.mesh.eye_vertices.T
        balls = vertices[left], vertices[right]
        return cls(
            rest=assets.rest[body],
            points=points[body],
            normals=normals[body],
            ears=np.isin(body, ear),
            eyes=np.stack([ball.mean(0) for ball in balls]),
            eye_radius=float(np.linalg.norm(balls[0] - balls[0].mean(0), axis=1).max()),
        )

    def at(self, rest: Float, ear: bool | None = None) -> tuple[Float, Float]:
        """Places [N, 3] and normals [N, 3] on this head of points [N, 3] of the average head.

        Args:
            rest: metres, near the skin of the average head.
            ear: look on the ears only, off the ears only, or (None) everywhere.
        """
        pool = np.arange(len(self.rest))
        if ear is not None:
            pool = np.flatnonzero(self.ears == ear)
        distance, nearest = cKDTree(self.rest[pool]).query(rest, 4)
        weight = 1 / (distance + 3e-4) ** 2
        weight /= weight.sum(-1, keepdims=True)
        chosen = pool[nearest]
        place = (self.points[chosen] * weight[..., None]).sum(-2)
        normal = (self.normals[chosen] * weight[..., None]).sum(-2)
        return place, unit(normal)

    def front(self, x: Float, y: Float) -> Float:
        """Height z [N] of the face's front surface at x [N], y [N], metres."""
        face = (self.normals[:, 2] > 0.1) & (self.points[:, 2] > 0.0)
        distance, nearest = cKDTree(self.points[face][:, :2]).query(np.stack([x, y], 1), 4)
        weight = 1 / (distance + 3e-4)
        z: Float = (self.points[face][:, 2][nearest] * weight).sum(1) / weight.sum(1)
        return z

    def pushed_out(self, places: Float, clearance: float) -> Float:
        """Points [N, 3] moved along the skin's normals until `clearance` metres off it."""
        skin = ~self.ears
        tree = cKDTree(self.points[skin])
        for _ in range(3):
            _, nearest = tree.query(places)
            normal = self.normals[skin][nearest]
            height = ((places - self.points[skin][nearest]) * normal).sum(1, keepdims=True)
            places = places + normal * np.maximum(clearance - height, 0)
        return places

    def neck(self, azimuth: Float, height: Float) -> tuple[Float, Float]:
        """Places [N, 3] and outward directions [N, 3] round the neck.

        Args:
            azimuth: [N] radians from the front, towards the person's left, about the neck.
            height: [N] metres on the average head.
        """
        x, y, z = self.rest.T
        low = (y < -0.04) & (y > -0.25) & ~self.ears
        own = np.arctan2(x[low], z[low] + 0.035)
        turn = (own[None] - azimuth[:, None] + np.pi) % (2 * np.pi) - np.pi
        fall = y[low][None] - height[:, None]
        weight = np.exp(-((turn / 0.14) ** 2) - (fall / 0.007) ** 2) + 1e-12
        weight /= weight.sum(1, keepdims=True)
        return weight @ self.points[low], unit(weight @ self.normals[low])
