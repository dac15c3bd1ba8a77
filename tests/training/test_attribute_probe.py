"""What a picture and its map say of a look, and a probe that tells attributes from it."""

import cv2
import numpy as np
import pytest

from inference.face_map.labels import Label
from training.evaluation.attribute_probe import ABOUT, RIVALS, ProbeExamples, fit_probe, recall
from training.evaluation.region_features import COLUMNS, region_features

WIDTH = sum(len(columns) for columns in COLUMNS.values())
HAIR_RED = slice(0, 3)  # hair comes first: median red, green, blue
SKIN_RED = slice(8, 11)  # then the skin above the lips


def toy_face(hair=(90, 60, 40), skin=(200, 150, 120), size=256, chin=None, with_hair=True):
    """A face under a cap of hair, with brows, eyes, nose and lips: picture and map."""
    rows, columns = (axis * 256 / size for axis in np.mgrid[:size, :size])
    labels = np.zeros((size, size), np.uint8)
    if with_hair:
        labels[np.hypot(columns - 128, rows - 110) < 90] = Label.HAIR
    labels[np.hypot((columns - 128) * 1.2, rows - 145) < 78] = Label.FACE
    for label, x, y, wide, high in (
        (Label.RIGHT_BROW, 98, 112, 16, 3),
        (Label.LEFT_BROW, 158, 112, 16, 3),
        (Label.RIGHT_EYE, 98, 126, 11, 6),
        (Label.LEFT_EYE, 158, 126, 11, 6),
        (Label.NOSE, 128, 148, 10, 18),
        (Label.UPPER_LIP, 128, 184, 20, 4),
        (Label.LOWER_LIP, 128, 191, 18, 4),
    ):
        labels[np.hypot((columns - x) / wide, (rows - y) / high) < 1] = label
    rgb = np.zeros((size, size, 3), np.uint8)
    rgb[labels > 0] = skin
    rgb[labels == Label.HAIR] = hair
    rgb[(labels == Label.FACE) & (rows > 198)] = skin if chin is None else chin
    rgb[labels == Label.RIGHT_EYE] = rgb[labels == Label.LEFT_EYE] = (60, 90, 160)
    return rgb, labels


def test_redder_hair_and_paler_skin_are_told_apart():
    brown, red = region_features(*toy_face()), region_features(*toy_face(hair=(190, 60, 40)))
    np.testing.assert_allclose(brown[HAIR_RED], np.array([90, 60, 40]) / 255, atol=0.02)
    assert red[0] - brown[0] == pytest.approx(100 / 255, abs=0.02)
    np.testing.assert_allclose(red[SKIN_RED], brown[SKIN_RED], atol=1e-3)
    pale = region_features(*toy_face(skin=(240, 220, 210)))
    assert (pale[SKIN_RED] > brown[SKIN_RED] + 0.1).all()
    np.testing.assert_allclose(pale[HAIR_RED], brown[HAIR_RED], atol=1e-3)


def test_a_dark_chin_and_curls_are_seen():
    plain = region_features(*toy_face())
    bearded = region_features(*toy_face(chin=(60, 40, 30)))
    chin = slice(16, 19)
    assert (bearded[chin] < plain[chin] - 0.2).all()
    np.testing.assert_allclose(bearded[SKIN_RED], plain[SKIN_RED], atol=0.01)
    rgb, labels = toy_face()
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 60, labels.shape), (0, 0), 1.5)
    shaky = np.where((labels == Label.HAIR)[..., None], rgb + noise[..., None], rgb)
    curly = region_features(shaky.clip(0, 255).astype(np.uint8), labels)
    assert (curly[5:8] > plain[5:8] + 0.02).all()  # contrasts of the hair's texture


def test_parallel_strands_are_aligned_and_curls_are_not():
    rgb, labels = toy_face()
    hair = (labels == Label.HAIR)[..., None]
    stripes = 60 * np.sin(np.mgrid[:256, :256][1] * 0.9)
    noise = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 90, labels.shape), (0, 0), 1.5)
    combed, tangled = (
        region_features(
            np.where(hair, rgb + t[..., None], rgb).clip(0, 255).astype(np.uint8), labels
        )
        for t in (stripes, noise)
    )
    assert (combed[[-4, -2]] > 0.85).all()
    assert (tangled[[-4, -2]] < combed[[-4, -2]] - 0.15).all()


def test_the_same_picture_in_another_size_says_nearly_the_same():
    small, large = (region_features(*toy_face(size=size)) for size in (256, 512))
    np.testing.assert_array_equal(np.isfinite(small), np.isfinite(large))
    assert np.isfinite(small).all()
    assert np.abs(small - large).mean() < 0.02
    np.testing.assert_allclose(small[HAIR_RED], large[HAIR_RED], atol=0.01)


def test_what_is_not_to_be_seen_is_not_known():
    bald = region_features(*toy_face(with_hair=False))
    assert np.isnan(bald[:8]).all()
    assert np.isfinite(bald[8:24]).all()
    rgb = np.zeros((64, 64, 3), np.uint8)
    nothing = region_features(rgb, np.zeros((64, 64), np.uint8))
    assert nothing.shape == bald.shape
    assert np.isnan(nothing).all()


def examples(seed=0, count=400, hidden=None):
    """Heads of which nine in ten have black hair and one in ten has red; none has another.

    The first feature of hair tells, the others are noise; nobody has eyes.
    """
    rng = np.random.default_rng(seed)
    red = rng.random(count) < 0.1
    features = rng.normal(0, 1, (count, WIDTH)).astype(np.float32)
    features[:, 0] = np.where(red, 0.6, 0.2) + rng.normal(0, 0.13, count)
    features[rng.random((count, WIDTH)) < 0.05] = np.nan
    if hidden is not None:
        features[:, hidden] = np.nan
    names = RIVALS["hair colour"]
    colours = np.where(red, names.index(("red",)), names.index(("black",)))
    truth = {aspect: np.full(count, -1) for aspect in RIVALS}
    return ProbeExamples(features, {**truth, "hair colour": colours})


def test_what_is_rare_is_recalled_as_well_as_what_is_common():
    found = recall(fit_probe(examples()), examples(1))["hair colour"]
    names = [rivals[0] for rivals in RIVALS["hair colour"]]
    for number, name in enumerate(names):
        if name in ("red", "black"):
            assert found[number] is not None
            assert found[number] > 0.8
        else:
            assert found[number] is None


def test_what_nobody_has_is_never_seen():
    probe, others = fit_probe(examples()), examples(1)
    guesses = probe.guesses(others.features, "hair colour")
    assert set(np.unique(guesses)) == set(np.unique(others.truth["hair colour"]))
    assert (probe.guesses(others.features, "eyes") == -1).all()
    assert recall(probe, others)["eyes"] == [None] * len(RIVALS["eyes"])


def test_a_feature_that_no_head_shows_spoils_nothing():
    probe = fit_probe(examples(hidden=3))
    found = [value for value in recall(probe, examples(1))["hair colour"] if value is not None]
    assert min(found) > 0.8


def test_grey_hair_makes_nobody_old():
    """Age is judged by skin alone: who was made old by an edit keeps the hair's colour."""
    rng = np.random.default_rng(3)
    features = rng.normal(0, 1, (300, WIDTH)).astype(np.float32)
    old = rng.random(300) < 0.5
    features[:, 0] = old + rng.normal(0, 0.05, 300)  # hair tells best
    features[:, COLUMNS["cheek"][0]] = old + rng.normal(0, 0.3, 300)
    names = RIVALS["age"]
    truth = {aspect: np.full(300, -1) for aspect in RIVALS}
    truth["age"] = np.where(old, names.index(("old",)), 0)
    probe = fit_probe(ProbeExamples(features, truth))
    other_hair = features.copy()
    other_hair[:, 0] = 1 - other_hair[:, 0]
    np.testing.assert_array_equal(probe.guesses(features, "age"), probe.guesses(other_hair, "age"))
    assert (probe.guesses(features, "age") == truth["age"]).mean() > 0.8


def test_features_have_names():
    assert len(region_features(*toy_face())) == WIDTH
    assert set(ABOUT) == set(RIVALS)
    assert all(name in COLUMNS for names in ABOUT.values() for name in names)


def test_the_probe_reads_pictures():
    rng = np.random.default_rng(0)
    names = RIVALS["hair colour"]
    tones = {"black": (25, 22, 20), "blond": (220, 190, 130), "red": (170, 70, 30)}
    features, truth = [], []
    for name, tone in tones.items():
        for _ in range(5):
            near = np.array(tone) + rng.integers(-12, 13, 3)
            features.append(region_features(*toy_face(hair=near.clip(0, 255))))
            truth.append(names.index((name,)))
    unknown = {aspect: np.full(len(truth), -1) for aspect in RIVALS}
    probe = fit_probe(
        ProbeExamples(np.stack(features), {**unknown, "hair colour": np.array(truth)})
    )
    for name, tone in tones.items():
        seen = [probe.sees(*toy_face(hair=tone), "hair colour", other) for other in tones]
        assert seen == [other == name for other in tones]
    assert not probe.sees(*toy_face(), "eyes", "blue")
