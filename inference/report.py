"""report.json: what was done to one portrait. Its schema is resources/report.schema.json."""

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from inference.engine_protocol import Reconstruction
from inference.files import atomic_write
from inference.memory import peak_memory_bytes
from inference.rendering.camera_json import camera_to_dict

SCHEMA_VERSION = 1


def build_report(
    source: Path,
    faces_found: int,
    reconstruction: Reconstruction,
    seconds: dict[str, float],
    renderer: str,
    device: str,
) -> dict[str, Any]:
    """The report of one portrait as plain data.

    Args:
        source: the portrait's file.
        faces_found: how many faces the detector saw.
        reconstruction: the head and how it was made.
        seconds: time per stage, in the order of the stages.
        renderer: name of the renderer that drew the pictures.
        device: where the network ran, for example "cpu".
    """
    return {
        "schema": SCHEMA_VERSION,
        "portrait": source.name,
        "faces_found": faces_found,
        "model": reconstruction.model,
        "options": asdict(reconstruction.options),
        "gaussians": len(reconstruction.gaussians),
        "device": device,
        "renderer": renderer,
        "threads": os.cpu_count(),
        "platform": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "seconds": {name: round(value, 3) for name, value in seconds.items()},
        "peak_memory_bytes": peak_memory_bytes(),
        "crop": asdict(reconstruction.portrait.crop),
        "camera": camera_to_dict(reconstruction.camera),
    }


def write_report(report: dict[str, Any], path: Path) -> None:
    """Write the report as indented JSON.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
