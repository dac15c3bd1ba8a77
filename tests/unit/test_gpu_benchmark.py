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
    for row in (*report["splatting"]["accuracy"], *report["splatting"]["gradients"]):
        assert row["good"], row
    text = (tmp_path / "gpu_none_small.md").read_text()
    assert text.strip() == capsys.readouterr().out.strip()
    for word in ("half precision, channels_last", "pictures a second", "arithmetic limit"):
        assert word in text


@pytest.mark.skipif(torch.cuda.is_available(), reason="it would measure this GPU for minutes")
def test_without_cuda_it_says_so_in_a_sentence(tmp_path, capsys):
    assert gpu.main(["--out", str(tmp_path / "results")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "--device cpu --small" in said.err
    assert not (tmp_path / "results").exists()
