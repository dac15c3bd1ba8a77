"""report.json: what was done to one portrait, or to one edited head.

The schema of both is resources/report.schema.json.
"""

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.engine_protocol import Reconstruction
from inference.files import atomic_write
from inference.memory import peak_memory_bytes
from inference.rendering.camera_json import camera_to_dict

if TYPE_CHECKING:  # which knows scipy
    from inference.editing.types import EditedHead

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


def build_edit_report(
    face_map: Path, portrait: Path | None, head: "EditedHead", renderer: str
) -> dict[str, Any]:
    """The report of one edited head as plain data; what both reports have is named the same.

    Args:
        face_map: the map's file.
        portrait: whose head was edited, or None.
        head: the head and what it was made from.
        renderer: name of the renderer that drew the pictures.
    """
    request = head.request
    return {
        "schema": SCHEMA_VERSION,
        "map": face_map.name,
        "portrait": portrait.name if portrait is not None else None,
        "style": {"description": request.style.description, "network": request.style.network},
        "keep_identity": request.keep_identity if portrait is not None else None,
        "model": head.model,
        "gaussians": len(head.gaussians),
        "renderer": renderer,
        "threads": os.cpu_count(),
        "platform": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "seconds": {name: round(value, 3) for name, value in head.seconds.items()},
        "peak_memory_bytes": peak_memory_bytes(),
        "camera": camera_to_dict(head.camera),
    }


def write_report(report: dict[str, Any], path: Path) -> None:
    """Write the report as indented JSON.

    Raises:
        OutputError: it cannot be written.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
