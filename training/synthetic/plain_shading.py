"""The looks of a head without shadows or textures of skin: what the software renderer shows."""

import numpy as np
from numpy.typing import NDArray

from training.synthetic.accessories import Accessory
from training.synthetic.brows import brow_cover
from training.synthetic.head import Head
from training.synthetic.labels import Surface as Material
from training.synthetic.lighting import LUMINANCE, sh_basis
from training.synthetic.pictures import SurfacePoints
from training.template.labels import Label

Single = NDArray[np.float32]
Float = NDArray[np.float64]

# Lambert's cosine as factors on the bands of spherical harmonics, over pi: Ramamoorthi and
# Hanrahan, "An Efficient Representation for Irradiance Environment Maps" (2001).
_BANDS = np.array([np.pi, *[2 * np.pi / 3] * 3, *[np.pi / 4] * 5]) / np.pi
_MOUTH = {Material.TEETH: (0.60, 0.53, 0.43), Material.TONGUE: (0.30, 0.11, 0.10)}
_CAVITY = (0.06, 0.015, 0.012)


class PlainShading:
    """Colours of one head's points.

    Args:
        head: whose.
        face_normals: [N, 3] normals of the face, whose brightness sets the exposure.
    """

    def __init__(self, head: Head, face_normals: Float) -> None:
        self._head = head
        mean = float((self._light(face_normals) @ LUMINANCE).mean())
        self._exposure = head.exposure / max(mean, 1e-6)

    def _light(self, directions: Float | Single) -> Float:
        """What a white surface with normals [N, 3] sends back, [N, 3]."""
        light, normals = self._head.light, np.asarray(directions, np.float64)
        ambient = (sh_basis(normals) * _BANDS) @ light.sh
        facing = np.clip(normals @ light.key_direction, 0, None)[:, None]
        total: Float = np.maximum(ambient, 0) + light.key_colour * facing / np.pi
        return total

    def _film(self, radiance: Float) -> Single:
        c = (1 - np.exp(-1.5 * np.maximum(radiance, 0) * self._exposure)) ** (1 / 2.2)
        contrast = self._head.contrast
        return np.clip(c * (1 - contrast) + c * c * (3 - 2 * c) * contrast, 0, 1).astype(np.float32)

    def surface(self, at: SurfacePoints) -> Single:
        """Colours [N, 4] of points on skin or cloth; the last channel is 0 where cloth ends."""
        head, skin = self._head, self._head.skin
        albedo = np.tile(np.asarray(skin.tone, np.float64), (len(at.points), 1))
        if skin.texture is not None:
            image = skin.texture.image
            size = np.array([image.shape[1], image.shape[0]])
            cell = np.clip((at.uvs * size).astype(int), 0, size - 1)
            albedo = (image[cell[:, 1], cell[:, 0]] / 255.0) ** 2.2 * skin.gain
        lips = np.isin(at.labels, (Label.UPPER_LIP, Label.LOWER_LIP))
        albedo[lips] *= skin.lip_tint
        hairy = np.clip(at.scalp * head.style.undercoat, 0, 1)[:, None]
        albedo = albedo * (1 - hairy) + head.hair_tone * 0.8 * hairy
        brows = head.facial.brows
        brow = (brow_cover(np.asarray(at.rest, np.float64), brows) * brows.density)[:, None]
        brow = np.where(at.parts[:, None] == Material.SKIN, brow, 0.0)
        albedo = albedo * (1 - brow) + brows.tone * brow
        for part, colour in _MOUTH.items():
            albedo[at.parts == part] = colour
        albedo[at.parts == Material.MOUTH_CAVITY] = _CAVITY
        cloth = at.parts == Material.CLOTH
        albedo[cloth] = head.cloth.first
        self._paint_eyes(at, albedo)
        colours = np.ones((len(albedo), 4), np.float32)
        colours[:, :3] = self._film(albedo * self._light(at.normals))
        colours[cloth & (at.scalp < 0)] = 0
        return colours

    def _paint_eyes(self, at: SurfacePoints, albedo: Float) -> None:
        eyes = self._head.eyes
        for row, label in enumerate((Label.LEFT_EYE, Label.RIGHT_EYE)):
            ball = (at.parts == Material.EYE) & (at.labels == label)
            away = at.points[ball] - eyes.centres[row]
            away /= np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
            angle = np.arccos(np.clip(away @ eyes.gaze[row], -1, 1))[:, None]
            iris = np.where(angle < 0.6 * eyes.iris_angle, eyes.inner, eyes.outer)
            colour = np.where(angle < eyes.iris_angle, iris, [0.6, 0.56, 0.53])
            dark = angle < eyes.iris_angle * eyes.pupil
            albedo[ball] = np.where(dark, 0.01, colour)

    def worn(self, thing: Accessory) -> Single:
        """Colours [N, 4] of a worn mesh's vertices, premultiplied."""
        albedo = np.tile(np.asarray(thing.finish.colour), (len(thing.points), 1))
        opacity = np.float32(thing.finish.opacity)
        colours = np.full((len(albedo), 4), opacity, np.float32)
        colours[:, :3] = self._film(albedo * self._light(thing.normals)) * opacity
        return colours

    def strands(self, points: Single, tones: Single) -> Single:
        """Colours [N, 3] of points on hairs with linear tones [N, 3]."""
        away = points - np.array([0.0, 0.0, -0.03], np.float32)
        away[:, 1] -= np.clip(points[:, 1], -0.25, 0.03)
        normals = away / np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-9)
        return self._film(tones * self._light(normals))
