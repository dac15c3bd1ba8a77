"""The benchmark for CUDA can be run in small on any computer, so that it is ready for one."""

import json

import pytest
import torch

from benchmarks import gpu


def test_every_stage_runs_on_a_processor_and_is_in_both_files(tmp_path, capsys):
    words = ["--device", "cpu", "--small", "--presets", "paper", "--out", str(tmp_path)]
    assert gpu.main(words) == 0
    report = json.loads((tmp_path / "gpu_none_small.json").read_text())
    (paper,) = report["presets"]
    stages = ["features", "3D model", "splatting", "sharpening"]
    assert [row["stage"] for row in paper["stages"]] == stages
    for row in paper["stages"]:
        assert row["best_ms"] > 0
        for way in row["ways"]:
            assert "ms" in way or "CUDA graph" in way["way"], way
    for way, row in zip(("plain", "streamed"), paper["portraits"], strict=True):
        assert row["way"] == way
        assert row["ms"] > 0, row
        assert row["peak_bytes"] > 0
    for row in report["splatting"]["gradients"]:
        assert 0 < row["largest_relative"] < 0.01
    for row in (*report["splatting"]["accuracy"], *report["splatting"]["gradients"]):
        assert row["good"], row
    text = (tmp_path / "gpu_none_small.md").read_text()
    assert text.strip() == capsys.readouterr().out.strip()
    for word in ("half precision, channels_last", "pictures a second", "arithmetic limit"):
        assert word in text
    for word in ("target met", "gradient error", "whole portrait", "| streamed |"):
        assert word in text


def test_the_table_says_which_way_meets_its_target():
    ways = [{"way": "float32", "ms": 7.5, "peak_bytes": 2e9}]
    ways += [{"way": "half precision", "ms": 5.9, "peak_bytes": 1e9}]
    ways += [{"way": "CUDA graph", "why": "no memory"}]
    stage = {"paper_rtx_3090_ms": 70, "limit_ms": 1.0, "ways": ways}
    preset = {
        "preset": "paper",
        "picture": 512,
        "product_tflops": {},
        "estimated_bytes": 7e9,
        "stages": [
            stage | {"stage": "3D model", "target_ms": 6.0},
            stage | {"stage": "features", "target_ms": None},
        ],
        "portraits": [],
    }
    report = {
        "gpu": "a card",
        "torch": "2",
        "system": "s",
        "half_precision": "bfloat16",
        "presets": [preset],
        "splatting": {"renderer": None, "why": "absent"},
    }
    text = gpu.table(report)
    assert "| 3D model | float32 | 7.500 | 70 | 6 | NO |" in text
    assert "| 3D model | half precision | 5.900 | 70 | 6 | yes |" in text
    assert "| 3D model | CUDA graph | (no memory) | 70 | 6 |  |" in text
    assert "| features | float32 | 7.500 | 70 |  |  |" in text


@pytest.mark.skipif(torch.cuda.is_available(), reason="it would measure this GPU for minutes")
def test_without_cuda_it_says_so_in_a_sentence(tmp_path, capsys):
    assert gpu.main(["--out", str(tmp_path / "results")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "--device cpu --small" in said.err
    assert not (tmp_path / "results").exists()
