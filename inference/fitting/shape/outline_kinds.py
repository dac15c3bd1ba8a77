"""Outlines of one thing are not matched with those of another.

Where a shoulder rises beside the chin, or somebody else stands behind, the matte ends at theirs.
"""

from dataclasses import replace

import numpy as np

from inference.fitting.evidence.kinds import FACE, NECK
from inference.fitting.evidence.regions import Regions
from inference.fitting.shape.outline import OutlineMatches, shown_at_targets
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
    slack = SLACK * camera.pixels_per_metre
    head, body = (
        shown_at_targets(matches, camera, map_, slack) for map_ in (regions.head, regions.body)
    )
    there = np.where(template.labels[matches.anchors] == NECK, body, head)
    return replace(matches, trust=matches.trust * (there > 0.5))
