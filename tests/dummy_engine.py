"""A quick stand-in for the engine: it passes the same contract tests in milliseconds.

Faces are skin-coloured blobs; the head is an ellipsoid of 65,536 Gaussians that wears the
portrait on its front and the portrait's mean colour elsewhere. Nothing in it is learned.
"""

import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from PIL import Image, UnidentifiedImageError
from scipy import ndimage

from inference.editing.lens_words import lenses_in_words
from inference.editing.types import EditedHead, EditRequest, Style
from inference.engine_protocol import Reconstruction, ReconstructionOptions
from inference.errors import InvalidImageError, UsageError
from inference.face_map.labels import COLOURS, COUNT, Label
from inference.head.gaussians import NUM_GAUSSIANS, Gaussians
from inference.parsing.protocol import FaceParsing
from inference.portrait.types import (
    CropBox,
    FaceDetection,
    FaceLandmarks,
    LoadedImage,
    PreparedPortrait,
)
from inference.progress import CancelToken, Progress
from inference.rendering.camera import HEAD_CENTRE, orbit_camera
from inference.rendering.sharpened import PictureSharpener

RADII = np.array([0.078, 0.115, 0.098])  # metres
CROP_SIZE = 256


class UnsharpMask:
    """A sharpener that needs no network.

    Attributes:
        pictures: sizes (width, height) of what it was asked for, in order.
    """

    margin = 16

    def __init__(self) -> None:
        self.pictures: list[tuple[int, int]] = []

    def __call__(self, picture: np.ndarray, cancel: CancelToken | None = None) -> np.ndarray:
        (cancel or CancelToken()).check()
        self.pictures.append((picture.shape[1], picture.shape[0]))
        blurred = ndimage.gaussian_filter(picture, (1.5, 1.5, 0), mode="nearest")
        return np.clip(2 * picture - blurred, 0, 1).astype(np.float32)


@dataclass
class DummyEngine:
    """Implements EditingEngineProtocol.

    Attributes:
        seconds: how long every stage computes; it is real work, in the caller's thread.
        decoder_layers: upper end of the layer slider.
        sharpener: what final pictures go through, or None.
        prepared: what edits were prepared for, in order.
    """

    seconds: float = 0.02
    decoder_layers: int = 4
    sharpener: PictureSharpener | None = None
    prepared: list[EditRequest] = field(default_factory=list)

    def load_models(self, progress: Progress, cancel: CancelToken) -> None:
        self._work("Loading the models", progress, cancel)

    def open_image(self, source: Path | bytes, name: str | None = None) -> LoadedImage:
        stream = io.BytesIO(source) if isinstance(source, bytes) else source
        try:
            with Image.open(stream) as picture:
                rgba = np.asarray(picture.convert("RGBA"), np.float32) / 255
                transparent = "A" in picture.getbands()
        except (UnidentifiedImageError, OSError) as error:
            raise InvalidImageError(
                f"{name or source} is no picture that can be read: choose a JPEG or PNG file."
            ) from error
        stem = name or (source.stem if isinstance(source, Path) else "pasted")
        alpha = np.ascontiguousarray(rgba[..., 3]) if transparent else None
        return LoadedImage(np.ascontiguousarray(rgba[..., :3]), alpha, stem)

    def detect(
        self, image: LoadedImage, progress: Progress, cancel: CancelToken
    ) -> list[FaceDetection]:
        self._work("Finding the face", progress, cancel)
        step = max(1, max(image.size) // 256)
        red, green, blue = np.moveaxis(image.rgb[::step, ::step], -1, 0)
        skin = (red > 0.4) & (red > green * 1.12) & (green > blue * 1.05)
        skin = ndimage.binary_opening(skin, iterations=2)
        labels, _ = ndimage.label(skin)
        faces = []
        for index, (rows, columns) in enumerate(ndimage.find_objects(labels), start=1):
            area = int((labels[rows, columns] == index).sum())
            if area < 0.01 * skin.size:
                continue
            box = np.array([columns.start, rows.start, columns.stop, rows.stop]) * float(step)
            centre, size = (box[:2] + box[2:]) / 2, box[2:] - box[:2]
            layout = [(-0.2, -0.1), (0.2, -0.1), (0, 0.08), (0, 0.25), (-0.45, 0), (0.45, 0)]
            faces.append(
                FaceDetection(
                    tuple(box.tolist()),
                    min(1.0, 0.5 + area / skin.size),
                    centre + np.array(layout) * size,
                )
            )
        return sorted(faces, key=lambda face: -face.score)

    def suggest_crop(self, image: LoadedImage, face: FaceDetection | None) -> CropBox:
        if face is None:
            width, height = image.size
            return CropBox(width / 2, height / 2, float(min(width, height)))
        left, top, right, bottom = face.box
        side = 1.7 * max(right - left, bottom - top)
        return CropBox((left + right) / 2, (top + bottom) / 2, side)

    def prepare(
        self, image: LoadedImage, crop: CropBox, progress: Progress, cancel: CancelToken
    ) -> PreparedPortrait:
        self._work("Cutting out the head", progress, cancel)
        grid = (np.arange(CROP_SIZE) + 0.5) * crop.side / CROP_SIZE - crop.side / 2 - 0.5
        columns, rows = np.meshgrid(crop.centre_x + grid, crop.centre_y + grid)
        inside = (columns > -1) & (columns < image.size[0]) & (rows > -1) & (rows < image.size[1])
        planes = [
            ndimage.map_coordinates(image.rgb[..., channel], [rows, columns], order=1, cval=0.5)
            for channel in range(3)
        ]
        unit = (np.arange(CROP_SIZE) + 0.5) / CROP_SIZE * 2 - 1
        radius = np.hypot(unit[None] / 0.62, unit[:, None] / 0.8)
        alpha = np.clip((1.05 - radius) * 12, 0, 1) * inside
        angle = np.linspace(0, 2 * np.pi, 468, endpoint=False)
        points = CROP_SIZE * (0.5 + 0.25 * np.stack([np.cos(angle), np.sin(angle)], axis=1))
        face = (planes[0] > 0.4) & (planes[0] > planes[1] * 1.12) & (planes[1] > planes[2] * 1.05)
        return PreparedPortrait(
            np.stack(planes, axis=-1).astype(np.float32),
            alpha.astype(np.float32),
            FaceLandmarks(points, 0.9) if face.any() else None,
            crop,
        )

    def reconstruct(
        self,
        portrait: PreparedPortrait,
        options: ReconstructionOptions,
        progress: Progress,
        cancel: CancelToken,
    ) -> Reconstruction:
        started = perf_counter()
        self._work("Making the head", progress, cancel)
        seconds = {"network": perf_counter() - started}
        camera = orbit_camera(size=(portrait.size, portrait.size))
        index = np.arange(NUM_GAUSSIANS)
        height = 1 - (2 * index + 1) / NUM_GAUSSIANS
        angle = index * np.pi * (3 - np.sqrt(5))
        ring = np.sqrt(1 - height**2)
        normals = np.stack([ring * np.sin(angle), height, ring * np.cos(angle)], axis=1)
        means = normals * RADII + np.array(HEAD_CENTRE)
        weight = portrait.alpha[..., None]
        mean_colour = (portrait.image * weight).sum((0, 1)) / (weight.sum() + 1e-6)
        colours = np.broadcast_to(mean_colour, (NUM_GAUSSIANS, 3)).copy()
        colours *= (0.75 + 0.25 * normals[:, 1:2]).astype(np.float32)
        if options.fit:
            strength = options.fit_strength
            self._work("Fitting to the photograph", progress, cancel)
            pixels, _ = camera.project(means)
            column, row = np.clip(pixels.astype(int), 0, portrait.size - 1).T
            seen = np.clip(normals[:, 2:3] * 4, 0, 1) * strength
            colours = (1 - seen) * colours + seen * portrait.image[row, column]
            seconds["fit"] = perf_counter() - started - seconds["network"]
        layers = self.decoder_layers if options.layers is None else options.layers
        detail = layers / self.decoder_layers
        scales = np.full((NUM_GAUSSIANS, 3), 0.0011 / max(detail, 0.25), np.float32)
        colours = detail * colours + (1 - detail) * mean_colour
        gaussians = Gaussians(
            means.astype(np.float32),
            np.tile(np.array([1, 0, 0, 0], np.float32), (NUM_GAUSSIANS, 1)),
            scales,
            np.full(NUM_GAUSSIANS, 0.9, np.float32),
            np.clip(colours, 0, 1).astype(np.float32),
        )
        return Reconstruction(gaussians, camera, portrait, options, seconds, "dummy")

    def parse(
        self, portrait: PreparedPortrait, progress: Progress, cancel: CancelToken
    ) -> FaceParsing:
        self._work("Reading the face map", progress, cancel)
        unit = (np.arange(portrait.size) + 0.5) / portrait.size * 2 - 1
        labels = np.where(portrait.alpha > 0.5, Label.HAIR, Label.BACKGROUND).astype(np.uint8)
        inside = np.hypot(unit[None] / 0.45, unit[:, None] / 0.6) < 1
        labels[inside & (portrait.alpha > 0.5)] = Label.FACE
        scores = labels[None] == np.arange(COUNT, dtype=np.uint8)[:, None, None]
        return FaceParsing(scores.astype(np.float32))

    def style_of_portrait(
        self, portrait: PreparedPortrait, progress: Progress, cancel: CancelToken
    ) -> Style:
        self._work("Reading the style", progress, cancel)
        weight = portrait.alpha[..., None]
        colour = (portrait.image * weight).sum((0, 1)) / (weight.sum() + 1e-6)
        return self._style(colour, "this portrait")

    def style_of_text(self, text: str, progress: Progress, cancel: CancelToken) -> Style:
        if not text.strip():
            raise UsageError("Write what the head shall look like, for example: grey curly hair.")
        self._work("Reading the words", progress, cancel)
        seed = int.from_bytes(text.encode()[:8].ljust(8), "little")
        style = self._style(np.random.default_rng(seed).random(3), text)
        return replace(style, dark_lenses=lenses_in_words(text))

    def edit(self, request: EditRequest, progress: Progress, cancel: CancelToken) -> EditedHead:
        """An ellipsoid in the map's colours, tinted by the style."""
        started = perf_counter()
        self._work("Making the head", progress, cancel)
        size = len(request.labels)
        camera = request.base.camera if request.base else orbit_camera(size=(size, size))
        index = np.arange(NUM_GAUSSIANS)
        height = 1 - (2 * index + 1) / NUM_GAUSSIANS
        angle = index * np.pi * (3 - np.sqrt(5))
        ring = np.sqrt(1 - height**2)
        normals = np.stack([ring * np.sin(angle), height, ring * np.cos(angle)], axis=1)
        means = (normals * RADII + np.array(HEAD_CENTRE)).astype(np.float32)
        pixels = camera.project(means)[0] * (size / camera.width)
        column, row = np.clip(pixels.astype(int), 0, size - 1).T
        tint = np.abs(request.style.vector[:3]) / np.abs(request.style.vector[:3]).max()
        colours = COLOURS[request.labels[row, column]] / 255 * tint
        own, style = request.base_labels, request.base_style
        if request.base is not None and own is not None and style is not None:
            # The portrait's own look stays where neither map nor style changed.
            same = request.labels[row, column] == own[row, column]
            alike = max(0.0, float(request.style.vector @ style.vector)) ** 32
            keep = request.keep_identity * alike * same[:, None]
            colours = (1 - keep) * colours + keep * request.base.gaussians.colours
        gaussians = Gaussians(
            means,
            np.tile(np.array([1, 0, 0, 0], np.float32), (NUM_GAUSSIANS, 1)),
            np.full((NUM_GAUSSIANS, 3), 0.0011, np.float32),
            np.full(NUM_GAUSSIANS, 0.9, np.float32),
            np.clip(colours, 0, 1).astype(np.float32),
        )
        return EditedHead(gaussians, camera, request, {"edit": perf_counter() - started}, "dummy")

    def prepare_edits(self, request: EditRequest, progress: Progress, cancel: CancelToken) -> None:
        self._work("Making the head", progress, cancel)
        self.prepared.append(request)

    @staticmethod
    def _style(colour: np.ndarray, description: str) -> Style:
        vector = np.append(colour, 0.1)
        return Style((vector / np.linalg.norm(vector)).astype(np.float32), "dummy", description)

    def _work(self, stage: str, progress: Progress, cancel: CancelToken) -> None:
        """Compute for a while: numpy work in the calling thread, and in no other."""
        values = np.linspace(0, 1, 50_000)
        started = perf_counter()
        progress(stage, 0.0)
        while (elapsed := perf_counter() - started) < self.seconds:
            cancel.check()
            np.sin(np.sqrt(values))
            progress(stage, elapsed / self.seconds)
        cancel.check()
        progress(stage, 1.0)
