"""Detection, crop, matting and camera of one capture: what training then only reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference.fitting.shape.camera import fit_camera
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.portrait.cropping import cut_crop
from inference.portrait.foreground import ForegroundFinder
from inference.portrait.prepare import PortraitPreparer
from inference.portrait.sampling import cut_square
from inference.portrait.types import CropBox, FaceLandmarks
from inference.rendering.camera import HEAD_CENTRE, Camera
from training.data.alignment import Observation, align_to_template
from training.data.capture import Capture, CaptureViews, Picture, RawView
from training.data.errors import BrokenSampleError
from training.data.face_finding import FaceFinder, FoundFaces, as_loaded
from training.data.head_crop import (
    cropped_camera,
    cut_labels,
    head_crop_box,
    picture_in_crop,
)
from training.data.occlusion import occlusion
from training.data.sample import TrainingView
from training.data.shard_file import NamedView

MAX_CAMERA_RESIDUAL = 0.03
"""Median distance of landmarks from the fitted camera's, as a share of the crop, above which a
lone photograph's camera is not believed (our choice; good fits stay below 0.01)."""

PROFILE = 95.0
"""Degrees from the front up to which a view shows a face, whether or not it is found: our detector
loses profiles from 60 to 80 degrees on, which the paper's did not (our choice)."""


@dataclass(frozen=True)
class LeftOut:
    """A view that was not used.

    Attributes:
        view: its name.
        reason: a sentence.
    """

    view: str
    reason: str


@dataclass(frozen=True)
class PreparedCapture:
    """A capture as it is stored."""

    views: tuple[NamedView, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class _Seen:
    """A view whose picture was read."""

    name: str
    picture: Picture
    camera: Camera  # of the picture's size
    found: FoundFaces | None


class CapturePreparer:
    """Holds the networks.

    Args:
        size: edge of the crops in pixels.
        needs_face: leave out views from behind in which no face is found.
        unoccluded: leave out faces that something hides.
    """

    def __init__(self, size: int, needs_face: bool, unoccluded: bool) -> None:
        template = HeadTemplate.load()
        self._anchors = template.anchors[template.landmark_anchors].astype(np.float64)
        self._size, self._needs_face, self._unoccluded = size, needs_face, unoccluded
        self._faces = FaceFinder()
        self._portraits = PortraitPreparer(template, size)
        self._foreground = ForegroundFinder()

    def prepare(self, capture: Capture) -> PreparedCapture:
        """Prepare one capture.

        Raises:
            BrokenSampleError: nothing of it can be used.
        """
        loaded = capture.load()
        if not loaded.views:
            raise BrokenSampleError("It has no views.")
        if loaded.views[0].camera is None:
            return PreparedCapture((self._portrait(loaded.views[0]),), ())
        return self._calibrated(loaded)

    def _portrait(self, view: RawView) -> NamedView:
        """A photograph without calibration: crop and camera from its landmarks."""
        picture = view.picture.read()
        image = as_loaded(picture, view.name)
        faces = self._portraits.detect(image)
        if not faces:
            raise BrokenSampleError("No face was found.")
        portrait = self._portraits.prepare(image, self._portraits.suggest_crop(image, faces[0]))
        if self._unoccluded:
            hidden = occlusion(portrait, tuple(faces))
            if hidden is not None:
                raise BrokenSampleError(f"The face is occluded: {hidden}.")
        if portrait.landmarks is None:
            raise BrokenSampleError("No landmarks could be found.")
        fit = fit_camera(portrait.landmarks, self._anchors.astype(np.float32), self._size)
        if fit.residual_px > MAX_CAMERA_RESIDUAL * self._size:
            raise BrokenSampleError("No camera agrees with the landmarks.")
        label = None
        if picture.label is not None:
            label = cut_labels(picture.label, portrait.crop, self._size)
        shown = TrainingView(portrait.image, portrait.alpha, fit.camera, label)
        return self._named(view.name, shown, portrait.crop, image.size)

    def _calibrated(self, loaded: CaptureViews) -> PreparedCapture:
        """Views with calibration: one similarity for all, crops from the cameras."""
        seen, left_out = self._read(loaded)
        cameras = [view.camera for view in seen]
        if not loaded.aligned and seen:
            observations = [
                Observation(view.camera, view.found.landmarks.points)
                for view in seen
                if view.found is not None and view.found.landmarks is not None
            ]
            similarity = align_to_template(observations, self._anchors)
            cameras = [similarity.move(camera) for camera in cameras]
        views = []
        for view, camera in zip(seen, cameras, strict=True):
            try:
                views.append(self._crop(view, camera))
            except BrokenSampleError as error:
                left_out.append(LeftOut(view.name, str(error)))
        if not views:
            reasons = "; ".join(f"{out.view}: {out.reason}" for out in left_out)
            raise BrokenSampleError(f"No view can be used ({reasons}).")
        return PreparedCapture(tuple(views), tuple(left_out))

    def _read(self, loaded: CaptureViews) -> tuple[list[_Seen], list[LeftOut]]:
        """Read the pictures and find their faces, where anybody asks for them."""
        seen, left_out = [], []
        for view in loaded.views:
            try:
                seen.append(self._read_view(view, loaded.aligned))
            except BrokenSampleError as error:
                left_out.append(LeftOut(view.name, str(error)))
        return seen, left_out

    def _read_view(self, view: RawView, aligned: bool) -> _Seen:
        if view.camera is None:
            raise BrokenSampleError("It has no calibration, other than its neighbours.")
        picture = view.picture.read()
        height, width = picture.rgb.shape[:2]
        stretch = width / view.camera.width / (height / view.camera.height)
        if not 0.99 < stretch < 1.01:
            raise BrokenSampleError("The picture has another shape than its calibration.")
        found = self._faces.find(picture) if self._needs_face or not aligned else None
        return _Seen(view.name, picture, view.camera.resized(width, height), found)

    def _crop(self, view: _Seen, camera: Camera) -> NamedView:
        faceless = view.found is not None and not view.found.faces
        if self._needs_face and faceless and _angle_from_front(camera) > PROFILE:
            raise BrokenSampleError("No face was found: the camera sees the back of the head.")
        box = head_crop_box(camera)
        image = as_loaded(view.picture, view.name)
        rgb, inside = cut_crop(image, box, self._size)
        if image.alpha is not None:
            centre = box.centre_x, box.centre_y
            alpha: FloatArray = cut_square(image.alpha, centre, box.side, self._size).clip(0, 1)
            alpha = alpha * inside
        else:
            landmarks = _in_crop(view.found, box, self._size)
            alpha = self._foreground.find(rgb, inside, None, landmarks)
        if alpha.mean() < 0.01:
            raise BrokenSampleError("Its foreground is empty.")
        label = view.picture.label
        shown = TrainingView(
            rgb,
            alpha,
            cropped_camera(camera, box, self._size),
            None if label is None else cut_labels(label, box, self._size),
        )
        return self._named(view.name, shown, box, image.size)

    def _named(
        self, name: str, view: TrainingView, box: CropBox, picture: tuple[int, int]
    ) -> NamedView:
        inside = picture_in_crop(box, *picture, self._size)
        everywhere = (0, 0, self._size, self._size)
        return NamedView(name, view, None if inside == everywhere else inside)


def _angle_from_front(camera: Camera) -> float:
    """Degrees between the way the face looks and the way to the camera."""
    away = camera.position - np.asarray(HEAD_CENTRE)
    return float(np.degrees(np.arccos(np.clip(away[2] / np.linalg.norm(away), -1, 1))))


def _in_crop(found: FoundFaces | None, box: CropBox, size: int) -> FaceLandmarks | None:
    if found is None or found.landmarks is None:
        return None
    return FaceLandmarks(box.to_crop(found.landmarks.points, size), found.landmarks.score)


def reasons(left_out: Sequence[LeftOut]) -> list[dict[str, str]]:
    """Left-out views as plain JSON data."""
    return [{"view": out.view, "reason": out.reason} for out in left_out]
