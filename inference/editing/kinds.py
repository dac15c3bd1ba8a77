"""What each anchor stands for: what the model expects, corrected where the face map shows it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.editing.projection import GRID, front, project, visible
from inference.editing.smoothing import mean_beside
from inference.face_map.labels import Label
from inference.head.gaussians import FloatArray
from inference.rendering.camera import Camera

SKIN, HAIR, CLOTH, HAT, GLASSES, LENS, EARRING, NECKLACE = range(8)
"""Numbers of inference.model.editing_branch.KINDS, and the kinds that only a map decides: frames,
dark glass, jewellery."""

_TRUST = 4.0  # how much a map says about an anchor in sight, as a difference of log chances
_SHOWN_AS = {HAIR: (Label.HAIR,), CLOTH: (Label.CLOTH, Label.NECKLACE), HAT: (Label.HAT,)}


@dataclass(frozen=True)
class Choices:
    """What anchors could be, as numpy.

    Attributes:
        chances: [N, 4].
        places: [N, 4, 3] metres.
        colours: [N, 4, 3].
    """

    chances: FloatArray
    places: FloatArray
    colours: FloatArray

    def places_of(self, kinds: NDArray[np.int64]) -> FloatArray:
        """[N, 3] where anchors of these kinds lie."""
        return self.places[np.arange(len(kinds)), kinds]

    def colours_of(self, kinds: NDArray[np.int64]) -> FloatArray:
        """[N, 3] their colours."""
        return self.colours[np.arange(len(kinds)), kinds]


def class_of(
    kinds: NDArray[np.int64],  # [N]
    bare: NDArray[np.uint8],  # [N] class of the template's anchor
) -> NDArray[np.uint8]:
    """[N] the class that each anchor shows; a scalp without hair is face."""
    shown = np.where(bare == Label.HAIR, Label.FACE, bare)
    worn = (
        (HAIR, Label.HAIR),
        (CLOTH, Label.CLOTH),
        (HAT, Label.HAT),
        (GLASSES, Label.GLASSES),
        (LENS, Label.GLASSES),
        (EARRING, Label.EARRING),
        (NECKLACE, Label.NECKLACE),
    )
    for kind, label in worn:
        shown = np.where(kinds == kind, label, shown)
    return shown.astype(np.uint8)


def choose_kinds(
    choices: Choices,
    bare: NDArray[np.uint8],  # [N]
    wanted: NDArray[np.uint8],  # [128, 128] the face map
    camera: Camera,
    neighbours: NDArray[np.int32],  # [N, 8] of the template
    rounds: int = 2,
) -> NDArray[np.int64]:
    """[N] the kind of each anchor.

    An anchor in sight that would be hair where the map shows a face is none, and the other way
    round; anchors out of sight are what the model expects of such a map.
    """
    expected = np.log(np.maximum(choices.chances, 1e-3))
    # What the map has nothing of at all is not there, seen or not.
    for kind, labels in _SHOWN_AS.items():
        if kind != CLOTH and not np.isin(wanted, labels).any():
            expected[:, kind] = -1e3
    agree = _agreement(wanted)
    kinds = expected.argmax(1)
    views = [project(choices.places[:, kind], camera) for kind in range(4)]
    for _ in range(rounds):
        now = choices.places_of(kinds)
        _, depth = front(project(now, camera), class_of(kinds, bare))
        score = expected.copy()
        for kind, seen in enumerate(views):
            says = agree[kind][seen.cells] * visible(seen, depth)
            score[:, kind] += _TRUST * says
        # A border between two things is no rag.
        for _ in range(2):
            score = 0.4 * score + 0.6 * mean_beside(score, neighbours)
        kinds = score.argmax(1)
    return kinds


def _agreement(wanted: NDArray[np.uint8]) -> list[FloatArray]:
    """For each kind [128 * 128], from -1 (the map shows something else) to 1; 0 on background."""
    shows = {kind: np.isin(wanted, labels) for kind, labels in _SHOWN_AS.items()}
    there = wanted != Label.BACKGROUND
    shows[SKIN] = there & ~(shows[HAIR] | shows[CLOTH] | shows[HAT])
    found = []
    for kind in range(4):
        signed = np.where(there, np.where(shows[kind], 1.0, -1.0), 0.0).astype(np.float32)
        soft = cv2.GaussianBlur(signed, (0, 0), 1.0)
        found.append(np.asarray(soft, np.float32).reshape(GRID * GRID))
    return found
