"""Hair that hides ears, or hangs where the photograph shows none, is laid down."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree

from inference.fitting.evidence.kinds import EAR_LABELS, FACE, HAIR_LABELS
from inference.fitting.evidence.regions import Regions
from inference.fitting.hair.haircut import cut_hair
from inference.fitting.solvers.blending import blend
from inference.head.gaussians import Gaussians
from inference.head.template import HeadTemplate
from inference.rendering.camera import Camera, orbit_camera
from tests.unit.template_heads import round_head, shown

SIZE = 256
FRONT = orbit_camera(size=(SIZE, SIZE))


def head(template: HeadTemplate, hang: float) -> Gaussians:
    """A head whose hair hangs so far down, and a third of it outwards and forwards, beside it."""
    side = np.isin(template.labels, HAIR_LABELS) & (np.abs(template.anchors[:, 0]) > 0.05)
    outward = np.sign(template.anchors[:, 0])
    hanging = np.stack([outward / 3, -np.ones_like(outward), np.ones_like(outward) / 3], 1)
    means = template.anchors + np.where(side[:, None], hang * hanging, 0)
    return round_head(template, means)


@pytest.fixture(scope="module")
def cap(template: HeadTemplate) -> Gaussians:
    return head(template, 0.025)


def photograph(template: HeadTemplate, camera: Camera) -> tuple[Regions, np.ndarray]:
    """Face map and matte of somebody whose hair lies close to the head."""
    person = head(template, 0.001)
    hair, ears = (shown(person, template, kind, camera) for kind in (HAIR_LABELS, EAR_LABELS))
    return Regions(hair=hair, ears=ears), blend(person, camera).alpha


def test_ears_that_the_photograph_shows_come_out(cap: Gaussians, template: HeadTemplate) -> None:
    regions, matte = photograph(template, FRONT)
    cut = cut_hair(cap, template, FRONT, regions, matte)
    before = shown(cap, template, EAR_LABELS, FRONT).sum()
    after = shown(cut, template, EAR_LABELS, FRONT).sum()
    theirs = shown(head(template, 0.001), template, EAR_LABELS, FRONT).sum()
    assert before < 0.4 * theirs
    assert after > 0.65 * theirs


def test_what_is_not_hair_stays_and_so_does_the_top(cap: Gaussians, template: HeadTemplate) -> None:
    cut = cut_hair(cap, template, FRONT, *photograph(template, FRONT))
    moved = np.linalg.norm(cut.means - cap.means, axis=1) > 0
    scalp = np.isin(template.labels, HAIR_LABELS)
    assert moved[scalp].any()
    assert not moved[~scalp].any()
    assert not moved[template.anchors[:, 1] > 0.09].any()


def test_hair_that_the_photograph_shows_is_left_alone(
    cap: Gaussians, template: HeadTemplate
) -> None:
    regions = Regions(hair=shown(cap, template, HAIR_LABELS, FRONT))
    assert cut_hair(cap, template, FRONT, regions, blend(cap, FRONT).alpha) is cap


def test_the_whole_scalp_of_the_bald_is_bare(cap: Gaussians, template: HeadTemplate) -> None:
    scalp = np.isin(template.labels, HAIR_LABELS)
    shell = replace(cap, means=(cap.means + 0.02 * scalp[:, None] * template.normals))
    shell = replace(shell, means=shell.means.astype(np.float32))
    side = orbit_camera(30, size=(SIZE, SIZE))
    nothing = np.zeros((SIZE, SIZE), np.float32)
    bare = cut_hair(shell, template, side, Regions(hair=nothing), blend(shell, side).alpha)
    back = scalp & (template.anchors[:, 2] < -0.02) & (template.anchors[:, 1] > 0.03)

    def high(gaussians: Gaussians) -> float:
        return float(np.linalg.norm((gaussians.means - template.anchors)[back], axis=1).mean())

    assert high(shell) > 0.015
    assert high(bare) < 0.005
    face = template.anchors[template.labels == FACE]
    beside = scalp & (cKDTree(face).query(template.anchors)[0] < 0.025)
    assert np.array_equal(bare.means[beside], shell.means[beside])  # no slit at the forehead


def test_hoods_are_left_alone(cap: Gaussians, template: HeadTemplate) -> None:
    regions, matte = photograph(template, FRONT)
    hood = Regions(hair=regions.hair, cloth=np.ones((SIZE, SIZE), np.float32))
    assert cut_hair(cap, template, FRONT, hood, matte) is cap


def test_hair_that_is_too_long_does_not_stay_where_a_collar_stands(
    cap: Gaussians, template: HeadTemplate
) -> None:
    regions, matte = photograph(template, FRONT)
    below, _ = FRONT.project(np.array([[0, -0.04, 0]]))
    collar = np.zeros((SIZE, SIZE), np.float32)
    collar[int(below[0, 1]) :] = 1
    dressed = replace(regions, cloth=collar)
    cut = cut_hair(cap, template, FRONT, dressed, matte)
    hangs = shown(cap, template, HAIR_LABELS, FRONT) * collar
    left = shown(cut, template, HAIR_LABELS, FRONT) * collar
    assert hangs.sum() > 30
    assert left.sum() < 0.4 * hangs.sum()


def test_without_a_face_map_nothing_is_cut(cap: Gaussians, template: HeadTemplate) -> None:
    _, matte = photograph(template, FRONT)
    assert cut_hair(cap, template, FRONT, Regions(), matte) is cap


def test_the_side_that_is_not_seen_is_cut_likewise(cap: Gaussians, template: HeadTemplate) -> None:
    side = orbit_camera(80, size=(SIZE, SIZE))
    cut = cut_hair(cap, template, side, *photograph(template, side))
    moved = np.linalg.norm(cut.means - cap.means, axis=1)
    seen = np.isin(template.labels, HAIR_LABELS) & (template.anchors[:, 0] > 0.06)
    assert moved[seen].max() > 0.01
    there, here = moved[seen], moved[template.mirror[seen]]
    assert np.corrcoef(there, here)[0, 1] > 0.8


def test_the_nape_is_as_short_as_what_is_seen_beside_the_neck(
    cap: Gaussians, template: HeadTemplate
) -> None:
    cut = cut_hair(cap, template, FRONT, *photograph(template, FRONT))
    low = template.anchors[np.isin(template.labels, EAR_LABELS), 1].min()
    hidden = blend(cap, FRONT).seen(np.ones((SIZE, SIZE), np.float32)) == 0
    hair = np.isin(template.labels, HAIR_LABELS) & hidden & (template.anchors[:, 1] < low)

    def long(gaussians: Gaussians) -> float:
        return float(np.linalg.norm((gaussians.means - template.anchors)[hair], axis=1).mean())

    assert long(cut) < 0.6 * long(cap)
    kept = Regions(hair=shown(cap, template, HAIR_LABELS, FRONT))
    same = cut_hair(cap, template, FRONT, kept, blend(cap, FRONT).alpha)
    assert long(same) == long(cap)
    hangs = cut_hair(cap, template, FRONT, *photograph(template, FRONT), long=True)
    assert long(hangs) > 0.7 * long(cap)
