"""Where the networks run: what is chosen, and what is said when a wish cannot be fulfilled."""

import numpy as np
import pytest
import torch

from desktop.__main__ import main
from inference.device import choose_device, cuda_problem, fitting_way
from inference.engine import Engine
from inference.engine_protocol import ReconstructionOptions
from inference.errors import UsageError
from inference.files import resource_path
from inference.model.config import PRESETS
from inference.model.gpu_memory import gpu_bytes, gpu_memory, memory_lines

GB = 10**9


def test_the_processor_computes_in_float32():
    for preset in PRESETS.values():
        device = choose_device(preset, "cpu")
        assert (device.name, device.precision, device.streamed) == ("cpu", "float32", False)


def test_the_embedded_preset_never_waits_for_cuda_unless_told_to():
    assert choose_device(PRESETS["embedded"]).name == "cpu"


def test_a_published_preset_takes_the_gpu_that_computes_and_says_why_not():
    device = choose_device(PRESETS["light-s"])
    if cuda_problem():
        assert (device.name, device.precision) == ("cpu", "float32")
        assert device.why == cuda_problem()
    else:
        assert device.name == "cuda"
        assert device.precision in ("bfloat16", "float16")


@pytest.mark.skipif(torch.version.cuda is not None, reason="this torch may know CUDA")
def test_a_wish_for_a_gpu_that_is_not_there_is_one_sentence(capsys, tmp_path):
    with pytest.raises(UsageError, match=r"--device cuda:1 cannot be used: .* without CUDA"):
        choose_device(PRESETS["embedded"], "cuda:1")
    sample = str(resource_path("samples/astronaut.png"))
    words = ["reconstruct", sample, "--out", str(tmp_path / "heads"), "--device", "cuda"]
    assert main(words) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "heads").exists()


@pytest.mark.parametrize("words", ["tpu", "cuda:", "cuda:x", "", "gpu0"])
def test_what_is_no_device_is_told_before_anything_is_loaded(words):
    with pytest.raises(UsageError, match="--device"):
        Engine(device=words)


@pytest.mark.skipif(bool(cuda_problem()), reason="no CUDA here")
def test_a_head_made_on_the_gpu_is_that_of_the_processor():
    on_cpu, on_gpu = Engine(device="cpu"), Engine(device="cuda")
    image = on_cpu.open_image(resource_path("samples/astronaut.png"))
    portrait = on_cpu.prepare(image, on_cpu.suggest_crop(image, on_cpu.detect(image)[0]))
    options = ReconstructionOptions(fit=False)
    expected, got = (e.reconstruct(portrait, options).gaussians for e in (on_cpu, on_gpu))
    assert on_gpu.model.head.anchors.is_cuda
    assert np.abs(got.means - expected.means).max() < 2e-4
    assert np.abs(got.colours - expected.colours).max() < 5e-3


def test_the_giant_fits_eight_gigabytes_and_smaller_cards_get_it_block_by_block():
    paper = PRESETS["paper"]
    assert gpu_bytes(paper, "bfloat16") < 8 * GB
    assert gpu_bytes(paper, "float32") > gpu_bytes(paper, "bfloat16")
    assert fitting_way(paper, "bfloat16", 7 * GB) is False
    assert fitting_way(paper, "bfloat16", 3 * GB) is True
    assert fitting_way(paper, "bfloat16", GB // 2) is None


def test_the_sum_counts_weights_as_the_networks_have_them():
    light = gpu_memory(PRESETS["light"], "bfloat16")
    by_name = {part.name: part.bytes for part in light}
    assert by_name["frozen network"] == pytest.approx(2 * 1.1365e9, rel=0.01)
    assert by_name["trained weights"] == 2 * by_name["their half-precision copies"]
    assert not any("copies" in part.name for part in gpu_memory(PRESETS["light"], "float32"))
    text = memory_lines(PRESETS["light"])
    assert f"half precision: {gpu_bytes(PRESETS['light'], 'bfloat16') / 1e9:.1f} = " in text
