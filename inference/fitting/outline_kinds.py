"""Outlines of one thing are not matched with those of another.

Where a shoulder rises beside the chin, or somebody else stands behind, the matte ends at theirs.
"""

from dataclasses import replace

import cv2
import numpy as np

from inference.fitting.kinds import FACE, NECK
from inference.fitting.outline import OutlineMatches
from inference.fitting.regions import Regions
from inference.head.gaussians import FloatArray
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera

SLACK = 0.006
"""A thing is there if the face map shows it as near as this, metres (our choice)."""

FACE_REACH = 0.012
"""Metres that the face's own outline may be off: landmarks lie along it (our choice)."""


def of_one_kind(
    matches: OutlineMatches,
    template: HeadTemplate,
    camera: Camera,
    regions: Regions,
) -> OutlineMatches:
    """The outline without what would go where the face map shows none of its kind.

    Nor cheeks that would go far.

    Args:
        matches: of the head's outline.
        template: says which anchors are of neck and shoulders.
        camera: of the photograph, at the size of the regions.
        regions: what the photograph shows; without `head` and `body` all matches stay.
    """
    far = np.linalg.norm(matches.shifts, axis=1) > FACE_REACH * camera.pixels_per_metre
    cheek = template.labels[matches.anchors] == FACE
    matches = replace(matches, trust=np.where(far & cheek, 0.0, matches.trust))
    if regions.head is None or regions.body is None or len(matches.points) == 0:
        return matches
    pixels, _ = camera.project(matches.points)
    edge = 2 * max(1, round(SLACK * camera.pixels_per_metre)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (edge, edge))
    column, row = (pixels + matches.shifts).T.astype(int)

    def near(chance: FloatArray) -> FloatArray:
        spread = cv2.dilate(chance, kernel)
        height, width = spread.shape
        found = spread[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)]
        return np.asarray(found, np.float32)

    low = template.labels[matches.anchors] == NECK
    there = np.where(low, near(regions.body), near(regions.head))
    return replace(matches, trust=matches.trust * (there > 0.5))
