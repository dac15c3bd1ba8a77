"""How well a model predicts the anchors of heads that it never saw."""

from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inference.model.reconstruction import ReconstructionModel
from training.anchors.data import CLOTH, HAIR, SKIN
from training.anchors.feature_cache import FeatureCache
from training.anchors.patch_sampling import anchors_of

FACE_LABELS = (2, 4, 5, 6, 7, 8, 9, 10, 12, 13)
"""Skin, ears, brows, eyes, nose and lips, FaRL celebm order."""


@dataclass(frozen=True)
class AnchorMetrics:
    """Means over held-out views; the closer to 0 the better, except the ratios.

    Attributes:
        face_mm: distance of face anchors to their true places.
        hair_mm: the same where the head has hair.
        body_mm: the same for cloth, neck and shoulders.
        face_colour: mean absolute RGB error 0..1 on the face.
        hair_colour: the same where the head has hair.
        face_shape_ratio: variance of predicted face positions over heads by the true one;
            0 for a fixed head, 1 when people differ as much as they do.
        hair_shape_ratio: the same for anchors that are hair in some head.
        face_colour_ratio: the same for the colours of the face.
        views: how many were measured.
    """

    face_mm: float
    hair_mm: float
    body_mm: float
    face_colour: float
    hair_colour: float
    face_shape_ratio: float
    hair_shape_ratio: float
    face_colour_ratio: float
    views: int

    def to_dict(self) -> dict[str, float]:
        """Plain data for the log."""
        return {name: round(float(value), 5) for name, value in asdict(self).items()}


@torch.no_grad()
def measure(
    model: ReconstructionModel,
    cache: FeatureCache,
    labels: NDArray[np.uint8],  # [N]
    patches: NDArray[np.int64],  # [P]
    layers: int | None = None,
    batch_size: int = 8,
) -> AnchorMetrics:
    """Measure a model on all views of a held-out cache.

    Args:
        model: in evaluation mode.
        cache: plain views.
        labels: template labels of the anchors.
        patches: the patches that are measured.
        layers: as in the model's forward; 0 is the head that every portrait starts from.
        batch_size: views at a time.
    """
    per_patch = model.config.head.per_patch
    anchors = anchors_of(patches, per_patch)
    is_face = np.isin(labels[anchors], FACE_LABELS)
    rows: list[list[float]] = []
    means: list[NDArray[np.float32]] = []
    colours: list[NDArray[np.float32]] = []
    heads: list[int] = []
    for start in range(0, len(cache), batch_size):
        batch = cache.batch(np.arange(start, min(start + batch_size, len(cache))))
        tokens = model.encoder.from_features(
            batch.features, batch.images, batch.kept, batch.foreground
        )
        predicted = model.decode(tokens, torch.from_numpy(patches), layers)
        for number, head in enumerate(batch.heads):
            mean = predicted.means[number].float().numpy()
            colour = predicted.colours[number].float().numpy()
            truth = cache.targets[head]
            distance = 1e3 * np.linalg.norm(mean - truth.positions[anchors], axis=1)
            error = np.abs(colour - truth.colours[anchors] / 255).mean(1)
            kind = truth.kind[anchors]
            face, hair = is_face & (kind == SKIN), kind == HAIR
            body = (kind == CLOTH) | ((labels[anchors] == 1) & (kind == SKIN))
            rows.append(
                [
                    _mean(values, mask)
                    for values, mask in (
                        (distance, face),
                        (distance, hair),
                        (distance, body),
                        (error, face),
                        (error, hair),
                    )
                ]
            )
            means.append(mean)
            colours.append(colour)
            heads.append(int(head))
    true_means = np.stack([t.positions[anchors].astype(np.float32) for t in cache.targets])
    true_colours = np.stack(
        [t.colours[anchors].astype(np.float32) / np.float32(255) for t in cache.targets]
    )
    some_hair = np.stack([t.kind[anchors] == HAIR for t in cache.targets]).mean(0) > 0.1
    face_mm, hair_mm, body_mm, face_colour, hair_colour = (
        float(np.mean(column[np.isfinite(column)])) if np.isfinite(column).any() else float("nan")
        for column in np.array(rows).T
    )
    return AnchorMetrics(
        face_mm=face_mm,
        hair_mm=hair_mm,
        body_mm=body_mm,
        face_colour=face_colour,
        hair_colour=hair_colour,
        face_shape_ratio=_ratio(np.stack(means), heads, true_means, is_face),
        hair_shape_ratio=_ratio(np.stack(means), heads, true_means, some_hair),
        face_colour_ratio=_ratio(np.stack(colours), heads, true_colours, is_face),
        views=len(rows),
    )


def _mean(values: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    return float(values[mask].mean()) if mask.any() else float("nan")


def _ratio(
    predicted: NDArray[np.float32],  # [V, n, 3]
    heads: list[int],
    truth: NDArray[np.float32],  # [H, n, 3]
    mask: NDArray[np.bool_],  # [n]
) -> float:
    """Variance over heads of the prediction (one view of each) by the variance of the truth."""
    first = [heads.index(head) for head in range(len(truth))]
    wanted = truth[:, mask].var(0).mean()
    return float(predicted[first][:, mask].var(0).mean() / wanted) if wanted > 0 else float("nan")
