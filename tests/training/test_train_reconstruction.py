"""The first training script end to end on toy heads, and the parts it is made of."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from inference.head.template import HeadTemplate
from inference.model.checkpoint import read_info
from inference.model.loading import load_reconstruction_model
from inference.rendering.camera import orbit_camera
from tests.training.linear_data import linear_rows
from training import train_reconstruction
from training.anchors.data import HeadTargets, mirrored_targets, read_head, target_statistics
from training.anchors.patch_sampling import draw_patches, patch_probabilities
from training.anchors.regression import principal_components, ridge
from training.export_model import export_model
from training.pictures.augment import AugmentConfig, apply_light, augment_view
from training.runs.averaging import MovingAverage

SIZE = 280


def draw(positions, colours, labels, yaw):
    """A toy renderer: nearest point per pixel, in squares of 4 pixels; rgb, alpha and label."""
    c, s = np.cos(yaw), np.sin(yaw)
    x, z = positions[:, 0] * c - positions[:, 2] * s, positions[:, 0] * s + positions[:, 2] * c
    column = np.clip((x / 0.41 + 0.5) * 70, 0, 69).astype(int)
    row = np.clip((0.5 - (positions[:, 1] - 0.012) / 0.41) * 70, 0, 69).astype(int)
    order = np.argsort(z)
    picture = np.full((70, 70, 3), 128, np.uint8)
    alpha, label = np.zeros((70, 70), np.uint8), np.zeros((70, 70), np.uint8)
    picture[row[order], column[order]] = colours[order]
    label[row[order], column[order]] = labels[order]
    alpha[row, column] = 255
    square = np.ones((4, 4), np.uint8)
    return np.kron(picture, square[..., None]), np.kron(alpha, square), np.kron(label, square)


def write_heads(folder, count, seed):
    """Heads that differ in width, height and colours of skin and scalp."""
    folder.mkdir(parents=True, exist_ok=True)
    template = HeadTemplate.load()
    rng = np.random.default_rng(seed)
    scalp = template.labels == 14
    for number in range(count):
        stretch = np.exp(rng.normal(0, 0.1, 3)).astype(np.float32)
        positions = template.anchors * stretch
        positions[scalp] += template.normals[scalp] * rng.uniform(0, 0.03)
        skin, hair = rng.uniform(0.35, 1.2, 2)[:, None] * [(205, 160, 130), (110, 80, 55)]
        colours = np.where(scalp[:, None], hair, skin).astype(np.uint8)
        yaws = (0.0, rng.normal(0, 0.5))
        views = [draw(positions, colours, template.labels, yaw) for yaw in yaws]
        poses = [orbit_camera(np.degrees(yaw)).world_to_camera for yaw in yaws]
        np.savez_compressed(
            folder / f"head_{number:05d}.npz",
            rgb=np.stack([view[0] for view in views]),
            alpha=np.stack([view[1] for view in views]),
            label=np.stack([view[2] for view in views]),
            w2c=np.stack(poses),
            positions=positions.astype(np.float16),
            colours=colours,
            kind=scalp.astype(np.uint8),
        )


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A short run on toy heads: its folder, arguments and last measurement."""
    root = tmp_path_factory.mktemp("run")
    write_heads(root / "train", 40, seed=1)
    write_heads(root / "test", 4, seed=2)
    (root / "train" / "head_99999.npz").write_bytes(b"PK\x03\x04 cut off")
    arguments = [
        *("--data", str(root / "train"), "--test", str(root / "test")),
        *("--cache", str(root / "cache"), "--out", str(root / "out")),
        *("--batch", "4", "--patches", "64", "--repeats", "1", "--precision", "fp32"),
        *("--steps", "12", "--threads", "1"),
    ]
    return root, arguments, train_reconstruction.main(arguments)


def rows(root, kind, out="out"):
    lines = (root / out / "log.jsonl").read_text().splitlines()
    return [row for row in map(json.loads, lines) if row["kind"] == kind]


def test_the_closed_form_beats_the_mean_head_and_tells_people_apart(run):
    root, _, _ = run
    mean, closed = rows(root, "mean head")[0], rows(root, "closed form")[0]
    assert mean["face_shape_ratio"] == pytest.approx(0, abs=1e-6)
    assert closed["face_mm"] < 0.9 * mean["face_mm"]
    assert closed["face_colour"] < 0.8 * mean["face_colour"]
    assert closed["face_colour_ratio"] > 0.3


def test_training_goes_on_from_the_closed_form(run):
    root, _, last = run
    closed = rows(root, "closed form")[0]
    assert last.views == 8
    assert last.face_mm < 1.1 * closed["face_mm"]
    assert last.face_colour < 1.1 * closed["face_colour"]


def test_the_checkpoint_loads_as_the_embedded_preset(run):
    root, _, _ = run
    path = root / "out" / "model.safetensors"
    info = read_info(path)
    assert info.preset == "embedded"
    assert "40 synthetic heads, 12 steps" in info.trained_by
    template = HeadTemplate.load()
    model = load_reconstruction_model("embedded", template, checkpoint=path)
    views, targets = read_head(root / "train" / "head_00000.npz")
    image = torch.from_numpy(views.rgb[:1]).permute(0, 3, 1, 2).float() / 255
    head = model(image, torch.from_numpy(views.alpha[:1]).float() / 255).to_gaussians(0)
    error = np.linalg.norm(head.means - targets.positions, axis=1).mean()
    template_error = np.linalg.norm(template.anchors - targets.positions, axis=1).mean()
    assert error < template_error


def test_a_resumed_run_is_exactly_the_uninterrupted_one(run, tmp_path):
    _, arguments, last = run
    moved = [*arguments, "--out", str(tmp_path)]
    # Stopped after 6 of 12 steps: the schedule is that of 12, as in the whole run.
    stopped = train_reconstruction.main([*moved, "--stop-after", "6"])
    assert stopped.to_dict() != last.to_dict()
    resumed = train_reconstruction.main([*moved, "--resume"])
    assert resumed.to_dict() == last.to_dict()


def test_mirrored_targets_mirror_back():
    template = HeadTemplate.load()
    rng = np.random.default_rng(0)
    targets = HeadTargets(
        rng.normal(0, 0.1, (65536, 3)).astype(np.float16),
        rng.integers(0, 255, (65536, 3)).astype(np.uint8),
        rng.integers(0, 3, 65536).astype(np.uint8),
    )
    once = mirrored_targets(targets, template.mirror)
    twice = mirrored_targets(once, template.mirror)
    assert not np.array_equal(once.positions, targets.positions)
    assert np.array_equal(twice.positions, targets.positions)
    assert np.array_equal(twice.kind, targets.kind)


def test_statistics_are_those_of_the_heads():
    rng = np.random.default_rng(0)
    heads = [
        HeadTargets(
            rng.normal(0, 0.02, (64, 3)).astype(np.float16),
            np.full((64, 3), 51 * number, np.uint8),
            np.zeros(64, np.uint8),
        )
        for number in range(5)
    ]
    statistics = target_statistics(heads, per_patch=16)
    stacked = np.stack([head.positions for head in heads]).astype(np.float32)
    assert np.allclose(statistics.mean, stacked.mean(0), atol=1e-6)
    assert np.allclose(statistics.colour, 0.4)
    assert (statistics.spread >= stacked.std(0).min() * 0.7).all()
    assert statistics.spread.mean() == pytest.approx(0.018, rel=0.1)


def test_principal_components_rebuild_data_of_their_rank():
    rng = np.random.default_rng(0)
    data = (rng.normal(size=(12, 3)) @ rng.normal(size=(3, 200)) + 5).astype(np.float32)
    weight = rng.uniform(0.5, 2, 200).astype(np.float32)
    basis = principal_components(data, weight, 6)
    coefficients = (data - basis.mean) @ basis.project.T
    assert np.allclose(coefficients.std(0)[:3], 1, atol=1e-3)
    assert np.allclose(coefficients[:, 3:], 0)
    assert np.allclose(basis.mean + coefficients @ basis.columns.T, data, atol=1e-3)
    assert basis.share.sum() == pytest.approx(1)


@pytest.mark.parametrize("features", [20, 300])
def test_ridge_finds_a_linear_map(features):
    x, y, groups = linear_rows(features)
    found, _ = ridge(x, y, groups, np.full(2, 0.5, np.float32))
    residual = y - x @ found
    assert residual.var() < 0.05 * y.var()


def test_augmentation_is_repeatable_and_its_light_is_the_target_s():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 255, (SIZE, SIZE, 3)).astype(np.uint8)
    alpha = np.zeros((SIZE, SIZE), np.uint8)
    alpha[60:220, 80:160] = 255
    first = augment_view(image, alpha, np.random.default_rng(5))
    again = augment_view(image, alpha, np.random.default_rng(5))
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.alpha, again.alpha)
    assert 0 <= first.alpha.min() <= first.alpha.max() <= 1
    # With everything else off, the picture is the light's change of the colours.
    off = AugmentConfig(
        **dict.fromkeys(("mirror", "background", "zoom", "turn", "shift", "blur", "noise"), 0.0),
        jpeg=0.0,
        matte_error=0,
    )
    view = augment_view(image, alpha, np.random.default_rng(6), off)
    expected = apply_light(image.astype(np.float32) / 255, view.light) * 255
    assert np.abs(view.image - expected).max() <= 0.51
    flipped = augment_view(image, alpha, np.random.default_rng(6), replace(off, mirror=1.0))
    assert flipped.mirrored
    assert not view.mirrored
    assert np.array_equal(flipped.image, view.image[:, ::-1])
    assert np.array_equal(flipped.alpha, view.alpha[:, ::-1])


def test_patches_are_drawn_without_repeats_and_by_their_weight():
    labels = np.repeat(np.array([10, 11] * 50, np.uint8), 16)
    probabilities = patch_probabilities(labels, 16)
    assert probabilities.sum() == pytest.approx(1)
    rng = np.random.default_rng(0)
    drawn = [draw_patches(rng, probabilities, 30) for _ in range(200)]
    assert all(len(set(patches)) == 30 for patches in drawn)
    share = np.mean([np.mean(patches % 2 == 0) for patches in drawn])
    assert 0.6 < share < 0.75


def test_the_moving_average_follows_the_weights():
    layer = torch.nn.Linear(2, 1)
    average = MovingAverage(layer, decay=0.9)
    with torch.no_grad():
        layer.weight.fill_(1.0)
    for _ in range(200):
        average.update(layer)
    other = torch.nn.Linear(2, 1)
    average.copy_to(other)
    assert torch.allclose(other.weight, torch.ones(1, 2), atol=1e-6)


def test_the_exported_file_is_half_the_size_and_small_enough_to_ship(run, tmp_path):
    root, _, _ = run
    source, target = root / "out" / "model.safetensors", tmp_path / "embedded.safetensors"
    size = export_model(source, target)
    assert size == target.stat().st_size < 60e6
    assert size < 0.51 * source.stat().st_size
    assert read_info(target) == read_info(source)
    load_reconstruction_model("embedded", HeadTemplate.load(), checkpoint=target)


def test_a_limit_of_heads_counts_those_that_an_earlier_run_cached(run, tmp_path):
    _, arguments, _ = run
    write_heads(tmp_path / "train", 6, seed=1)
    moved = [*arguments, "--data", str(tmp_path / "train"), "--cache", str(tmp_path / "cache")]
    moved += ["--out", str(tmp_path / "out"), "--heads", "3", "--start-only"]
    for _ in range(2):
        train_reconstruction.main(moved)
    index = json.loads((tmp_path / "cache" / "train" / "index.json").read_text())
    assert len(index["names"]) == 3
