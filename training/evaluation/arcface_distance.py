"""Identity by ArcFace (Deng et al. 2019, https://arxiv.org/abs/1801.07698).

The models are insightface's buffalo_l, for non-commercial research only; nothing here downloads
them. insightface asks for opencv-python, which stands in the way of opencv-python-headless:
install it with `pip install --no-deps insightface onnxruntime`.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.evaluation.metric import NO_FACE, Comparison, MetricUnavailableError, Picture

DETECTION_SIZE = 640
MODELS = ("det_10g.onnx", "w600k_r50.onnx")


class ArcFaceDistance:
    """1 - cosine of the embeddings of the largest faces.

    Raises:
        MetricUnavailableError: insightface or its models are not there.
    """

    name = "ArcFace distance"
    higher_is_better = False

    def __init__(self) -> None:
        try:
            from insightface.app import FaceAnalysis
        except ImportError as error:
            raise MetricUnavailableError("the package insightface is not installed") from error
        folder = Path.home() / ".insightface" / "models" / "buffalo_l"
        missing = [name for name in MODELS if not (folder / name).is_file()]
        if missing:
            raise MetricUnavailableError(
                f"insightface's buffalo_l is missing: {missing[0]} in ~/.insightface/models/"
                "buffalo_l (non-commercial use only)"
            )
        self._finder = FaceAnalysis(
            name="buffalo_l",
            allowed_modules=["detection", "recognition"],
            providers=["CPUExecutionProvider"],
        )
        self._finder.prepare(ctx_id=-1, det_size=(DETECTION_SIZE, DETECTION_SIZE))

    def __call__(self, comparison: Comparison) -> float | None:
        truth = self._embedding(comparison.truth)
        if truth is None:
            return None
        rendered = self._embedding(comparison.rendered)
        return NO_FACE if rendered is None else 1 - float(truth @ rendered)

    def _embedding(self, picture: Picture) -> NDArray[np.float32] | None:
        """Unit vector [512] of the largest face."""
        pixels = np.clip(picture[..., ::-1] * 255 + 0.5, 0, 255).astype(np.uint8)
        # Tight crops fill the detector's view: a white rim makes the face findable.
        rim = pixels.shape[0] // 4
        framed = cv2.copyMakeBorder(
            pixels, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=(255, 255, 255)
        )
        faces = self._finder.get(framed)
        if not faces:
            return None
        largest = max(faces, key=lambda f: float(np.prod(f.bbox[2:] - f.bbox[:2])))
        embedding: NDArray[np.float32] = largest.normed_embedding
        return embedding
