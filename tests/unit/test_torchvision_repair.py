"""A torchvision that does not fit torch takes nothing down; each case in a fresh Python."""

import importlib.util
import subprocess
import sys

import pytest

# What PyPI's torchvision does beside a CPU build of torch: the operators did not load, and the
# first description of one ends the import.
BROKEN = """
import torchvision.extension
import torch
@torch.library.register_fake("torchvision::nms")
def meta_nms(dets, scores, iou_threshold):
    return scores
import torchvision.transforms
"""


def run(code, *folders):
    result = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": ":".join(map(str, [*folders, *sys.path])), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.split()


def write_package(folder, init):
    package = folder / "torchvision"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(init)
    (package / "extension.py").write_text("")
    (package / "transforms.py").write_text("whole = True\n")
    return folder


def test_a_torchvision_without_its_operators_is_made_importable(tmp_path):
    folder = write_package(tmp_path, BROKEN)
    code = """
try:
    import torchvision
except RuntimeError as error:
    print("broken" if "torchvision::nms" in str(error) else error)
from inference.torchvision_repair import repair_torchvision
print(repair_torchvision(), repair_torchvision())
import torchvision.transforms
print(torchvision.transforms.whole)
"""
    assert run(code, folder) == ["broken", "True", "True", "True"]


@pytest.mark.parametrize(
    "init", ["raise RuntimeError('no driver')", "raise ImportError('libjpeg')", BROKEN + "1 / 0"]
)
def test_what_is_beyond_repair_is_no_crash(tmp_path, init):
    folder = write_package(tmp_path, init)
    code = """
from inference.torchvision_repair import repair_torchvision
print(repair_torchvision())
"""
    assert run(code, folder) == ["False"]


@pytest.mark.parametrize(
    ("purpose", "load"),
    [
        (
            "CLIP",
            "from inference.features.clip import load_clip; load = lambda: load_clip(path)",
        ),
        (
            "FaRL's face parser",
            "from inference.parsing.farl import FarlParser; load = lambda: FarlParser(path)",
        ),
    ],
)
@pytest.mark.parametrize(
    "init", ["raise RuntimeError('no driver')", BROKEN + "torchvision.ops", BROKEN + "import gone"]
)
def test_what_is_beyond_repair_is_said_in_a_sentence_that_helps(tmp_path, purpose, load, init):
    folder = write_package(tmp_path, init)
    for package in ("open_clip", "facer"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text("import torchvision\n")
    (tmp_path / "weights.pt").write_bytes(b"never read")
    code = f"""
from pathlib import Path
from inference.errors import UsageError
path = Path({str(tmp_path / "weights.pt")!r})
{load}
try:
    load()
except UsageError as error:
    print(error)
"""
    says = " ".join(run(code, folder))
    assert says == (
        f"{purpose} needs torchvision, and the one that is installed does not fit torch: "
        "install both anew with pip install --force-reinstall torch torchvision."
    )


def test_the_embedded_path_never_looks_at_torchvision(tmp_path):
    folder = write_package(tmp_path, "raise SystemExit('torchvision was imported')")
    code = """
import inference.engine, inference.cli
from inference.features.embedded import load_embedded_backbone
import torch
print(*load_embedded_backbone()(torch.zeros(1, 3, 28, 28), (0,))[0].shape)
"""
    assert run(code, folder) == ["1", "5", "384"]


@pytest.mark.skipif(
    importlib.util.find_spec("torchvision") is None, reason="torchvision is not installed"
)
@pytest.mark.parametrize("package", ["open_clip", "timm", "lpips", "transformers", "facer"])
def test_what_needs_the_installed_torchvision_can_be_imported(package):
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    last = "import transformers; transformers.Sam2Model" if package == "transformers" else ""
    code = f"""
from inference.torchvision_repair import repair_torchvision
print(repair_torchvision())
import {package}
{last}
"""
    assert run(code) == ["True"]
