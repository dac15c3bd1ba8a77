"""What a run's folder says about how it was made: config.json."""

import json
import platform
import subprocess
import sys
import time
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from inference.errors import UsageError
from inference.files import atomic_write

CONFIG = "config.json"
_PACKAGES = ("perchead", "torch", "accelerate", "numpy", "numba", "gsplat", "safetensors")


def describe(config: Any, settings: dict[str, Any]) -> dict[str, Any]:
    """Everything that decides what a run computes, and where and when it ran.

    Args:
        config: the script's frozen dataclass, with all that it holds.
        settings: what else counts: data, first weights, loss, number of processes.
    """
    return {
        # As it will be read back: tuples are lists in JSON.
        "config": json.loads(json.dumps(asdict(config))),
        "settings": json.loads(json.dumps(settings, default=str)),
        "command": [sys.executable, *sys.argv],
        "versions": {"python": platform.python_version(), **_versions()},
        "computer": f"{platform.system()} {platform.machine()}",
        "commit": git_commit(Path(__file__).parent),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }


def write_description(folder: Path, description: dict[str, Any], first_step: int) -> None:
    """Write config.json, and one more beside it for each time the run is resumed."""
    name = CONFIG if first_step == 0 else f"config.resumed_at_{first_step}.json"
    with atomic_write(folder / name) as temporary:
        temporary.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")


def check_same_run(folder: Path, description: dict[str, Any]) -> None:
    """A run that is resumed must be the run that was begun, or its curve would mean nothing.

    Raises:
        UsageError: it differs, or there is nothing to compare with.
    """
    path = folder / CONFIG
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} is missing or damaged: begin the run anew.") from error
    for part in ("config", "settings"):
        before, now = (_flat(source.get(part, {})) for source in (begun, description))
        for name in sorted(before | now):
            if before.get(name) != now.get(name):
                raise UsageError(
                    f"The run in {folder} has {name} = {before.get(name)}, not "
                    f"{now.get(name)}: resume it as it was begun, or choose another --out."
                )


def git_commit(folder: Path) -> str | None:
    """The commit of the code, with "+" where files differ from it; None without git."""
    try:
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ("+" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True, timeout=10
    )
    return done.stdout.strip()


def _versions() -> dict[str, str]:
    found = {}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    """Nested dicts as one, with dotted names."""
    if not isinstance(tree, dict):
        return {prefix.removesuffix("."): tree}
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        flat.update(_flat(value, f"{prefix}{name}."))
    return flat
