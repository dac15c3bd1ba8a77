"""FaRL's face parsing (19 regions, 448 pixels) through the package pyfacer.

Zheng et al. 2021, "General Facial Representation Learning in a Visual-Linguistic Manner",
https://arxiv.org/abs/2112.03109. The only file that imports facer, which is pyfacer's module.
"""

import contextlib
import io
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from inference.catalogue.checksum import is_published_file
from inference.catalogue.locate import make_torchvision_fit, missing_package, published_file
from inference.catalogue.store import ModelStore
from inference.catalogue.table import model_entry
from inference.errors import InvalidModelError, NoFaceError
from inference.fitting.evidence.landmark_groups import LEFT_EYE, RIGHT_EYE
from inference.parsing.label_orders import label_order
from inference.parsing.protocol import FaceParsing
from inference.portrait.types import FaceLandmarks, PreparedPortrait
from inference.progress import CancelToken

WEIGHTS, DETECTOR = "farl-celebm-448", "retinaface-mobilenet"
"""What the catalogue calls the parser and the detector that finds its five points."""

INPUT = 448
"""Edge of the network's input in pixels."""

SEAM = 0.1
"""Width, over half the aligned square, in which its scores fade into the whole crop's (our
choice)."""

_NOSE_TIP, _RIGHT_CORNER, _LEFT_CORNER = 1, 61, 291  # of MediaPipe's face mesh


class FarlParser:
    """FaRL as a FaceParser.

    FaRL looks at a square of about 0.26 m around the face, aligned by five points as in
    CelebA-HQ, and says nothing about the rest of our 0.41 m: there a second look at the whole
    crop counts (our choice). The points come from RetinaFace, or from our own landmarks where it
    is not there or finds nothing.
    """

    name = "FaRL celebm 448"

    def __init__(
        self, weights: Path, detector: Path | None = None, device: torch.device | str = "cpu"
    ) -> None:
        """Load from local files; nothing is fetched.

        Args:
            weights: FaRL's TorchScript file. It is a program that will run: take it from the
                catalogue, which compares its checksum (see load_published_parser).
            detector: RetinaFace's mobilenet0.25_Final.pth; None for our landmarks alone.
            device: where both shall run.

        Raises:
            UsageError: pyfacer or torchvision is not installed, or does not fit torch.
            InvalidModelError: a file is missing, damaged or of another network.
        """
        for path in filter(None, (weights, detector)):
            if not path.is_file():
                raise InvalidModelError(f"There is no file {path}: choose the face parser's.")
        facer = _import_facer()
        self._device = torch.device(device)
        self._network = _load(
            weights,
            lambda: facer.face_parser("farl/celebm/448", self._device, model_path=str(weights)),
        )
        self._order = [int(label) for label in label_order(self._network.label_names)]
        self._detector = None
        if detector is not None:
            self._detector = _load(detector, lambda: _load_detector(facer, detector, self._device))

    @torch.no_grad()
    def parse(self, portrait: PreparedPortrait) -> FaceParsing:
        """The regions of a portrait's crop.

        Raises:
            NoFaceError: neither RetinaFace nor our landmarks found a face in it.
        """
        image = torch.from_numpy(np.ascontiguousarray(portrait.image)).clamp(0, 1)
        images = image.permute(2, 0, 1)[None].to(self._device)
        known = _points_of(portrait.landmarks)
        points = self._detected_points(images, known)
        if points is None:
            points = known
        if points is None:
            raise NoFaceError("There is no face to be found in the crop: move the crop box.")
        scores = self._scores(images, points.to(self._device, torch.float32)[None])
        ours = torch.empty_like(scores)
        ours[self._order] = scores
        return FaceParsing(ours.cpu().numpy())

    def _detected_points(
        self,
        images: torch.Tensor,  # [1, 3, S, S] RGB 0..1
        known: torch.Tensor | None,  # [5, 2] pixels
    ) -> torch.Tensor | None:
        """RetinaFace's five points [5, 2] of the face that is known, or of the largest."""
        if self._detector is None:
            return None
        found = self._detector((images * 255).round())
        if len(found["rects"]) == 0:
            return None
        points: torch.Tensor = found["points"]
        if known is not None:
            away = (points - known.to(points)).norm(dim=-1).mean(dim=1)
            return points[away.argmin()]
        left, top, right, bottom = found["rects"].unbind(1)
        return points[((right - left) * (bottom - top)).argmax()]

    def _scores(
        self,
        images: torch.Tensor,  # [1, 3, S, S] RGB 0..1
        points: torch.Tensor,  # [1, 5, 2] pixels
    ) -> torch.Tensor:
        """Scores [19, S, S] in the network's order."""
        first = torch.zeros(1, dtype=torch.int64, device=self._device)
        found = self._network(images, {"points": points, "image_ids": first})
        aligned = found["seg"]["logits"][0].float().softmax(dim=0)

        size = images.shape[-2:]
        small = functional.interpolate(images, (INPUT, INPUT), mode="bilinear", antialias=True)
        logits = self._network.forward_warped(small.clamp(0, 1), return_preds=False)
        whole = functional.interpolate(logits.float(), size, mode="bilinear")[0].softmax(dim=0)

        _, position = self._network.get_warp_grid(images, points)
        weight = ((1 - position[0].abs().amax(dim=-1)) / SEAM).clamp(0, 1)
        return torch.lerp(whole, aligned, weight)


def load_published_parser(
    store: ModelStore | None = None, device: torch.device | str = "cpu"
) -> FarlParser:
    """FaRL with RetinaFace from the catalogue, once the program's checksum is right.

    Args:
        store: where to look; the user's.
        device: where they shall run.

    Raises:
        UsageError: pyfacer or torchvision is not installed, or does not fit torch.
        InvalidModelError: a model is not on this computer, or damaged.
    """
    weights, detector = published_file(WEIGHTS, store), published_file(DETECTOR, store)
    if not is_published_file(weights, model_entry(WEIGHTS).files[-1], CancelToken()):
        raise _damaged(weights)
    return FarlParser(weights, detector, device)


def _import_facer() -> Any:
    """Import the package.

    Raises:
        UsageError: it is not installed, or torchvision does not fit torch.
    """
    make_torchvision_fit("FaRL's face parser")
    try:
        with warnings.catch_warnings(action="ignore"):  # of timm, about facer's old import
            import facer
            import facer.face_detection
    except (ImportError, RuntimeError) as error:
        raise missing_package("FaRL's face parser", "pyfacer") from error
    if not hasattr(facer, "face_parser"):
        # PyPI has another package whose module has this name.
        raise missing_package("FaRL's face parser", "pyfacer")
    return facer


def _load_detector(facer: Any, path: Path, device: torch.device) -> Any:
    # facer unpickles the file itself, with torch 2.5 anything in it: look at it first.
    torch.load(path, map_location="cpu", weights_only=True)
    return facer.face_detector("retinaface/mobilenet", device, model_path=str(path))


def _load(path: Path, load: Callable[[], Any]) -> Any:
    """Call a loader of facer, which prints what it raises.

    Raises:
        InvalidModelError: the file is not what it should be.
    """
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            return load()
    except (
        *(RuntimeError, OSError, ValueError, KeyError, TypeError, AttributeError),
        *(EOFError, AssertionError, pickle.UnpicklingError),
    ) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> InvalidModelError:
    return InvalidModelError(
        f"{path.name} is damaged or of another network: remove it and get it again."
    )


def _points_of(landmarks: FaceLandmarks | None) -> torch.Tensor | None:
    """RetinaFace's five points [5, 2] from ours; its left is the picture's."""
    if landmarks is None:
        return None
    points = landmarks.points
    eyes = [points[list(eye)].mean(axis=0) for eye in (RIGHT_EYE, LEFT_EYE)]
    others = [points[index] for index in (_NOSE_TIP, _RIGHT_CORNER, _LEFT_CORNER)]
    return torch.from_numpy(np.stack([*eyes, *others]))
