"""Beards grow where beards grow, and change nothing elsewhere."""

import numpy as np
import pytest
import torch

from inference.face_map.labels import Label
from inference.head.gaussians import NUM_PATCHES
from inference.head.template import HeadTemplate
from inference.model.config import EditingBranchConfig
from inference.model.editing_branch import EditingBranch
from training.editing.beard_region import BEARD_NUMBERS, beard_region, confine_beards

CONFIG = EditingBranchConfig()
FULL = 36  # the number of the palette that says whether a beard is full


@pytest.fixture(scope="module")
def template():
    return HeadTemplate.load()


@pytest.fixture(scope="module")
def region(template):
    return beard_region(template)


@pytest.fixture(scope="module")
def usual():
    return np.random.default_rng(1).uniform(0, 1, CONFIG.palette).astype(np.float32)


@pytest.fixture(scope="module")
def branches(template, region, usual):
    """One as it was fitted, and the same with confined beards."""
    torch.manual_seed(0)
    patches, per = NUM_PATCHES, len(template.anchors) // NUM_PATCHES
    found = []
    for _ in range(2):
        branch = EditingBranch(CONFIG, 19, 128, patches, per, 32)
        generator = torch.Generator().manual_seed(0)
        order = torch.randperm(patches, generator=generator)
        columns = len(CONFIG.columns[0])
        table = 0.2 * torch.randn(patches, per, 3, columns, generator=generator)
        branch.colours[0].put(order, torch.rand(patches, per, 3, generator=generator), table)
        found.append(branch)
    confine_beards(found[1], CONFIG, region, usual)
    return found


def skin_of(branch, palette):
    """[N, 3] in the order of the template's anchors."""
    table = branch.colours[0]
    code = torch.from_numpy(palette[list(CONFIG.columns[0])])[None]
    colours = torch.zeros(branch.shape[0], branch.shape[1], 3)
    colours[table.patches.long()] = table(code, slice(None))[0]
    return colours.reshape(-1, 3).numpy()


def test_the_region_is_where_beards_grow(template, region):
    place, labels = template.anchors, template.labels
    assert 0 <= region.min() <= region.max() <= 1
    lips = place[np.isin(labels, (Label.UPPER_LIP, Label.LOWER_LIP))]
    face = labels == Label.FACE
    narrow = face & (np.abs(place[:, 0]) < 0.02) & (place[:, 2] > 0.04)
    chin = narrow & (place[:, 1] < lips[:, 1].min() - 0.004)
    nose = place[labels == Label.NOSE][:, 1].min()
    lip = narrow & (np.abs(place[:, 0]) < 0.01)
    lip &= (place[:, 1] > lips[:, 1].max()) & (place[:, 1] < nose - 0.005)
    for grows in (chin, lip):
        assert grows.sum() > 10
        assert region[grows].mean() > 0.95
    jaw = face & (np.abs(place[:, 0]) > 0.056) & (place[:, 1] < nose)
    assert region[jaw & (place[:, 2] > 0)].mean() > 0.9


def test_the_region_is_nowhere_else(template, region):
    place, labels = template.anchors, template.labels
    ears = np.isin(labels, (Label.LEFT_EAR, Label.RIGHT_EAR))
    eyes = np.isin(labels, (Label.LEFT_EYE, Label.RIGHT_EYE, Label.LEFT_BROW, Label.RIGHT_BROW))
    forehead = (labels == Label.FACE) & (place[:, 1] > 0.045)
    cheeks = (labels == Label.FACE) & (np.abs(place[:, 0]) < 0.04) & (place[:, 1] > 0.0)
    back = place[:, 2] < -0.03
    chest = place[:, 1] < -0.15
    for bare in (ears, eyes, forehead, cheeks, back, chest, labels == Label.NOSE):
        assert region[bare].max() == 0


def test_a_head_with_the_usual_beard_looks_as_it_did(branches, usual):
    before, after = (skin_of(branch, usual) for branch in branches)
    np.testing.assert_allclose(after, before, atol=0.02)  # 8 bits of 25 slopes, twice


def test_a_full_beard_changes_skin_only_where_it_grows(branches, region, usual):
    bearded = usual.copy()
    bearded[list(BEARD_NUMBERS)] += 1
    bearded[FULL] += 1
    plain, full = (skin_of(branches[1], palette) for palette in (usual, bearded))
    np.testing.assert_allclose(full[region == 0], plain[region == 0], atol=1e-6)
    free = skin_of(branches[0], bearded) - skin_of(branches[0], usual)
    grows = region == 1
    assert grows.sum() > 1000
    np.testing.assert_allclose((full - plain)[grows], free[grows], atol=0.02)
    half = (region > 0.3) & (region < 0.7)
    assert np.abs((full - plain)[half]).mean() < np.abs(free[half]).mean()


def test_what_is_not_about_beards_speaks_everywhere_as_before(branches, usual):
    other = usual.copy()
    others = np.setdiff1d(np.arange(CONFIG.palette), BEARD_NUMBERS)
    other[others] += np.random.default_rng(2).uniform(-0.5, 0.5, len(others)).astype(np.float32)
    before, after = (skin_of(b, other) - skin_of(b, usual) for b in branches)
    np.testing.assert_allclose(after, before, atol=0.02)
