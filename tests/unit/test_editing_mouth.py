"""A painted opening between closed lips is dark; teeth and all else keep their colours."""

import numpy as np

from inference.editing.kinds import SKIN
from inference.editing.mouth import open_mouth
from inference.editing.painted_head import PaintedHead
from inference.editing.spread import EDGE, pixels_of
from inference.face_map.labels import Label
from inference.head.template import HeadTemplate
from inference.rendering.camera import orbit_camera


def painted(template: HeadTemplate, labels: np.ndarray, seen: bool = True) -> np.ndarray:
    colours = np.full((len(template.labels), 3), 0.6, np.float32)
    sight = np.full(len(colours), seen)
    kinds = np.full(len(colours), SKIN)
    camera = orbit_camera(size=(EDGE, EDGE))
    open_mouth(PaintedHead(template.anchors, colours, kinds, sight, labels, camera, template))
    return colours


def opening(template: HeadTemplate) -> np.ndarray:
    labels = np.full((EDGE, EDGE), Label.FACE, np.uint8)
    lips = np.isin(template.labels, (Label.UPPER_LIP, Label.LOWER_LIP))
    x, y = pixels_of(template.anchors[lips], orbit_camera(size=(EDGE, EDGE))).mean(0).astype(int)
    labels[y - 6 : y + 6, x - 15 : x + 15] = Label.INNER_MOUTH
    return labels


def test_lips_before_a_painted_opening_are_dark_and_teeth_are_not(template):
    labels = opening(template)
    colours = painted(template, labels)
    across, down = pixels_of(template.anchors, orbit_camera(size=(EDGE, EDGE))).astype(int).T
    inside = np.zeros(len(colours), bool)
    there = (across >= 0) & (across < EDGE) & (down >= 0) & (down < EDGE)
    inside[there] = labels[down[there], across[there]] == Label.INNER_MOUTH
    lips = np.isin(template.labels, (Label.UPPER_LIP, Label.LOWER_LIP))
    assert colours[inside & lips].mean() < 0.35
    np.testing.assert_allclose(colours[template.labels == Label.INNER_MOUTH], 0.6)
    np.testing.assert_allclose(colours[template.labels == Label.NOSE], 0.6)


def test_nothing_changes_without_an_opening_or_out_of_sight(template):
    closed = np.full((EDGE, EDGE), Label.FACE, np.uint8)
    np.testing.assert_allclose(painted(template, closed), 0.6)
    np.testing.assert_allclose(painted(template, opening(template), seen=False), 0.6)
