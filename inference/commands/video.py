"""`perchead video`: a clip of a person to a video of the head."""

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.commands.options import (
    add_device,
    add_folder,
    add_foreground,
    add_sharpen,
    chosen_engine,
    parse_background,
    terminal_progress,
)
from inference.errors import UsageError
from inference.version import program_name
from inference.video.settings import CameraMove, HeadVideo, Smoothing

if TYPE_CHECKING:
    from inference.video.make import HeadVideoResult

NAME = "video"


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Describe the sub-command."""
    usual = HeadVideo()
    parser: argparse.ArgumentParser = subparsers.add_parser(
        NAME,
        help="make a 3D head video from a clip",
        description="Follows one face through the clip, makes a head of every frame and writes "
        "DIR/NAME/head.mp4 and DIR/NAME/report.json. When it is interrupted, the same command "
        "goes on where it was.",
    )
    parser.add_argument("clip", type=Path, metavar="CLIP")
    add_folder(parser)
    parser.add_argument(
        "--camera",
        choices=[str(move) for move in CameraMove],
        default=str(usual.move),
        help=f"what the camera does around the head (default: {usual.move})",
    )
    parser.add_argument(
        "--yaw", type=float, default=usual.yaw, help="where it begins, degrees; 0 is the front"
    )
    parser.add_argument(
        "--elevation", type=float, default=usual.elevation, help="degrees above the horizon"
    )
    parser.add_argument(
        "--turn",
        type=float,
        default=usual.turn_seconds,
        metavar="SECONDS",
        help=f"how long a turn or a swing takes (default: {usual.turn_seconds:g})",
    )
    parser.add_argument(
        "--smoothing",
        choices=[str(strength) for strength in Smoothing],
        default=str(usual.smoothing),
        help=f"how much flicker is taken out (default: {usual.smoothing})",
    )
    parser.add_argument(
        "--splats", action="store_true", help="also write head_splats/NUMBER.ply, one a picture"
    )
    parser.add_argument("--size", type=int, default=usual.size, metavar="N", help="edge in pixels")
    parser.add_argument(
        "--fps", type=float, help="pictures a second (default: as the clip, at most 60)"
    )
    parser.add_argument(
        "--face", type=int, default=1, metavar="N", help="which face, 1 is the largest at the start"
    )
    parser.add_argument(
        "--fit", action="store_true", help="fit every head to its frame; several times slower"
    )
    add_sharpen(parser)
    parser.add_argument("--background", default="white", help="white, black or #rrggbb")
    parser.add_argument(
        "--preset", default="embedded", help="model: embedded (default), light-s, light, paper"
    )
    parser.add_argument("--checkpoint", type=Path, help="weights of the preset (safetensors)")
    parser.add_argument("--backbone", type=Path, help="published image backbone of the preset")
    add_device(parser)
    add_foreground(parser)
    return parser


def _settings(arguments: argparse.Namespace) -> HeadVideo:
    background = parse_background(arguments.background)
    if background is None:
        raise UsageError("An MP4 cannot be transparent: choose white, black or #rrggbb.")
    return HeadVideo(
        move=CameraMove(arguments.camera),
        yaw=arguments.yaw,
        elevation=arguments.elevation,
        turn_seconds=arguments.turn,
        size=arguments.size,
        fps=arguments.fps,
        smoothing=Smoothing(arguments.smoothing),
        splats=arguments.splats,
        fit=arguments.fit,
        sharpen=arguments.sharpen,
        face=arguments.face,
        background=background,
    )


def run(arguments: argparse.Namespace) -> int:
    """Make the video.

    Returns:
        0.
    """
    settings = _settings(arguments)
    from inference.rendering.selection import choose_renderer
    from inference.video.clip import ClipReader
    from inference.video.make import make_head_video

    with ClipReader(arguments.clip):
        pass  # what is no clip is told before anything is loaded
    engine = chosen_engine(arguments)
    folder = arguments.out / arguments.clip.stem
    began = time.perf_counter()
    try:
        result = make_head_video(
            engine,
            choose_renderer(),
            arguments.clip,
            folder / "head.mp4",
            settings,
            terminal_progress,
        )
    except KeyboardInterrupt:
        words = f"the same '{program_name()} {NAME}' command goes on where it was"
        print(f"\nperchead: {words}.", file=sys.stderr)
        raise
    _write_report(result, arguments.clip, settings, engine.preset, time.perf_counter() - began)
    print(_sentence(result, arguments.clip, folder))
    return 0


def _write_report(
    result: "HeadVideoResult", clip: Path, settings: HeadVideo, model: str, seconds: float
) -> None:
    """report.json beside the video: what was made, and which seconds of the clip are missing."""
    from inference.files import atomic_write
    from inference.memory import peak_memory_bytes

    report = {
        "schema": 1,
        "clip": clip.name,
        "frames": result.frames,
        "pictures": result.pictures,
        "pictures_a_second": round(result.rate, 4),
        "model": model,
        "settings": asdict(settings),
        "held": [asdict(gap) for gap in result.held],
        "left_out": [asdict(gap) for gap in result.skipped],
        "damaged_packets": result.damaged,
        "seconds": round(seconds, 1),
        "peak_memory_bytes": peak_memory_bytes(),
    }
    with atomic_write(result.path.with_name("report.json")) as temporary:
        temporary.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _sentence(result: "HeadVideoResult", clip: Path, folder: Path) -> str:
    """What was made and what is missing, for people."""
    words = [f"{clip}: wrote {folder} ({result.pictures} pictures)"]
    if result.skipped:
        spans = ", ".join(f"{gap.start:.1f}-{gap.end:.1f} s" for gap in result.skipped)
        words.append(f"left out {spans}, where no face was found")
    if result.damaged:
        words.append(f"{result.damaged} damaged parts of the clip could not be decoded")
    return "; ".join(words) + "."
