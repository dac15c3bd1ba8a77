"""`perchead parse`: portraits to maps of their 19 regions, as files."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.commands.options import terminal_progress
from inference.commands.portraits import (
    add_portrait_options,
    check_single,
    find_crop,
    for_each_portrait,
    parse_place,
)
from inference.parsing.selection import EMBEDDED, PARSERS
from inference.portrait.types import CropBox
from inference.progress import Progress, no_progress

if TYPE_CHECKING:
    from inference.engine import Engine

NAME = "parse"
MAP, OVERLAY = "map.png", "overlay.png"


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Describe the sub-command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        NAME,
        help="find the 19 regions of portraits' faces, as files",
        description="Writes for each portrait NAME/map.png (512 x 512 head crop, indexed: index "
        "is class, palette its colour) and NAME/overlay.png (the map over the portrait).",
    )
    add_portrait_options(parser)
    parser.add_argument(
        "--parser",
        default=EMBEDDED,
        metavar="NAME",
        help=f"network: {' or '.join(PARSERS)} (default: {EMBEDDED}; farl needs "
        "'pip install pyfacer' and 'perchead models get')",
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Parse all portraits; a bad one is reported while the rest go on.

    Returns:
        0; 1 when some of several portraits failed. A single bad portrait raises.
    """
    from inference.engine import Engine

    engine = Engine(parser=arguments.parser)
    face, crop = parse_place(arguments)
    progress = terminal_progress if check_single(arguments.portraits) else no_progress

    def write(portrait: Path, folder: Path) -> None:
        _write_outputs(engine, portrait, folder, face, crop, progress)

    return for_each_portrait(arguments.portraits, arguments.out, write)


def _write_outputs(
    engine: "Engine",
    portrait: Path,
    folder: Path,
    face: int,
    crop: CropBox | None,
    progress: Progress,
) -> None:
    from PIL import Image

    from inference.face_map.files import write_face_map
    from inference.face_map.overlay import overlay
    from inference.files import atomic_write

    image = engine.open_image(portrait)
    place, _ = find_crop(engine, image, face, crop)
    prepared = engine.prepare(image, place)
    labels = engine.parse(prepared, progress).labels
    write_face_map(folder / MAP, labels)
    with atomic_write(folder / OVERLAY) as temporary:
        Image.fromarray(overlay(prepared.image, labels)).save(temporary)
