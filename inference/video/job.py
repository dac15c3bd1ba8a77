"""What a head video is made of and with: only an equal one may go on where another stopped."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from inference.engine_protocol import EngineProtocol
from inference.rendering.protocol import Renderer
from inference.rendering.sharpened import PictureSharpener
from inference.version import program_version
from inference.video.fingerprint import fingerprint
from inference.video.frame_heads import FrameHeads
from inference.video.settings import HeadVideo


def describe_job(
    clip: Path,
    settings: HeadVideo,
    engine: EngineProtocol,
    heads: FrameHeads,
    renderer: Renderer,
    sharpener: PictureSharpener | None,
) -> dict[str, Any]:
    """Everything that changes the pictures, as JSON can hold it."""
    status = clip.stat()
    return {
        "version": program_version(),
        "clip": [str(clip.absolute()), status.st_size, status.st_mtime_ns],
        "settings": asdict(settings),
        "foreground": _foreground(engine),
        "model": heads.key,
        "batch": heads.batch,
        "renderer": renderer.name.split(" (")[0],  # its threads change nothing
        "sharpener": None if sharpener is None else _sharpener_key(sharpener),
    }


def _foreground(engine: EngineProtocol) -> str:
    """Which network cuts the person out of the frames."""
    from inference.engine import Engine

    return engine.foreground if isinstance(engine, Engine) else type(engine).__name__


def _sharpener_key(sharpener: PictureSharpener) -> str:
    from inference.model.picture_sharpener import CnnSharpener

    if isinstance(sharpener, CnnSharpener):
        return fingerprint(sharpener.network)
    return type(sharpener).__name__
