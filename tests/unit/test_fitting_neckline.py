"""The face map tells where a neck is bare, also where the photograph does not see it."""

import numpy as np

from inference.fitting.evidence.kinds import CLOTH, FACE, NECK, Kinds
from inference.head.template import HeadTemplate

COLLAR = -0.09
"""Height of a straight collar, metres."""


def kinds_of(template: HeadTemplate, seen: np.ndarray, collar: float = COLLAR) -> Kinds:
    """A head all of one colour, in clothes up to the collar."""
    colours = np.full(template.anchors.shape, 0.6, np.float32)
    cloth = (template.anchors[:, 1] < collar).astype(np.float32)
    return Kinds.of(template, colours, None, cloth, seen)


def test_seen_cloth_is_cloth_and_a_seen_neck_is_skin(template: HeadTemplate) -> None:
    front = (template.anchors[:, 2] > 0).astype(np.float32)
    neck = (template.labels == NECK) & (front > 0)
    away = np.abs(template.anchors[:, 1] - COLLAR) > 0.008
    labels = kinds_of(template, front).labels
    wanted = np.where(template.anchors[:, 1] < COLLAR, CLOTH, FACE)
    assert (labels == wanted)[neck & away].mean() > 0.98


def test_the_side_that_is_not_seen_is_like_the_other(template: HeadTemplate) -> None:
    right = ((template.anchors[:, 0] < 0) & (template.anchors[:, 2] > 0)).astype(np.float32)
    labels = kinds_of(template, right).labels
    neck = (template.labels == NECK) & (template.anchors[:, 2] > 0.01)
    assert (labels == labels[template.mirror])[neck].mean() > 0.98


def test_a_high_collar_is_high_behind(template: HeadTemplate) -> None:
    front = (template.anchors[:, 2] > -0.01).astype(np.float32)
    back = (template.labels == NECK) & (template.anchors[:, 2] < -0.04)
    low, high = (
        (kinds_of(template, front, collar).labels == CLOTH)[back].mean()
        for collar in (-0.13, -0.07)
    )
    assert high > low + 0.05
