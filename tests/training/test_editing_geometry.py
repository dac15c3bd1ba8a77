"""What the decoder's global latents are made to add to the geometry that a linear map reads."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inference.face_map.labels import Label
from inference.model.config import preset_config
from inference.model.editing import EditingModel, editing_config
from training.editing.geometry import refine_linear
from training.editing.latents import Latents
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
