"""Latents of heads, and what a linear map reads of them off maps."""

import numpy as np
import pytest
import torch

from inference.head.template import HeadTemplate
from inference.model.config import EditingBranchConfig
from inference.model.editing_branch import POSE, EditingBranch
from training.editing.data import EditingHeads
from training.editing.latents import MIRROR_PLACE, latents_of, learn_to_read, true_latents
from training.editing.map_ridge import held_out_ridge, ridge_of_maps, solve_ridge

HEADS, NUMBERS = 30, 3


@pytest.fixture(scope="module")
def template():
    return HeadTemplate.load()


def symmetric_branch(template, rng):
    """Tables for which mirroring a head negates the first number of its latent."""
    config = EditingBranchConfig(latent=NUMBERS, queries=2)
    branch = EditingBranch(config, 19, 128, 4096, 16, 32)
    anchors, mirror = template.anchors.astype(np.float32), template.mirror
    # Sums of waves, so that whatever the anchors, twins are treated alike.
    waves = rng.normal(size=(3, 3, NUMBERS)) * 20
    slopes = np.sin(np.einsum("nc,cdk->ndk", anchors, waves)).astype(np.float32) * 0.02
    twins = slopes[mirror] * MIRROR_PLACE[:, None]
    sign = np.array([-1, 1, 1], np.float32)
    slopes = (slopes + twins * sign) / 2
    centre = (anchors + anchors[mirror] * MIRROR_PLACE) / 2
    for table in branch.places:
        count = len(table.patches)
        table.put(
            torch.arange(count),
            torch.from_numpy(centre).view(4096, 16, 3)[:count],
            torch.from_numpy(slopes).view(4096, 16, 3, NUMBERS)[:count],
        )
    return branch, centre, slopes


@pytest.fixture(scope="module")
def heads(template):
    rng = np.random.default_rng(5)
    branch, centre, slopes = symmetric_branch(template, rng)
    latents = rng.normal(size=(HEADS, NUMBERS)).astype(np.float32) * 0.5
    positions = np.stack([centre + slopes @ latent for latent in latents])
    views = np.repeat(np.arange(HEADS), 2)
    # Features that say the latent, through a random matrix, and some noise.
    mixing = rng.normal(size=(NUMBERS, 3838)).astype(np.float32)

    def features(codes):
        return (codes[views] @ mixing + rng.normal(size=(2 * HEADS, 3838))).astype(np.float32)

    nothing = np.zeros((0, 128), np.float32)
    made = EditingHeads(
        positions=positions.astype(np.float16),
        colours=np.zeros((HEADS, 65536, 3), np.uint8),
        kind=np.zeros((HEADS, 65536), np.uint8),
        palette=np.zeros((HEADS, 40), np.float32),
        features=features(latents),
        mirrored_features=features(latents * [-1, 1, 1]),
        view_head=views,
        view_number=np.tile([0, 1], HEADS),
        pose=rng.normal(size=(2 * HEADS, POSE)).astype(np.float32),
        styles=nothing,
        style_head=np.zeros(0, np.int64),
        style_view=np.zeros(0, np.int64),
        maps=np.zeros((2 * HEADS, 4, 4), np.uint8),
        names=tuple(str(number) for number in range(HEADS)),
        prompts=nothing,
        prompt_head=np.zeros(0, np.int64),
    )
    return branch, made, latents


def test_heads_made_of_the_tables_have_the_latents_that_they_were_made_with(heads, template):
    branch, made, latents = heads
    found, importance = true_latents(branch, made, template, made.spread())
    np.testing.assert_allclose(found[:HEADS], latents, atol=0.02)
    np.testing.assert_allclose(found[HEADS:], latents * [-1, 1, 1], atol=0.02)
    assert (importance > 0).all()


def test_anchors_that_are_nobody_s_say_nothing(heads, template):
    branch, made, _ = heads
    odd = made.positions.copy()
    odd[:, ::3] += 0.3
    kind = made.kind.copy()
    kind[:, ::3] = 3  # glasses
    worn = EditingHeads(**{**vars(made), "positions": odd, "kind": kind})
    found, _ = true_latents(branch, worn, template, made.spread())
    expected, _ = true_latents(branch, made, template, made.spread())
    np.testing.assert_allclose(found, expected, atol=0.03)


def test_the_branch_learns_to_read_maps_and_others_are_read_without_being_fitted(heads, template):
    branch, made, _ = heads
    found = latents_of(branch, made, template, made.spread())
    with torch.no_grad():
        said, pose = branch.read_map(torch.from_numpy(made.features))
    own = found.true[made.view_head]
    within = np.abs(said.numpy() - own).mean()
    without = np.abs(found.read[: 2 * HEADS] - own).mean()
    assert within < without < 0.5 * np.abs(own - own.mean(0)).mean()
    assert np.abs(pose.numpy() - made.pose).mean() < 0.9 * np.abs(made.pose).mean()


def test_other_heads_mend_how_a_branch_reads_maps(heads, template):
    branch, made, latents = heads
    first, second = made.view_head < HEADS // 2, made.view_head >= HEADS // 2

    def some(chosen):
        columns = ("features", "mirrored_features", "view_head", "view_number", "pose", "maps")
        kept = {name: getattr(made, name)[chosen] for name in columns}
        return EditingHeads(**{**vars(made), **kept})

    mirrored = latents * np.array([-1, 1, 1], np.float32)
    twins, importance = np.concatenate([latents, mirrored]), np.ones(NUMBERS, np.float32)
    learn_to_read(branch, some(first), twins, importance)
    true = latents[made.view_head]

    def missed(chosen):
        with torch.no_grad():
            said, _ = branch.read_map(torch.from_numpy(made.features))
        return np.abs(said.numpy() - true)[chosen].mean()

    before = missed(second)
    assert missed(first) < 0.5 * before
    read, _ = learn_to_read(branch, some(second), twins, importance, mend=True)
    assert missed(second) < 0.7 * before
    # What it had learned is not forgotten, and nobody's own map told of him.
    assert missed(first) < before
    assert np.abs(read[: second.sum()] - true[second]).mean() <= 1.02 * before


def test_held_out_is_what_is_solved_without_the_head():
    rng = np.random.default_rng(2)
    features = rng.normal(size=(40, 6)).astype(np.float32)
    groups = np.repeat(np.arange(10), 4).astype(np.int32)
    targets = (features @ rng.normal(size=(6, 2)) + rng.normal(size=(40, 2))).astype(np.float32)
    said = held_out_ridge(features, targets, groups, 3.0)
    for fold in range(5):
        out = groups % 5 == fold
        x, y = (torch.from_numpy(a[~out]).double() for a in (features, targets))
        weights = solve_ridge(x.T @ x, x.T @ y, 3.0)
        np.testing.assert_allclose(said[out], features[out] @ weights.numpy(), atol=1e-5)
    weights, strength = ridge_of_maps(features, targets, groups, np.ones(2, np.float32))
    assert strength in (100.0, 300.0, 1e3, 3e3)
    assert weights.shape == (6, 2)
