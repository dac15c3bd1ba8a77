"""The half of a face that nobody photographed is like the other half, in its own light."""

from dataclasses import dataclass

import numpy as np
import pytest

from inference.fitting.colour.mirrored import clone_mirrored
from inference.fitting.evidence.kinds import FACE
from inference.fitting.evidence.neighbourhood import edges_within
from inference.head.template import HeadTemplate
from inference.progress import CancelToken

SKIN = np.array([0.8, 0.6, 0.5], np.float32)
LIGHT = 0.1
SEEN_TO = 0.02
"""Metres to the person's left that the photograph sees; to the right it sees all."""


@dataclass(frozen=True)
class Turned:
    """A face with spots whose left, in brighter light, is seen up to SEEN_TO."""

    template: HeadTemplate
    face: np.ndarray
    truth: np.ndarray
    known: np.ndarray

    def cloned(
        self,
        colours: np.ndarray,
        known: np.ndarray | None = None,
        cosine: np.ndarray | None = None,
    ) -> np.ndarray:
        known = self.known if known is None else known
        cosine = np.ones_like(known) if cosine is None else cosine
        edges = edges_within(self.template.neighbours, self.face)
        return clone_mirrored(
            colours, known, cosine, self.face, self.template, edges, CancelToken()
        )[0]


@pytest.fixture(scope="module")
def turned() -> Turned:
    template = HeadTemplate.load()
    face = template.labels == FACE
    x, y, z = template.anchors.T
    spots = 0.05 * np.sin(600 * y) * np.sin(600 * (z + np.abs(x)))
    light = LIGHT * np.clip(x / 0.01, 0, 1)
    truth = (SKIN + (spots + light)[:, None]).astype(np.float32)
    return Turned(template, face, truth, (x < SEEN_TO).astype(np.float32))


def test_unseen_skin_has_the_other_sides_spots_in_its_own_light(turned: Turned) -> None:
    unseen = turned.face & (turned.known == 0)
    flat = np.where(unseen[:, None], SKIN, turned.truth).astype(np.float32)
    error = turned.cloned(flat) - turned.truth
    detail = error - error[turned.template.neighbours].mean(1)
    assert np.abs(detail[unseen]).mean() < 0.01
    border = unseen & (turned.template.anchors[:, 0] < SEEN_TO + 0.004)
    assert np.abs(error[border].mean(0)).max() < 0.35 * LIGHT


def test_what_is_seen_stays(turned: Turned) -> None:
    seen = turned.face & (turned.template.anchors[:, 0] < SEEN_TO - 0.01)
    assert np.abs(turned.cloned(turned.truth) - turned.truth)[seen].max() < 1e-3


def test_two_halves_that_are_seen_alike_stay_different(turned: Turned) -> None:
    known = (np.abs(turned.template.anchors[:, 0]) < 0.05).astype(np.float32)
    scar = turned.truth.copy()
    scar[turned.face & (turned.template.anchors[:, 0] > 0.04)] = 0.3
    assert np.abs(turned.cloned(scar, known) - scar).max() < 0.02


def test_a_smear_at_a_bad_angle_gives_way_to_the_mirror_image(turned: Turned) -> None:
    x = turned.template.anchors[:, 0]
    smear = turned.face & (x > 0.035) & (x < 0.045)
    white = np.where(smear[:, None], 1.0, turned.truth).astype(np.float32)
    known = (x < 0.045).astype(np.float32)
    good, bad = (turned.cloned(white, known, cosine) for cosine in (None, (x < 0.03) * 0.6 + 0.3))
    before, after = (np.abs(c - turned.truth)[smear].mean() for c in (good, bad))
    assert after < 0.65 * before


def test_nothing_known_changes_nothing(turned: Turned) -> None:
    assert np.array_equal(turned.cloned(turned.truth, np.zeros_like(turned.known)), turned.truth)
