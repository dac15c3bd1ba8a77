"""A new hair colour has the photograph's light and shade and ends softly where hair ends."""

import numpy as np

from inference.editing.hair_dye import dyed, other_hair, share_of_hair
from inference.editing.kinds import HAIR, SKIN
from inference.face_map.labels import Label
from inference.features.style_blocks import WIDTH, completed, with_block

BRIGHTER = 1.25  # hair in sight than hair in all
WHITE, BROWN, RED = (
    np.array(c, np.float32) for c in ((0.8,) * 3, (0.3, 0.2, 0.12), (0.5, 0.15, 0.08))
)
SKIN_TONE = np.array([0.75, 0.55, 0.45], np.float32)


def dye(template, hair, new, taken=False, shade=1.0):
    """White hair of the photograph, shaded, takes a new colour; the model sees its upper half."""
    real = hair & (template.anchors[:, 1] > 0.0)
    kinds = np.where(real, HAIR, SKIN)
    plain = np.where(hair[:, None], WHITE, SKIN_TONE) * np.ones((len(hair), 1), np.float32)
    fitted = np.where(hair[:, None], plain * np.reshape(shade, (-1, 1)), plain).astype(np.float32)
    edited = np.where(real[:, None], new, plain).astype(np.float32)
    start = np.clip(fitted + edited - plain, 0, 1)
    seen = hair | taken
    share = share_of_hair(seen, kinds, template.neighbours)
    return dyed(start, edited, real, fitted, seen, share, 1.0), fitted


def inside(template, hair):
    """Hair whose neighbours' neighbours are hair."""
    found = hair
    for _ in range(7):
        found = found & found[template.neighbours].all(1)
    return found


def test_all_hair_takes_the_tone_whatever_the_model_took_it_for(template):
    hair = template.labels == Label.HAIR
    colours, _ = dye(template, hair, BROWN)
    middle = inside(template, hair)
    assert middle.sum() > 5000
    np.testing.assert_allclose(
        colours[middle], np.tile(BRIGHTER * BROWN, (middle.sum(), 1)), atol=0.03
    )


def test_a_shadow_on_white_hair_is_dark_hair_and_not_black(template):
    hair = template.labels == Label.HAIR
    shade = np.where(template.anchors[:, 0] > 0, 1.1, 0.5).astype(np.float32)
    colours, _ = dye(template, hair, RED, shade=shade)
    middle = inside(template, hair)
    lit, dark = (colours[middle & side].mean(0) for side in (shade > 1, shade < 1))
    assert (dark < 0.85 * lit).all()
    assert dark[0] > 0.4 * lit[0]
    assert dark[0] > 2 * dark[1] > 0  # still red


def test_black_hair_keeps_its_highlights(template):
    hair = template.labels == Label.HAIR
    shade = np.where(template.anchors[:, 0] > 0, 1.3, 0.7).astype(np.float32)
    colours, _ = dye(template, hair, np.full(3, 0.02, np.float32), shade=shade)
    middle = inside(template, hair)
    assert colours[middle & (shade > 1)].mean() > colours[middle & (shade < 1)].mean() + 0.02


def test_single_anchors_that_are_taken_for_hair_stay_skin(template):
    hair = template.labels == Label.HAIR
    fleck = np.zeros_like(hair)
    cheeks = np.flatnonzero(template.labels == Label.FACE)
    fleck[cheeks[:: len(cheeks) // 20]] = True
    colours, fitted = dye(template, hair, BROWN, taken=fleck)
    far = fleck & ~hair[template.neighbours].any(1)
    assert far.sum() > 10
    np.testing.assert_allclose(colours[far], fitted[far], atol=0.02)


def test_white_hair_is_no_white_mass(template):
    hair = template.labels == Label.HAIR
    shade = np.where(template.anchors[:, 0] > 0, 1.1, 0.9).astype(np.float32)
    colours, _ = dye(template, hair, WHITE, shade=shade)
    middle = inside(template, hair)
    assert colours[middle & (shade > 1)].max() < 0.99


def test_only_a_style_that_says_another_colour_asks_for_it():
    rng = np.random.default_rng(2)
    own, look = (completed(rng.normal(size=WIDTH).astype(np.float32)) for _ in range(2))
    assert other_hair(with_block(look, "hair colour", own), own) == 0
    assert other_hair(with_block(own, "hair colour", -own), own) == 1
