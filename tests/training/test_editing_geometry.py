"""What the decoder's global latents are made to add to the geometry that a linear map reads."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from inference.face_map.labels import Label
from inference.model.config import preset_config
from inference.model.editing import EditingModel, editing_config
from training.editing.geometry import Reader, blend_readings, learn_geometry
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


def test_what_the_network_reads_counts_as_far_as_it_is_right(model, maps, tmp_path):
    rng = np.random.default_rng(1)
    true, wrong = rng.normal(size=(2, HEADS, 24)).astype(np.float32)
    read = true + rng.normal(size=true.shape).astype(np.float32)
    with torch.no_grad():
        shown = model.encoder.geometry_of_classes(torch.from_numpy(maps).long())
        told = model.global_latents(shown).flatten(1)
        model.branch.latent.weight.normal_()
        model.branch.latent.bias.normal_()
        features = torch.randn(4, model.branch.latent.in_features)
        before = model.branch.latent(features)
    # The network knows the first number, has no idea of the second, and nearly knows the third.
    aim = np.stack([true[:, 0], wrong[:, 1], true[:, 2] + wrong[:, 2]], 1)
    mean, spread = torch.full((26,), 0.5), torch.full((26,), 2.0)
    linear = torch.nn.Linear(told.shape[1], 26)
    with torch.no_grad():
        linear.weight.zero_()
        linear.bias.zero_()
        solved = torch.linalg.lstsq(told, (torch.from_numpy(aim) - 0.5) / 2, driver="gelsd")
        linear.weight[:3] = solved.solution.T
    reader = Reader(linear, mean, spread, torch.ones(26))
    heads = SimpleNamespace(maps=maps, view_head=np.arange(HEADS), twin_heads=np.arange(HEADS))
    judged = np.ones(HEADS, bool)
    latents = Latents(true, read, np.ones(24, np.float32))
    left = blend_readings(model, reader, heads, latents, judged, RunLog(tmp_path))
    share = 1 - left.read[0] / read[0]
    assert share[0] == pytest.approx(1, abs=0.02)
    assert share[1] < 0.55  # both are a spread or more from the truth
    assert share[2] == pytest.approx(0.5, abs=0.12)
    with torch.no_grad():
        after = model.branch.latent(features)
        whole = left.read + model.refinement(shown).numpy()
    kept = before[:, :24] * torch.from_numpy(1 - share)
    torch.testing.assert_close(after[:, :24], kept, atol=1e-3, rtol=1e-4)
    assert torch.equal(after[:, 24:], before[:, 24:])  # the pose
    np.testing.assert_allclose(whole[:, 0], true[:, 0], atol=0.1)
    blended = read[:, 2] + share[2] * (aim[:, 2] - read[:, 2])
    np.testing.assert_allclose(whole[:, 2], blended, atol=0.02)


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
        out=tmp_path, seed=0, learning_rate=1e-3, geometry=1.0, steps=140, minutes=9, save=9
    )
    options.resume = False
    _, left = learn_geometry(model, heads, latents, options, RunLog(tmp_path))
    others = np.arange(HEADS) % 10 == 3
    with torch.no_grad():
        geometry = model.encoder.geometry_of_classes(torch.from_numpy(maps).long())
        said = left.read[:HEADS] + model.refinement(geometry).numpy()
    missed = (said - true)[others, 0].var() / true[others, 0].var()
    assert missed < 0.25


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
