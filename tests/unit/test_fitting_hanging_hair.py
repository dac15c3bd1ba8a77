"""Long hair hides skin and cloth: what the network put on it is hair, if the photograph agrees."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.engine import Engine
from inference.files import resource_path
from inference.fitting.evidence.kinds import EAR_LABELS, FACE, HAIR_LABELS, NECK
from inference.fitting.evidence.regions import Regions
from inference.fitting.hair.hanging_hair import as_worn, hanging_hair, hangs_long
from inference.fitting.shape.geometry import ShapeConfig, without_holes
from inference.fitting.solvers.blending import blend
from inference.head.gaussians import FloatArray, Gaussians
from inference.head.template import HeadTemplate
from inference.model.predict import decode_head
from inference.rendering.camera import orbit_camera
from tests.unit.template_heads import shown

SIZE = 256
FRONT = orbit_camera(size=(SIZE, SIZE))
NOTHING, EVERYWHERE = np.zeros((SIZE, SIZE), np.float32), np.ones((SIZE, SIZE), np.float32)


@pytest.fixture(scope="module")
def sides(template: HeadTemplate) -> NDArray[np.bool_]:
    """Neck and ears on either side, and behind."""
    low = np.isin(template.labels, (NECK, *EAR_LABELS)) & (template.anchors[:, 1] > -0.13)
    return low & (np.abs(template.anchors[:, 0]) > 0.03)


def hanging(
    head: Gaussians, covered: NDArray[np.bool_], template: HeadTemplate, hair: FloatArray | None
) -> NDArray[np.bool_]:
    blending = blend(head, FRONT)
    matte = blending.alpha
    lifted = covered.astype(np.float32)
    return hanging_hair(blending, lifted, template, FRONT, Regions(hair=hair), matte)


def test_what_lies_on_hair_is_hair_all_around(
    head: Gaussians, template: HeadTemplate, sides: NDArray[np.bool_]
) -> None:
    hair = shown(head, template, (NECK,), FRONT)
    found = hanging(head, sides, template, hair)
    ears = np.isin(template.labels, EAR_LABELS)
    assert (found[sides & ~ears]).mean() > 0.95  # the back as well, which nobody sees
    assert not found[ears].any()
    assert not found[~sides].any()


def test_the_photograph_has_the_last_word(
    head: Gaussians, template: HeadTemplate, sides: NDArray[np.bool_]
) -> None:
    assert not hanging(head, sides, template, NOTHING).any()  # nor behind
    assert not hanging(head, sides, template, None).any()
    nothing_lifted = np.zeros(len(head), bool)
    assert not hanging(head, nothing_lifted, template, EVERYWHERE).any()


def test_one_side_of_hair_leaves_the_other_bare(
    head: Gaussians, template: HeadTemplate, sides: NDArray[np.bool_]
) -> None:
    hair = shown(head, template, (NECK,), FRONT)
    hair[:, SIZE // 2 :] = 0  # the person's left is on the right of the picture
    found = hanging(head, sides, template, hair)
    ahead = sides & (template.labels == NECK) & (template.normals[:, 2] > 0.5)
    right, left = template.anchors[:, 0] < -0.045, template.anchors[:, 0] > 0.045
    assert found[ahead & right].mean() > 0.9
    assert found[ahead & left].mean() < 0.2


def test_partly_covered_cheeks_are_hair_where_the_photograph_shows_it(
    head: Gaussians, template: HeadTemplate
) -> None:
    cheek = (template.labels == FACE) & (template.anchors[:, 0] > 0.055)
    cheek &= template.normals[:, 2] > 0.3
    blending, partly = blend(head, FRONT), cheek * np.float32(0.2)
    for hair, share in ((EVERYWHERE, 1), (NOTHING, 0)):
        regions = Regions(hair=hair)
        found = hanging_hair(blending, partly, template, FRONT, regions, blending.alpha)
        assert abs(found[cheek].mean() - share) < 0.1


def test_the_template_as_worn_has_hair_there(
    template: HeadTemplate, sides: NDArray[np.bool_]
) -> None:
    worn = as_worn(template, sides)
    assert np.isin(worn.labels[sides], HAIR_LABELS).all()
    assert np.array_equal(worn.labels[~sides], template.labels[~sides])
    assert as_worn(template, np.zeros_like(sides)) is template
    assert hangs_long(sides)
    assert not hangs_long(np.zeros_like(sides))


def test_tears_are_closed_and_old_gaps_stay(head: Gaussians, template: HeadTemplate) -> None:
    dressed, config = np.zeros(len(head), bool), ShapeConfig()
    thin = replace(head, scales=head.scales * np.float32(0.1))
    wide = replace(thin, means=template.anchors * np.float32(4))
    torn = without_holes(wide, template.anchors, template.neighbours, dressed, config)
    spread = without_holes(wide, wide.means, template.neighbours, dressed, config)
    assert torn.scales.max() <= config.torn * config.coverage_limit * 1.001
    assert np.median(torn.scales / spread.scales) > 1.5
    assert spread.scales.max() <= config.coverage_limit * 1.001


def test_the_network_tells_what_it_put_on_hair() -> None:
    engine = Engine()
    portrait = engine.open_image(resource_path("samples/astronaut.png"))
    face = engine.detect(portrait)[0]
    prepared = engine.prepare(portrait, engine.suggest_crop(portrait, face))
    engine.load_models()
    tokens = engine.trunk.tokens(prepared)
    decoded = decode_head(engine.model, tokens)
    assert decoded.covered is not None
    assert decoded.covered.shape == (len(decoded.gaussians),)
    assert 0 <= decoded.covered.min() < decoded.covered.max() <= 1
    start = decode_head(engine.model, tokens, layers=0)
    assert start.covered is None  # the mean head lies on nothing
