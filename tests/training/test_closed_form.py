"""Components by region, the ridge with weights for each yaw, and the probe of patch classes."""

import numpy as np
import pytest

from inference.model.config import LowRankConfig
from tests.training.linear_data import linear_rows
from training.anchors.class_shares import CLASSES, patch_shares
from training.anchors.data import GLASSES, SKIN, HeadTargets
from training.anchors.gated_ridge import gated_ridge
from training.anchors.regional_components import regional_components, regions_of

ANCHORS = 90
CONFIG = LowRankConfig(shape=2, cover=2, colour=2)


def heads(count, seed, worn):
    """Faces that differ in width, of which some wear glasses 4 cm before the skin."""
    rng = np.random.default_rng(seed)
    rest = np.random.default_rng(0).normal(size=(ANCHORS, 3)) * 0.05
    made = []
    for number in range(count):
        positions = rest * np.array([np.exp(rng.normal(0, 0.1)), 1, 1])
        kind = np.full(ANCHORS, SKIN, np.uint8)
        if number in worn:
            positions[:10, 2] += 0.04
            kind[:10] = GLASSES
        colours = rng.integers(0, 255, (ANCHORS, 3)).astype(np.uint8)
        made.append(HeadTargets(positions.astype(np.float16), colours, kind))
    return made


def components(targets):
    labels = np.repeat([2, 14, 3], ANCHORS // 3).astype(np.uint8)  # face, scalp, cloth
    ones = np.ones(ANCHORS, np.float32)
    return regional_components(targets, regions_of(labels), ones, ones * 0.01, CONFIG)


def test_glasses_do_not_bend_the_face_below_them():
    bare = components(heads(30, 1, worn=()))
    worn = components(heads(30, 1, worn=range(0, 30, 3)))
    face, hidden = bare.regions[0], worn.regions[0]
    depth, true_depth = (r.shape.mean.reshape(-1, 3)[:, 2] for r in (hidden, face))
    np.testing.assert_allclose(depth, true_depth, atol=1e-3)  # a third of 40 mm is not there
    assert np.abs(bare.regions[0].cover.columns).max() < 1e-3
    assert np.abs(hidden.cover.columns).max() > 0.01


def test_coefficients_say_where_face_and_glasses_are():
    targets = heads(30, 1, worn=range(0, 30, 3))
    found = components(targets)
    region = found.regions[0]
    for target, wears in ((targets[0], True), (targets[1], False)):
        geometry = found.geometry(target)
        shape, cover = geometry[:2], geometry[6:8]
        own = (region.shape.mean + region.shape.columns @ shape).reshape(-1, 3)
        away = (region.cover.columns @ cover).reshape(-1, 3)
        truth = target.positions[region.anchors].astype(np.float32)
        np.testing.assert_allclose(own + away, truth, atol=3e-3)
        assert (np.linalg.norm(away[:10], axis=1) > 0.03).all() == wears


def test_shares_of_shape_cover_and_colour_sum_to_one_each():
    share = components(heads(30, 1, worn=(0, 3, 6))).share()
    np.testing.assert_allclose(share.reshape(3, -1).sum(1), 1, rtol=1e-5)


def test_the_ridge_finds_a_map_that_turns_with_the_gate():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(300, 4)).astype(np.float32)
    gates = np.eye(2, dtype=np.float32)[rng.integers(0, 2, 300)]
    maps = rng.normal(size=(2, 4, 3)).astype(np.float32)
    targets = np.einsum("vg,vf,gfk->vk", gates, features, maps).astype(np.float32)
    groups = np.repeat(np.arange(100), 3).astype(np.int32)
    (fit,) = gated_ridge(features, gates, targets, groups, [np.ones(3, np.float32) / 3])
    np.testing.assert_allclose(fit.weights.reshape(2, 4, 3), maps, atol=0.02)
    assert fit.error < 0.01


def test_a_head_is_judged_by_a_fit_that_never_saw_it():
    rng = np.random.default_rng(3)
    features = rng.normal(size=(60, 200)).astype(np.float32)  # enough to learn anything by heart
    targets = rng.normal(size=(60, 1)).astype(np.float32)
    groups = np.arange(60, dtype=np.int32)
    (fit,) = gated_ridge(features, np.ones((60, 1), "f4"), targets, groups, [np.ones(1, "f4")])
    assert fit.error > 0.8  # there is nothing to be learned about others
    assert fit.strength >= 10


@pytest.mark.parametrize("features", [20, 300])
def test_what_it_says_about_heads_it_was_not_fitted_to_is_what_a_plain_fit_gives(features):
    x, y, groups = linear_rows(features)
    (fit,) = gated_ridge(x, np.ones((200, 1), "f4"), y, groups, [np.full(2, 0.5, np.float32)])
    assert (y - fit.held_out).var() > (y - x @ fit.weights).var()
    out = groups % 5 == 2
    gram = x[~out].T @ x[~out] + fit.strength * np.eye(features, dtype=np.float32)
    plain = x[out] @ np.linalg.solve(gram, x[~out].T @ y[~out])
    assert np.allclose(fit.held_out[out], plain, atol=0.02 * y.std())


def test_columns_that_can_be_learned_are_not_held_back_by_those_that_cannot():
    rng = np.random.default_rng(4)
    features = rng.normal(size=(200, 20)).astype(np.float32)
    learnable = features @ rng.normal(size=(20, 2)).astype(np.float32)
    noise = rng.normal(size=(200, 2)).astype(np.float32) * 100
    groups = np.arange(200, dtype=np.int32)
    shares = [np.ones(2, np.float32), np.ones(2, np.float32)]
    targets = np.concatenate([learnable, noise], 1)
    first, second = gated_ridge(features, np.ones((200, 1), "f4"), targets, groups, shares)
    assert first.error < 0.01
    assert second.error > 0.9
    assert first.strength < second.strength
    assert first.weights.shape == second.weights.shape == (20, 2)


def test_shares_of_a_patch_are_those_of_its_pixels():
    labels = np.zeros((1, 28, 28), np.uint8)
    labels[0, :14, :14] = 14
    labels[0, 14:, 14:21] = 6  # a brow is face
    shares = patch_shares(labels, 14)
    assert shares.shape == (1, 4, len(CLASSES))
    assert shares[0, 0].tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert shares[0, 3, 4] == pytest.approx(0.5)
    assert shares[0, 1].sum() == 0
