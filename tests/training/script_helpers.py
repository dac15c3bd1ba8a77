"""Tiny shards that the tests of the training scripts share, and how they run a script."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from inference.rendering.camera import orbit_camera
from training.data.sample import TrainingView
from training.data.shard_file import NamedView, write_shard
from training.data.shards import ShardEntry, ShardIndex, write_index
from training.runs.state import read_curve

ROOT = Path(__file__).parents[2]
TRIAL = ("--preset", "trial", "--threads", "1", "--size", "48", "--precision", "fp32")


def write_heads(root: Path, name: str = "toy", real: bool = True, labels: bool = True) -> Path:
    """Shards of four people with three views each: ovals with hair, of their own colours."""
    y, x = (np.mgrid[:64, :64] + 0.5) / 64
    oval = np.hypot((x - 0.5) / 0.26, (y - 0.5) / 0.36)
    alpha = np.clip((1 - oval) * 12, 0, 1).astype(np.float32)
    label = np.where(oval < 1, np.where(y < 0.35, 14, 2), 0).astype(np.uint8)
    entries = []
    for number, person in enumerate(("ann", "bob", "cleo", "dan")):
        rng = np.random.default_rng(number)
        skin, hair = rng.uniform(0.3, 0.9, 3), rng.uniform(0.0, 0.4, 3)
        rgb = np.where((label == 14)[..., None], hair, skin).astype(np.float32)
        views = [
            NamedView(
                f"cam{camera}",
                TrainingView(
                    rgb, alpha, orbit_camera(yaw, size=(64, 64)), label if labels else None
                ),
            )
            for camera, yaw in enumerate((-30.0, 0.0, 30.0))
        ]
        file = f"captures/{person}/{person}.zip"
        write_shard(root / file, person, person, views)
        entries.append(ShardEntry(file, person, person, tuple(view.name for view in views)))
    write_index(root, ShardIndex(name, real, 64, tuple(entries)))
    return root


def environment() -> dict[str, str]:
    """For a script in a process of its own: one thread, this checkout, no GPU."""
    changes = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    return os.environ | changes


def run_and_kill(module: str, arguments: list[str], out: Path, rows: int) -> int:
    """Start a script, kill it with SIGKILL once its curve has `rows` rows; its exit code."""
    with open(out.with_suffix(".log"), "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, "--out", str(out)],
            env=environment(),
            stdout=log,
            stderr=log,
        )
    give_up = time.monotonic() + 120
    while len(read_curve(out)) < rows and process.poll() is None and time.monotonic() < give_up:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    return process.wait()
