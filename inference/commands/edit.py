"""`perchead edit`: a face map and a style to a head, without the window."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.commands.options import (
    add_folder,
    add_outputs,
    add_sharpen,
    check_output_size,
    terminal_progress,
)
from inference.editing.cut_words import names_a_cut
from inference.errors import NoFaceError, UsageError
from inference.progress import CancelToken, no_progress

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from inference.editing.types import EditRequest
    from inference.engine import Engine
    from inference.portrait.types import PreparedPortrait

NAME = "edit"
CUT_NOTE = (
    "Length and cut of hair come from the face map: draw them there. "
    "All else of the description is applied."
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Describe the sub-command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        NAME,
        help="make a 3D head from a face map and a style",
        description="Writes DIR/head.ply (3D Gaussians), DIR/orbit.mp4, DIR/views.png (seven views "
        "from -90 to 90 degrees) and DIR/report.json. The style is a description in English or a "
        "picture of a person; what a description leaves open comes from the portrait, or is "
        "average.",
    )
    parser.add_argument(
        "--map",
        type=Path,
        required=True,
        metavar="MAP.png",
        help="the face map: an indexed PNG of the 19 classes",
    )
    parser.add_argument("--style-text", metavar="WORDS", help='for example "grey curly hair"')
    parser.add_argument("--style-image", type=Path, metavar="PICTURE", help="whose look to take")
    parser.add_argument(
        "--portrait", type=Path, help="whose head is edited: its crop is the map's picture"
    )
    parser.add_argument(
        "--keep",
        type=float,
        metavar="0..1",
        help="how much of the portrait's own look stays where nothing was changed (default 1)",
    )
    add_sharpen(parser)
    add_folder(parser)
    add_outputs(parser)
    return parser


@dataclass(frozen=True)
class _Job:
    """The arguments, checked.

    Attributes:
        labels: the face map.
        keep: how much of the portrait stays.
    """

    labels: "NDArray[np.uint8]"
    keep: float


def _check(arguments: argparse.Namespace) -> _Job:
    from inference.face_map.files import read_face_map

    text, image = arguments.style_text, arguments.style_image
    if text is not None and image is not None:
        raise UsageError("Give --style-text or --style-image, not both.")
    if text is None and image is None and arguments.portrait is None:
        raise UsageError(
            "Say how the head shall look: --style-text WORDS, --style-image PICTURE, "
            "or a --portrait whose look it keeps."
        )
    if arguments.keep is not None and arguments.portrait is None:
        raise UsageError("--keep is about a portrait: give it with --portrait.")
    keep = 1.0 if arguments.keep is None else arguments.keep
    if not 0 <= keep <= 1:
        raise UsageError("--keep must lie between 0 and 1.")
    check_output_size(arguments.size)
    for path in (arguments.map, image, arguments.portrait):
        if path is not None and not path.is_file():
            raise UsageError(f"There is no file {path}.")
    return _Job(read_face_map(arguments.map), keep)


def _prepare(engine: "Engine", path: Path) -> "PreparedPortrait":
    image = engine.open_image(path)
    faces = engine.detect(image)
    if not faces:
        raise NoFaceError(f"{path}: no face was found: choose a picture that shows a face.")
    return engine.prepare(image, engine.suggest_crop(image, faces[0]))


def _request(engine: "Engine", arguments: argparse.Namespace, job: _Job) -> "EditRequest":
    from inference.editing.types import EditRequest, Style

    style: Style | None = None
    if arguments.style_text is not None:
        style = engine.style_of_text(arguments.style_text)
    elif arguments.style_image is not None:
        found = engine.style_of_portrait(_prepare(engine, arguments.style_image))
        style = Style(found.vector, found.network, arguments.style_image.name)
    if arguments.portrait is None:
        assert style is not None
        return EditRequest(job.labels, style)
    portrait = _prepare(engine, arguments.portrait)
    own = engine.style_of_portrait(portrait)
    base = engine.reconstruct(portrait, progress=terminal_progress)
    own_map = engine.parse(portrait).labels
    return EditRequest(job.labels, style or own, base, own_map, own, job.keep)


def run(arguments: argparse.Namespace) -> int:
    """Make the head and write its files."""
    from inference.engine import Engine
    from inference.export.ply import write_ply
    from inference.export.video import OrbitVideo, write_orbit_video
    from inference.export.views import write_views
    from inference.rendering.protocol import WHITE
    from inference.rendering.selection import choose_renderer
    from inference.rendering.sharpened import sharpened
    from inference.report import build_edit_report, write_report

    job = _check(arguments)
    if names_a_cut(arguments.style_text or ""):
        print(f"perchead: {CUT_NOTE}", file=sys.stderr)
    engine = Engine()
    head = engine.edit(_request(engine, arguments, job), terminal_progress)
    sharpener = engine.sharpener if arguments.sharpen else None
    renderer, folder = sharpened(choose_renderer(), sharpener), arguments.out
    write_ply(head.gaussians, folder / "head.ply")
    write_views(renderer, head.gaussians, folder / "views.png", size=arguments.size)
    if arguments.video:
        settings = OrbitVideo(size=arguments.size)
        path = folder / "orbit.mp4"
        write_orbit_video(
            renderer, head.gaussians, settings, path, WHITE, no_progress, CancelToken()
        )
    report = build_edit_report(arguments.map, arguments.portrait, head, renderer.name)
    write_report(report, folder / "report.json")
    print(f"{arguments.map}: wrote {folder}")
    return 0
