"""What the photograph does not show is continued from what it shows."""

from dataclasses import dataclass

import numpy as np
import pytest

from inference.fitting.colour.backlight import SKIN_LOOK, without_backlight
from inference.fitting.colour.unseen import complete
from inference.fitting.evidence.kinds import EAR_LABELS, FACE, Kinds
from inference.fitting.evidence.trust import View
from inference.head.template import HeadTemplate
from inference.progress import Cancelled, CancelToken

HAIR = 14


@dataclass(frozen=True)
class Case:
    """A head whose front was seen, with strands in the hair that was."""

    template: HeadTemplate
    network: np.ndarray
    colours: np.ndarray
    seen: np.ndarray
    hair: np.ndarray

    def completed(self, colours: np.ndarray | None = None, seen: np.ndarray | None = None):
        seen = self.seen if seen is None else seen
        colours = self.colours if colours is None else colours
        kinds = Kinds.of(self.template, self.network)
        view = View(self.template.normals[:, 2], np.full(len(seen), 100, np.float32))
        return complete(
            colours, self.network, seen, seen, view, kinds, self.template, CancelToken()
        )


@pytest.fixture(scope="module")
def case() -> Case:
    template = HeadTemplate.load()
    hair = template.labels == HAIR
    skin = np.array([0.8, 0.6, 0.5], np.float32)
    network = np.where(hair[:, None], [0.3, 0.2, 0.1], skin).astype(np.float32)
    seen = (template.anchors[:, 2] > 0.03).astype(np.float32)
    strands = 0.06 * np.sign(np.sin(900 * template.anchors[:, 0]))[:, None]
    there = (hair & (seen > 0))[:, None]
    colours = network + np.where(there, strands, 0).astype(np.float32)
    return Case(template, network, colours, seen, hair)


def test_a_face_map_tells_hair_that_looks_like_skin_and_skin_where_hair_should_be(
    case: Case,
) -> None:
    skin = np.broadcast_to(np.array([0.8, 0.6, 0.5], np.float32), case.network.shape)
    seen = case.hair & (case.seen > 0)
    forehead = seen & (case.template.anchors[:, 1] < np.median(case.template.anchors[seen, 1]))
    shown = np.where(forehead, 0.0, 1.0).astype(np.float32)
    blind, told = (Kinds.of(case.template, case.network, hair) for hair in (None, shown))
    dark = np.where(case.hair[:, None], [0.2, 0.1, 0.1], skin).astype(np.float32)
    assert (told.shown(skin, case.seen)[seen & ~forehead] > 0.9).all()
    assert (told.shown(dark, case.seen)[forehead] < 0.1).all()
    assert (blind.shown(dark, case.seen)[seen] > 0.9).all()


def contrast(case: Case, colours: np.ndarray, where: np.ndarray) -> float:
    around = colours[case.template.neighbours].mean(1)
    return float(np.abs(colours - around)[where].mean())


def test_unseen_hair_has_calm_strands_on_the_tone_of_the_seen_hair(case: Case) -> None:
    done = case.completed()
    back = case.hair & (case.template.anchors[:, 2] < -0.02)
    front = case.hair & (case.seen > 0)
    assert contrast(case, case.colours, back) < 0.5 * contrast(case, done, back)
    assert 0.05 < contrast(case, done, back) / contrast(case, done, front) < 0.6
    assert np.abs(done[back].mean(0) - [0.3, 0.2, 0.1]).max() < 0.05


def test_unseen_hair_has_no_dark_holes_whatever_shadow_was_seen(case: Case) -> None:
    shadow = np.linalg.norm(case.template.anchors - [0.03, 0.1, 0.04], axis=1) < 0.02
    dark = np.where(shadow[:, None], 0.1 * case.colours, case.colours).astype(np.float32)
    back = case.hair & (case.template.anchors[:, 2] < -0.02)
    done = case.completed(dark)[back].mean(1)
    assert done.min() > 0.6 * np.median(done)


def test_what_was_seen_clearly_stays(case: Case) -> None:
    inside = case.template.anchors[:, 2] > 0.05  # away from what was not seen
    untouched = inside & ~np.isin(case.template.labels, EAR_LABELS)
    assert np.abs(case.completed() - case.colours)[untouched].max() < 1e-5


def test_the_same_again_gives_the_same(case: Case) -> None:
    assert np.array_equal(case.completed(), case.completed())


def test_nothing_seen_is_no_error_and_no_texture(case: Case) -> None:
    done = case.completed(case.network, np.zeros_like(case.seen))
    assert np.isfinite(done).all()
    assert contrast(case, done, case.hair) <= contrast(case, case.network, case.hair) + 1e-3


def test_dark_unseen_hair_follows_the_seen_hair(case: Case) -> None:
    back = case.hair & (case.template.anchors[:, 2] < -0.02)
    dark = np.where(back[:, None], 0.6 * case.colours, case.colours).astype(np.float32)
    done = case.completed(dark)
    wanted = case.colours[case.hair & (case.seen > 0)].mean()
    assert abs(done[back].mean() - wanted) < 0.4 * abs(dark[back].mean() - wanted)


def test_spots_on_unseen_skin_vanish(case: Case) -> None:
    nape = (case.template.labels == FACE) & (case.seen <= 0)
    centre = case.template.anchors[nape][0]
    spot = np.linalg.norm(case.template.anchors - centre, axis=1) < 0.003
    dirty = np.where(spot[:, None], 0.1, case.colours).astype(np.float32)
    before = np.abs(dirty - case.colours)[spot & nape].max()
    assert np.abs(case.completed(dirty) - case.completed())[spot & nape].max() < 0.3 * before


def test_an_unseen_ear_is_skin_whatever_shone_through(case: Case) -> None:
    ears = np.isin(case.template.labels, EAR_LABELS)
    red = np.where(ears[:, None], [1.0, 0.1, 0.0], case.colours).astype(np.float32)
    seen = np.where(ears, 0, case.seen).astype(np.float32)
    error = np.abs(case.completed(red, seen) - [0.8, 0.6, 0.5])[ears]
    assert np.median(error) < 0.1


def test_an_ear_that_is_turned_away_looks_as_the_other(case: Case) -> None:
    right, left = (case.template.labels == ear for ear in EAR_LABELS)
    seen = np.where(left, 1.0, np.where(right, 0.0, case.seen)).astype(np.float32)
    colours = case.colours.copy()
    colours[left] = [0.87, 0.65, 0.55]
    colours[right] = [0.72, 0.54, 0.45]  # as the network thought
    done = case.completed(colours, seen)
    assert np.abs(done[right].mean(0) - done[left].mean(0)).max() < 0.03


def test_backlight_at_the_rim_is_held_to_the_usual_look(case: Case) -> None:
    skin = case.template.labels == FACE
    rim = skin & (case.seen > 0) & (np.abs(case.template.anchors[:, 0]) > 0.05)
    assert rim.sum() > 100
    slanted = np.where(rim, 1, 0).astype(np.float32)
    blue = np.where(rim[:, None], [0.8, 0.9, 1.0], case.network).astype(np.float32)
    calm = without_backlight(blue, skin, skin & ~rim, slanted, SKIN_LOOK)
    before, after = (np.abs(x - [0.8, 0.6, 0.5])[rim].max() for x in (blue, calm))
    assert after < 0.4 * before
    assert np.array_equal(calm[~rim], blue[~rim])


def test_shadow_is_no_backlight(case: Case) -> None:
    skin = case.template.labels == FACE
    dark = (0.4 * case.network).astype(np.float32)
    half = case.template.anchors[:, 0] > 0
    colours = np.where(half[:, None], dark, case.network).astype(np.float32)
    calm = without_backlight(colours, skin, skin, half.astype(np.float32), SKIN_LOOK)
    assert np.abs(calm - colours).max() < 1e-5


def test_cancel_is_heard(case: Case) -> None:
    token = CancelToken()
    token.cancel()
    kinds = Kinds.of(case.template, case.network)
    view = View(case.template.normals[:, 2], np.full(len(case.seen), 100, np.float32))
    with pytest.raises(Cancelled):
        complete(
            case.colours, case.network, case.seen, case.seen, view, kinds, case.template, token
        )
