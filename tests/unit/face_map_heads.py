"""The template's head seen from several sides, with its map and landmarks."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from inference.face_map.document import SIZE
from inference.face_map.labels import Label
from inference.head.template import HeadTemplate

FOCAL, DISTANCE = 2200.0, 1.8  # pixels; metres from the head


@dataclass(frozen=True)
class SeenHead:
    """A picture of the template.

    Attributes:
        anchors: [A, 2] pixels of all anchors.
        landmarks: [468, 2] pixels.
        labels: [512, 512] classes that can be seen.
        places: pixels [2] of named parts of the head.
    """

    anchors: np.ndarray
    landmarks: np.ndarray
    labels: np.ndarray
    places: dict[str, np.ndarray]


@cache
def template() -> HeadTemplate:
    return HeadTemplate.load()


@cache
def seen_head(yaw: float) -> SeenHead:
    """The head turned by degrees of yaw; positive shows more of its right side."""
    head, angle = template(), np.radians(yaw)
    rotation = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )

    def project(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        turned = points @ rotation.T
        depth = DISTANCE - turned[:, 2]
        x, y = turned[:, 0] / depth * FOCAL + SIZE / 2, 240 - turned[:, 1] / depth * FOCAL
        return np.stack([x, y], 1), depth

    points = head.anchors.astype(float)
    pixels, depth = project(points)
    facing = (head.normals @ rotation.T)[:, 2] > -0.1
    labels = np.zeros((SIZE, SIZE), np.uint8)
    for index in np.argsort(-depth):
        x, y = pixels[index].astype(int)
        if facing[index] and 1 <= x < SIZE - 1 and 1 <= y < SIZE - 1:
            labels[y - 1 : y + 2, x - 1 : x + 2] = head.labels[index]

    def place(label: Label) -> np.ndarray:
        return project(points[head.labels == label].mean(0)[None])[0][0]

    places = {
        "right eye": place(Label.RIGHT_EYE),
        "left eye": place(Label.LEFT_EYE),
        "mouth": place(Label.LOWER_LIP),
        "right ear": place(Label.RIGHT_EAR),
        "left ear": place(Label.LEFT_EAR),
        "crown": project(np.array([[0.0, 0.115, 0.02]]))[0][0],
    }
    return SeenHead(pixels, project(points[head.landmark_anchors])[0], labels, places)
