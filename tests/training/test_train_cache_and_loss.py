"""The feature cache survives what happens to long runs; the loss measures what it says."""

import json

import numpy as np
import pytest
import torch

from inference.model.config import BackboneConfig, EncoderConfig, VitConfig
from inference.model.encoder import DualBranchEncoder
from inference.model.tensors import GaussianTensors
from inference.rendering.camera import orbit_camera
from training.anchors.feature_cache import FeatureCache
from training.anchors.loss import AnchorLossConfig, AnchorTargets, anchor_loss
from training.runs.log import RunLog

SIZE = 28
CONFIG = EncoderConfig(SIZE, BackboneConfig("mean", 3, (0, 1)), VitConfig(8, 1, 2), hidden=8)


class MeanColour:
    """Features of a patch: its mean colour, once per layer."""

    patch_size, embed_dim = 14, 3

    def __call__(self, images, layers):
        patches = torch.nn.functional.avg_pool2d(images, 14).flatten(2).transpose(1, 2)
        return [torch.cat([torch.zeros(len(images), 1, 3), patches], 1) for _ in layers]


def write_head(folder, number):
    rng = np.random.default_rng(number)
    folder.mkdir(exist_ok=True)
    np.savez(
        folder / f"head_{number:05d}.npz",
        rgb=rng.integers(0, 255, (2, SIZE, SIZE, 3)).astype(np.uint8),
        alpha=np.full((2, SIZE, SIZE), 255, np.uint8),
        label=np.full((2, SIZE, SIZE), 14, np.uint8),
        w2c=np.stack([orbit_camera(yaw).world_to_camera for yaw in (0.0, 30.0)]),
        positions=rng.normal(size=(32, 3)).astype(np.float16),
        colours=rng.integers(0, 255, (32, 3)).astype(np.uint8),
        kind=np.zeros(32, np.uint8),
    )


def open_cache(tmp_path, **options):
    torch.manual_seed(0)
    encoder = DualBranchEncoder(CONFIG, 8, MeanColour())
    return FeatureCache(tmp_path / "cache", encoder, **{"repeats": 3, **options})


def test_the_cache_takes_new_heads_and_skips_damaged_and_hidden_files(tmp_path):
    heads = tmp_path / "heads"
    write_head(heads, 0)
    (heads / "head_00001.npz").write_bytes(b"broken")
    (heads / ".head_00002.partial.npz").write_bytes(b"half")
    cache = open_cache(tmp_path)
    assert cache.update(heads) == 1
    assert len(cache) == 6
    write_head(heads, 3)
    assert cache.update(heads) == 1
    assert cache.names == ["head_00000.npz", "head_00003.npz"]
    assert cache.heads.tolist() == [0] * 6 + [1] * 6
    assert cache.update(heads) == 0


def test_cached_views_are_those_of_the_pictures(tmp_path):
    heads = tmp_path / "heads"
    write_head(heads, 0)
    cache = open_cache(tmp_path, plain=True)
    cache.update(heads)
    assert len(cache) == 2
    batch = cache.batch(np.array([1, 0]))
    with np.load(heads / "head_00000.npz") as data:
        picture = torch.from_numpy(data["rgb"][1]).permute(2, 0, 1) / 255
    torch.testing.assert_close(batch.images[0], picture)
    corner = picture[:, :14, :14].mean((1, 2))
    torch.testing.assert_close(batch.features[0, 0].float(), corner.repeat(2), atol=1e-3, rtol=0)
    assert batch.kept.all()
    assert (batch.foreground == 1).all()
    assert (batch.shares == torch.tensor([1.0] + [0] * 7)).all()  # all hair
    np.testing.assert_allclose(cache.yaws, [0, 30], atol=1e-3)
    assert batch.light.tolist() == [[1, 1, 1, 1]] * 2


def test_a_cache_that_was_cut_off_while_writing_continues_from_its_index(tmp_path):
    heads = tmp_path / "heads"
    write_head(heads, 0)
    cache = open_cache(tmp_path)
    cache.update(heads)
    expected = cache.batch(np.arange(6))
    for field in ("features", "images"):  # half of a second head was written, its index not
        with open(tmp_path / "cache" / f"{field}.bin", "ab") as file:
            file.write(b"\xff" * 1000)
    write_head(heads, 1)
    again = open_cache(tmp_path)
    assert again.update(heads) == 1
    assert len(again) == 12
    batch = again.batch(np.arange(12))
    assert torch.equal(batch.features[:6], expected.features)
    assert torch.equal(batch.images[:6], expected.images)
    assert torch.isfinite(batch.features).all()
    fresh = FeatureCache(tmp_path / "fresh", open_cache(tmp_path).encoder, 3)
    fresh.update(heads)
    assert torch.equal(fresh.batch(np.arange(12)).features, batch.features)


def test_a_cache_whose_heads_are_gone_says_so(tmp_path):
    heads = tmp_path / "heads"
    write_head(heads, 0)
    open_cache(tmp_path).update(heads)
    (heads / "head_00000.npz").unlink()
    with pytest.raises(FileNotFoundError, match=r"head_00000\.npz"):
        open_cache(tmp_path).update(heads)


def predicted(means, colours):
    batch, count = means.shape[:2]
    return GaussianTensors(
        means, torch.ones(batch, count, 4) / 2, torch.ones(batch, count, 3),
        torch.ones(batch, count), colours,
    )  # fmt: skip


def test_the_loss_measures_positions_in_each_anchor_s_own_spread():
    config = AnchorLossConfig(beta=0.1, colour=4.0, coefficients=0.5)
    spread = torch.tensor([0.001, 0.010])
    truth = AnchorTargets(torch.zeros(1, 2, 3), torch.full((1, 2, 3), 0.5), spread)
    exact = anchor_loss(predicted(truth.positions, truth.colours), None, truth, config)
    assert exact["total"] == 0
    # Both anchors are one spread off in every axis: |1| - beta / 2 each.
    off = spread[None, :, None].expand(1, 2, 3)
    terms = anchor_loss(predicted(off, truth.colours + 0.1), None, truth, config)
    assert terms["position"].item() == pytest.approx(0.95)
    assert terms["colour"].item() == pytest.approx(0.1)
    assert terms["total"].item() == pytest.approx(0.95 + 0.4)


def test_coefficients_count_by_their_share_of_the_variance():
    truth = AnchorTargets(
        torch.zeros(2, 1, 3), torch.zeros(2, 1, 3), torch.ones(1),
        torch.zeros(2, 3), torch.tensor([0.7, 0.3, 1.0]),
    )  # fmt: skip
    coefficients = torch.tensor([[1.0, 0, 0], [0, 2.0, 0]])
    exact = predicted(truth.positions, truth.colours)
    terms = anchor_loss(exact, coefficients, truth, AnchorLossConfig(coefficients=0.5))
    assert terms["coefficients"].item() == pytest.approx((0.7 + 4 * 0.3) / 2)
    assert terms["total"].item() == pytest.approx(0.5 * (0.7 + 1.2) / 2)


def test_the_log_averages_steps_and_writes_valid_json(tmp_path, capsys):
    log = RunLog(tmp_path, every=2)
    for step in range(1, 5):
        log.step(step, 8, 0.5 * step, {"total": float(step)})
    log.measurement("end", 4, 2.0, {"hair_mm": float("nan")})
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["kind"] for row in rows] == ["steps", "steps", "end"]
    assert rows[1]["total"] == pytest.approx(3.5)
    assert rows[1]["samples_per_second"] == pytest.approx(16)
    assert rows[2]["hair_mm"] is None
    assert "hair_mm" in capsys.readouterr().out
