"""What the decoder's global latents are made to add to the geometry that a linear map reads."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inference.face_map.labels import Label
from inference.model.config import preset_config
from inference.model.editing import EditingModel, editing_config
from training.editing.geometry import learn_geometry, refine_linear
from training.editing.latents import Latents
from training.editing.map_heads import drawn_map
from training.runs.log import RunLog

HEADS, SIZE = 120, 56


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    config = editing_config(preset_config("embedded"), "words", 12)
    small = replace(config, encoder=replace(config.encoder, image_size=SIZE))
    return EditingModel(small, torch.randn(65536, 3) * 0.1).eval()


@pytest.fixture(scope="module")
def maps():
    """Faces of many heights and widths, as any map is: one a head."""
    rng = np.random.default_rng(0)
    made = np.zeros((HEADS, SIZE, SIZE), np.uint8)
    for labels in made:
        top, left = rng.integers(2, 22, 2)
        labels[top : top + rng.integers(14, 34), left : left + rng.integers(14, 34)] = Label.FACE
    return made


def refined(model, maps, missed, folder):
    """What is told of each map, when a linear map misses `missed` [V, 24] of it."""
    rng = np.random.default_rng(1)
    read = rng.normal(size=(2 * HEADS, 24)).astype(np.float32)
    twins = np.concatenate([missed, missed])
    importance = np.linspace(1, 3, 24).astype(np.float32)
    heads = SimpleNamespace(maps=maps, view_head=np.arange(HEADS), twin_heads=np.arange(2 * HEADS))
    judged = np.arange(2 * HEADS) % HEADS % 4 == 3
    latents = Latents(read + twins, read, importance)
    refine_linear(model, heads, latents, judged, 0, RunLog(folder))
    with torch.no_grad():
        shown = torch.from_numpy(maps).long()
        return model.refinement(model.encoder.geometry_of_classes(shown)).numpy()


def test_they_add_what_maps_show_and_the_linear_map_misses(model, maps, tmp_path):
    lowest = (maps > 0).any(2).argmax(1) / SIZE
    widest = (maps > 0).any(1).sum(1) / SIZE
    missed = np.zeros((HEADS, 24), np.float32)
    missed[:, 0], missed[:, 5] = 3 + lowest, widest**2
    told = refined(model, maps, missed, tmp_path)
    for number in (0, 5):
        assert np.corrcoef(told[:, number], missed[:, number])[0, 1] > 0.75  # of a random network
        assert told[:, number].mean() == pytest.approx(missed[:, number].mean(), abs=0.02)
    assert np.abs(told[:, 1:5]).max() < 1e-4


def test_they_add_nothing_to_what_no_map_shows(model, maps, tmp_path):
    noise = np.random.default_rng(3).normal(size=(HEADS, 24)).astype(np.float32)
    told = refined(model, maps, noise, tmp_path)
    assert np.abs(told - noise.mean(0)).mean() < 0.2


def test_it_learns_to_read_maps_of_heads_that_it_was_not_shown(maps, tmp_path):
    torch.manual_seed(0)
    config = editing_config(preset_config("embedded"), "words", 12)
    small = replace(config, encoder=replace(config.encoder, image_size=SIZE))
    model = EditingModel(small, torch.randn(65536, 3) * 0.1)
    true = np.random.default_rng(2).normal(size=(HEADS, 24)).astype(np.float32) * 0.01
    true[:, 0] = (maps > 0).any(1).sum(1) / SIZE * 9
    both = np.concatenate([true, true])
    heads = SimpleNamespace(
        maps=maps,
        positions=np.zeros((HEADS, 1, 3)),
        pose=np.zeros((HEADS, 6), np.float32),
        view_head=np.arange(HEADS),
        twin_heads=np.arange(2 * HEADS),
    )
    # Before, the mean is said of every map; refine is quiet.
    read = np.broadcast_to(both.mean(0), both.shape).astype(np.float32)
    latents = Latents(both, read, np.ones(24, np.float32))
    options = SimpleNamespace(
        out=tmp_path, seed=0, learning_rate=1e-3, geometry=1.0, steps=80, minutes=9, save=9
    )
    options.resume = False
    learn_geometry(model, heads, latents, options, RunLog(tmp_path))
    others = np.arange(HEADS) % 10 == 3
    with torch.no_grad():
        geometry = model.encoder.geometry_of_classes(torch.from_numpy(maps).long())
        said = read[:HEADS] + model.refinement(geometry).numpy()
    missed = (said - true)[others, 0].var() / true[others, 0].var()
    assert missed < 0.15


def test_maps_are_drawn_as_they_are_or_a_little_differently(maps):
    labels = maps[0].copy()
    labels[:, : SIZE // 2][labels[:, : SIZE // 2] > 0] = Label.LEFT_EYE
    plain = drawn_map(labels, False, None)
    assert torch.equal(plain, torch.from_numpy(labels).long())
    twin = drawn_map(labels, True, None)
    right = torch.tensor(int(Label.RIGHT_EYE))
    assert torch.equal((twin == right).flip(1), plain == int(Label.LEFT_EYE))
    drawn = [drawn_map(labels, False, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    for one in drawn:
        assert set(one.unique().tolist()) <= set(plain.unique().tolist())
        assert (one > 0).sum() == pytest.approx(int((plain > 0).sum()), rel=0.4)
