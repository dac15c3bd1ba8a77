"""What the decoder's tints are made to add to the palette that a linear map tells."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inference.face_map.labels import Label
from inference.features.style_blocks import BLOCKS, BY_NAME, WIDTH, completed
from inference.model.config import preset_config
from inference.model.editing import EditingModel, editing_config
from inference.model.editing_branch import AGE, TINTED
from training.editing.style_palette import PaletteExamples, fit_palette
from training.editing.tints import learn_tints
from training.runs.log import RunLog

HEADS, SIZE = 600, 56
HAIR = BY_NAME["hair colour"]


@pytest.fixture(scope="module")
def heads():
    """Hair is red for either end of one coordinate of its block, which no linear map tells."""
    rng = np.random.default_rng(0)
    styles = rng.normal(size=(HEADS, WIDTH))
    ends = rng.choice([-6, 0, 6], HEADS)
    styles[:, HAIR.start] = ends
    palette = rng.normal(0.5, 0.02, (HEADS, 40))
    palette[:, 0] += 0.2 * (ends != 0)
    maps = np.zeros((9, SIZE, SIZE), np.uint8)
    for labels in maps:
        top, left = rng.integers(2, 22, 2)
        labels[top : top + rng.integers(14, 34), left : left + rng.integers(14, 34)] = Label.FACE
    prompt = np.zeros((1, WIDTH), np.float32)
    prompt[0, HAIR.start] = 1
    vectors = np.stack([completed(v) for v in styles]).astype(np.float32)
    examples = PaletteExamples(
        palette.astype(np.float32), vectors, np.arange(HEADS), prompt, np.flatnonzero(ends > 0)[:1]
    )
    return SimpleNamespace(**vars(examples), maps=maps)


def untrained(heads):
    torch.manual_seed(0)
    config = editing_config(preset_config("embedded"), "words", WIDTH)
    small = replace(config, encoder=replace(config.encoder, image_size=SIZE))
    model = EditingModel(small, torch.randn(65536, 3) * 0.1)
    fit_palette(model.branch, heads, str)
    with torch.no_grad():
        model.branch.refine.weight.normal_(std=0.01)
    return model


@pytest.fixture(scope="module")
def trained(heads, tmp_path_factory):
    before = untrained(heads)
    model = untrained(heads)
    options = SimpleNamespace(
        out=tmp_path_factory.mktemp("tints"), seed=0, learning_rate=3e-3, tints=1.0
    )
    options.steps, options.minutes, options.save, options.resume = 200, 9, 9, False
    assert learn_tints(model, heads, heads, options, RunLog(options.out)) == 200
    return before.eval(), model.eval()


@torch.no_grad()
def told(model, heads, vectors):
    shown = model.encoder.geometry_of_classes(torch.from_numpy(heads.maps[:1]).long())
    return [model.palette(shown, torch.from_numpy(v)[None])[0].numpy() for v in vectors]


def test_it_learns_what_no_linear_map_tells_of_heads_that_it_was_not_shown(trained, heads):
    others = np.flatnonzero(np.arange(HEADS) % 10 == 3)
    truth = heads.palette[others, 0]
    missed = [
        np.square(np.array(told(model, heads, heads.styles[others]))[:, 0] - truth).mean()
        for model in trained
    ]
    assert missed[0] > 0.8 * truth.var()
    assert missed[1] < 0.6 * truth.var()


def test_words_about_hair_change_no_hat(trained, heads):
    _, model = trained
    style = heads.styles[0].copy()
    plain, red = told(model, heads, [style, np.where(np.arange(WIDTH) < HAIR.stop, 0, style)])
    assert BLOCKS[0] == HAIR
    assert not np.isclose(plain[0], red[0], atol=1e-3)
    np.testing.assert_allclose(plain[24:27], red[24:27], atol=1e-5)


@torch.no_grad()
def test_no_map_is_read_differently_afterwards(trained, heads):
    before, after = trained
    maps = torch.from_numpy(heads.maps).long()
    shown = [model.encoder.geometry_of_classes(maps) for model in trained]
    assert torch.equal(before.refinement(shown[0]), after.refinement(shown[1]))
    assert not torch.equal(before.encoder.fuse[0].weight, after.encoder.fuse[0].weight)


def test_all_other_numbers_are_the_linear_map_s(trained, heads):
    _, model = trained
    vector = heads.styles[5]
    with torch.no_grad():
        linear = model.branch.palette(torch.from_numpy(vector)).numpy()
    found = told(model, heads, [vector])[0]
    others = np.setdiff1d(np.arange(40), TINTED)
    assert AGE in others
    np.testing.assert_array_equal(found[others], linear[others])
    assert all(weight.requires_grad for weight in model.decoder.parameters())
