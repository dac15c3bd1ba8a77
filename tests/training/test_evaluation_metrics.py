"""Figures agree with other implementations, and what cannot be measured is said, not faked."""

import math

import numpy as np
import pytest
import torch

from inference.errors import UsageError
from training.evaluation.metric import Comparison, Metric, MetricUnavailableError
from training.evaluation.metrics import METRIC_NAMES, METRICS, load_metrics
from training.evaluation.summary import figure_of

torchmetrics = pytest.importorskip("torchmetrics.functional.image")


@pytest.fixture(scope="module")
def dino() -> Metric:
    return METRICS["dino"]()


def _comparison(seed: int, size: int = 48, noise: float = 0.1) -> Comparison:
    rng = np.random.default_rng(seed)
    ramp = np.linspace(0, 1, size, dtype=np.float32)
    truth = np.stack(
        [np.outer(ramp, ramp), np.tile(ramp, (size, 1)), np.sin(6 * ramp)[:, None] * ramp], -1
    )
    truth = np.clip(np.abs(truth), 0, 1).astype(np.float32)
    rendered = np.clip(truth + rng.normal(0, noise, truth.shape), 0, 1).astype(np.float32)
    alpha = np.zeros((size, size), np.float32)
    alpha[8:40, 8:40] = 1
    return Comparison(rendered, truth, np.roll(alpha, 4, axis=1), alpha)


def _tensors(comparison: Comparison) -> tuple[torch.Tensor, torch.Tensor]:
    return tuple(
        torch.from_numpy(x.transpose(2, 0, 1)[None].copy())
        for x in (comparison.rendered, comparison.truth)
    )


@pytest.mark.parametrize("noise", [0.01, 0.1, 0.4])
def test_psnr_and_ssim_agree_with_torchmetrics(noise):
    comparison = _comparison(3, noise=noise)
    a, b = _tensors(comparison)
    psnr = torchmetrics.peak_signal_noise_ratio(a, b, data_range=1.0).item()
    ssim = torchmetrics.structural_similarity_index_measure(a, b, data_range=1.0).item()
    assert METRICS["psnr"]()(comparison) == pytest.approx(psnr, abs=1e-4)
    assert METRICS["ssim"]()(comparison) == pytest.approx(ssim, abs=1e-4)


def test_equal_pictures_are_perfect_in_every_metric_without_faces(dino):
    c = _comparison(0)
    same = Comparison(c.truth, c.truth, c.truth_alpha, c.truth_alpha)
    assert METRICS["psnr"]()(same) == math.inf
    assert METRICS["ssim"]()(same) == pytest.approx(1)
    assert METRICS["mask-iou"]()(same) == 1
    assert dino(same) == pytest.approx(0, abs=1e-5)


def test_mask_iou_is_that_of_the_rectangles():
    # 32 x 32, moved by 4: 28 columns are shared, 36 covered.
    assert METRICS["mask-iou"]()(_comparison(0)) == pytest.approx(28 / 36)


def test_dino_distance_grows_with_the_damage(dino):
    little, much = dino(_comparison(1, noise=0.03)), dino(_comparison(1, noise=0.4))
    assert 0 < little < much < 2


def _photograph() -> np.ndarray:
    import cv2

    from inference.files import resource_path

    picture = cv2.imread(str(resource_path("samples/astronaut.png")))[..., ::-1]
    return np.ascontiguousarray(picture[:320, 60:380], np.float32) / 255


def test_dlib_knows_the_person_a_lost_face_and_a_picture_without_one():
    pytest.importorskip("dlib")
    dlib = METRICS["dlib"]()
    person, nobody = _photograph(), np.ones((320, 320, 3), np.float32)
    alpha = np.ones((320, 320), np.float32)
    brighter = np.clip(person * 1.1, 0, 1)
    assert dlib(Comparison(brighter, person, alpha, alpha)) < 0.3
    assert math.isnan(dlib(Comparison(nobody, person, alpha, alpha)))
    assert dlib(Comparison(person, nobody, alpha, alpha)) is None


def test_lost_faces_are_counted_and_not_part_of_the_mean():
    figure = figure_of([0.2, 0.4, None, float("nan")])
    assert (figure.mean, figure.views, figure.lost) == (pytest.approx(0.3), 2, 1)
    assert figure_of([None]).mean is None


def test_a_metric_that_is_not_here_is_skipped_by_name_with_its_reason():
    def absent() -> None:
        raise MetricUnavailableError("its weights are missing")

    found = load_metrics(["psnr", "other"], {"psnr": METRICS["psnr"], "other": absent})
    assert list(found.metrics) == ["psnr"]
    assert found.skipped == {"other": "its weights are missing"}


def test_every_metric_is_either_ready_or_skipped(monkeypatch, tmp_path):
    # No weights in the folders in which the adapters look: none of them may fetch any.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("PERCHEAD_DREAMSIM", str(tmp_path))
    found = load_metrics()
    assert set(found.metrics) | set(found.skipped) == set(METRICS) == set(METRIC_NAMES)
    assert {"psnr", "ssim", "dino", "mask-iou"} <= set(found.metrics)
    assert {"lpips", "dreamsim", "arcface"} <= set(found.skipped)
    assert all(reason for reason in found.skipped.values())
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_metric_is_the_users_error():
    with pytest.raises(UsageError, match="psnr"):
        load_metrics(["beauty"])
