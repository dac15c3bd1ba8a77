"""Words of the command line that several sub-commands understand."""

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from inference.device import AUTOMATIC
from inference.errors import UsageError
from inference.portrait.selection import EMBEDDED, FOREGROUNDS
from inference.rendering.camera import PORTRAIT_FOV_DEGREES
from inference.rendering.camera_json import MAX_SIDE
from inference.rendering.protocol import WHITE, Background

if TYPE_CHECKING:  # nothing heavy before the words have been looked at
    from inference.engine import Engine

_COLOURS: dict[str, Background | None] = {
    "white": WHITE,
    "black": (0.0, 0.0, 0.0),
    "transparent": None,
}
_FILES = {".png", ".jpg", ".jpeg", ".webp", ".mp4", ".ply", ".json"}
"""Suffixes of what commands write: a folder's name has none of them."""


@dataclass(frozen=True)
class OrbitWords:
    """`yaw,elevation[,distance[,fov]]`.

    Attributes:
        yaw: degrees around the head, 0 is the front.
        elevation: degrees above the horizon.
        distance: metres from the target, None for the usual.
        fov_degrees: vertical field of view.
    """

    yaw: float = 0.0
    elevation: float = 0.0
    distance: float | None = None
    fov_degrees: float = PORTRAIT_FOV_DEGREES


def add_folder(parser: argparse.ArgumentParser) -> None:
    """The folder that a command writes into."""
    parser.add_argument(
        "--out", type=_folder, required=True, metavar="DIR", help="folder to write into"
    )


def _folder(word: str) -> Path:
    """A folder that is there or can be made; who names a file means one, and would get a folder."""
    path = Path(word)
    if path.suffix.lower() in _FILES and not path.is_dir():
        raise argparse.ArgumentTypeError(
            f"{word} is a file's name: give a folder, in which the files have names of their own"
        )
    return path


def add_sharpen(parser: argparse.ArgumentParser) -> None:
    """Whether pictures go through the model's sharpening CNN."""
    parser.add_argument(
        "--sharpen",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="sharpen pictures and video where the model has a network for it (default: yes)",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """Where the network runs."""
    parser.add_argument(
        "--device",
        default=AUTOMATIC,
        help="where the network runs: auto (default: a GPU for the large presets, where CUDA "
        "works and has the memory), cpu, cuda, cuda:1",
    )


def add_foreground(parser: argparse.ArgumentParser) -> None:
    """What cuts the person out."""
    parser.add_argument(
        "--foreground",
        default=EMBEDDED,
        metavar="NAME",
        help=f"what cuts the person out: {' or '.join(FOREGROUNDS)} (default: {EMBEDDED}; "
        "vitmatte needs 'perchead models get vitmatte-small' and the package transformers)",
    )


def chosen_engine(arguments: argparse.Namespace) -> "Engine":
    """The engine of --preset, --checkpoint, --backbone, --device and --foreground.

    Raises:
        UsageError: there is no such preset, device or foreground.
    """
    from inference.engine import Engine

    return Engine(
        arguments.preset,
        arguments.checkpoint,
        arguments.backbone,
        arguments.device,
        foreground=arguments.foreground,
    )


MIN_SIZE, MAX_SIZE = 16, 4096  # pixels


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """What of a head's files is written, and how large."""
    parser.add_argument(
        "--video",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write the orbit video (default: yes)",
    )
    parser.add_argument(
        "--size", type=int, default=512, metavar="N", help="edge of pictures and video in pixels"
    )


def check_output_size(size: int) -> None:
    """Look at what add_outputs took.

    Raises:
        UsageError: it is too small or large.
    """
    if not MIN_SIZE <= size <= MAX_SIZE:
        raise UsageError(f"--size must lie between {MIN_SIZE} and {MAX_SIZE} pixels.")


def parse_background(text: str) -> Background | None:
    """`white`, `black`, `transparent` (None) or `#rrggbb`.

    Raises:
        UsageError: it is none of these.
    """
    if text in _COLOURS:
        return _COLOURS[text]
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        raise UsageError("--background must be white, black, transparent or a colour as #rrggbb.")
    red, green, blue = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def parse_size(text: str) -> tuple[int, int | None]:
    """`N` gives (N, None), `WxH` gives (W, H), in pixels.

    Raises:
        UsageError: it is neither, or too small or large.
    """
    found = re.fullmatch(r"(\d{1,6})(?:x(\d{1,6}))?", text)
    if not found:
        raise UsageError("--size must be pixels, as 512 or 1920x1080.")
    width, height = int(found[1]), int(found[2]) if found[2] else None
    if not all(1 <= side <= MAX_SIDE for side in (width, height or width)):
        raise UsageError(f"--size must lie between 1 and {MAX_SIDE} pixels a side.")
    return width, height


def parse_orbit(text: str) -> OrbitWords | None:
    """Two to four numbers; None when the text is something else, for example a file.

    Raises:
        UsageError: they are numbers that no camera can have.
    """
    try:
        numbers = [float(word) for word in text.split(",")]
    except ValueError:
        return None
    if not 2 <= len(numbers) <= 4:
        raise UsageError("--camera needs yaw,elevation[,distance[,fov]] or a JSON file.")
    words = OrbitWords(*numbers)
    if not (abs(words.yaw) <= 3600 and abs(words.elevation) <= 90):
        raise UsageError("--camera needs a yaw and an elevation in degrees, at most 90 up or down.")
    if words.distance is not None and not 1e-3 <= words.distance <= 1e6:
        raise UsageError("--camera needs a distance of at least 0.001 metres.")
    if not 1 <= words.fov_degrees <= 150:
        raise UsageError("--camera needs a field of view between 1 and 150 degrees.")
    return words


def terminal_progress(stage: str, fraction: float) -> None:
    """Report on one line of the terminal; silent when nobody looks at one."""
    if sys.stderr.isatty():
        end = "\n" if fraction >= 1 else ""
        print(f"\r  {stage:32} {fraction:4.0%}", end=end, file=sys.stderr, flush=True)
