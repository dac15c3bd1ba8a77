"""`perchead doctor --model PRESET --measure`: what a preset really takes."""

import json
import mmap
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from desktop.__main__ import main
from inference.errors import UsageError
from inference.memory import available_memory_bytes, memory_bytes, peak_memory_bytes
from inference.model import measuring
from inference.model.config import (
    PRESETS,
    BackboneConfig,
    DecoderConfig,
    EncoderConfig,
    SharpeningConfig,
    VitConfig,
)
from inference.progress import Cancelled, CancelToken
from inference.rendering.portable.renderer import PortableRenderer

ROOT = Path(__file__).resolve().parents[2]
SMALL = replace(
    PRESETS["paper"],
    name="small",
    encoder=EncoderConfig(
        56, BackboneConfig("dinov2-tiny", 64, (0, 1), depth=2), VitConfig(width=16), hidden=32
    ),
    decoder=DecoderConfig(width=64, layers=1, heads=2),
    sharpening=SharpeningConfig(width=4),
)


def test_embedded_measured_as_typed(capsys):
    assert main(["doctor", "--model", "embedded", "--measure", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    names = [stage["name"] for stage in answer["stages"]]
    assert names[:5] == [
        "weights",
        "image features",
        "2D encoder",
        "3D decoder and head",
        "splatting",
    ]
    for stage in answer["stages"]:
        assert stage["seconds"] > 0
        assert 10**8 < stage["memory"] <= 1.01 * answer["peak_memory_bytes"]  # kernels round
    assert answer["threads"] == torch.get_num_threads()


def test_every_stage_of_a_preset_with_sharpening_and_its_table():
    anchors = torch.rand(65_536, 3) * 0.1
    stages = []
    measures = measuring.measure_preset(
        SMALL, anchors, PortableRenderer(), lambda stage, fraction: stages.append((stage, fraction))
    )
    assert [measure.name for measure in measures] == [stage for stage, _ in stages]
    assert [fraction for _, fraction in stages] == pytest.approx([i / 6 for i in range(6)])
    assert measures[-1].name == "sharpening"
    assert all(measure.flop > 0 for measure in measures[1:4])
    table = measuring.measure_table(SMALL, measures, 2 * 10**9)
    for word in ("image features", "splatting", "a portrait in all", "2.00", "small, random"):
        assert word in table


def test_what_does_not_fit_is_refused_in_a_sentence_before_it_is_built():
    # A petabyte of queries.
    huge = replace(PRESETS["paper"], decoder=DecoderConfig(width=2**24))
    anchors = torch.zeros(65_536, 3)
    with pytest.raises(UsageError, match=r"takes about .* GB of memory and .* GB are free"):
        measuring.measure_preset(huge, anchors, PortableRenderer())


STARVED = """
import resource
import sys

from desktop.__main__ import main
import inference.model.measuring
import psutil
import torch.fx.experimental.symbolic_shapes  # torch brings it late; half of it is no MemoryError

held = psutil.Process().memory_info().vms
resource.setrlimit(resource.RLIMIT_AS, (held + 200_000_000,) * 2)
sys.exit(main(["doctor", "--model", "light-s", "--measure"]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited in Linux's way")
def test_memory_that_runs_out_on_the_way_is_the_same_sentence():
    run = subprocess.run(
        [sys.executable, "-c", STARVED],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 2, run.stderr
    assert run.stderr.startswith("perchead: The preset light-s at full size takes about 1.3 GB")
    assert run.stderr.count("\n") == 1


def test_the_paper_takes_more_than_its_weights_and_less_than_a_desktop_has():
    needed = {name: measuring.needed_memory(config) / 1e9 for name, config in PRESETS.items()}
    assert 4.55 + 0.5 < needed["paper"] < 8
    assert needed["embedded"] < 2.5
    assert needed["embedded"] < needed["light-s"] < needed["light"] < needed["paper"]


def test_it_can_be_cancelled():
    token = CancelToken()
    with pytest.raises(Cancelled):
        measuring.measure_preset(
            SMALL,
            torch.rand(65_536, 3),
            PortableRenderer(),
            lambda stage, fraction: token.cancel() if stage == "2D encoder" else None,
            token,
        )


@pytest.mark.parametrize(
    "words", [["--measure"], ["--measure", "--model", "gigantic"], ["--measure", "--json"]]
)
def test_bad_use_is_one_sentence(words, capsys):
    assert main(["doctor", *words]) == 2
    message = capsys.readouterr().err.strip()
    assert message.startswith("perchead: ")
    assert "\n" not in message


def test_memory_of_this_process_and_what_is_left():
    before = memory_bytes()
    size = 50_000_000
    with mmap.mmap(-1, size) as held:  # torch would take what it has freed before
        held.write(b"1" * size)
        assert memory_bytes() - before > 0.9 * size
        assert memory_bytes() <= peak_memory_bytes() * 1.01
    assert available_memory_bytes() > 0
