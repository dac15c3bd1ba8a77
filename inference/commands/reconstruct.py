"""`perchead reconstruct`: portraits to heads, as files."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.commands.options import (
    add_device,
    add_foreground,
    add_outputs,
    add_sharpen,
    check_output_size,
    chosen_engine,
    terminal_progress,
)
from inference.commands.portraits import (
    add_portrait_options,
    check_single,
    find_crop,
    for_each_portrait,
    parse_place,
)
from inference.engine_protocol import ReconstructionOptions
from inference.errors import UsageError
from inference.portrait.types import CropBox
from inference.progress import CancelToken, Progress, no_progress

if TYPE_CHECKING:
    from inference.engine import Engine
    from inference.rendering.protocol import Renderer

NAME = "reconstruct"


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Describe the sub-command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        NAME,
        help="make 3D heads from portraits, as files",
        description="Writes for each portrait NAME/head.ply (3D Gaussians), NAME/orbit.mp4, "
        "NAME/views.png (seven views from -90 to 90 degrees) and NAME/report.json.",
    )
    add_portrait_options(parser)
    parser.add_argument(
        "--preset", default="embedded", help="model: embedded (default), light-s, light, paper"
    )
    parser.add_argument("--checkpoint", type=Path, help="weights of the preset (safetensors)")
    parser.add_argument("--backbone", type=Path, help="published image backbone of the preset")
    add_device(parser)
    add_foreground(parser)
    parser.add_argument(
        "--fit",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="make the head agree with the photograph (default: yes)",
    )
    parser.add_argument(
        "--strength", type=float, default=1.0, metavar="0..1", help="how far the fit may go"
    )
    parser.add_argument(
        "--layers", type=int, metavar="K", help="the decoder's state after K layers"
    )
    add_sharpen(parser)
    add_outputs(parser)
    return parser


@dataclass(frozen=True)
class _Job:
    """The arguments, checked.

    Attributes:
        options: how to make the heads.
        video: whether to write the orbit.
        size: edge of pictures in pixels.
        face: which face, counted from 0.
        crop: the crop placed by hand, or None.
    """

    options: ReconstructionOptions
    video: bool
    size: int
    face: int
    crop: CropBox | None


def _check(arguments: argparse.Namespace, layers: int) -> _Job:
    check_output_size(arguments.size)
    if not 0 <= arguments.strength <= 1:
        raise UsageError("--strength must lie between 0 and 1.")
    if arguments.layers is not None and not 0 <= arguments.layers <= layers:
        raise UsageError(f"--layers must lie between 0 and {layers} for this preset.")
    options = ReconstructionOptions(arguments.fit, arguments.strength, arguments.layers)
    return _Job(options, arguments.video, arguments.size, *parse_place(arguments))


def _write_outputs(
    engine: "Engine",
    renderer: "Renderer",
    portrait: Path,
    folder: Path,
    job: _Job,
    progress: Progress,
) -> None:
    from inference.engine import StageClock
    from inference.export.ply import write_ply
    from inference.export.video import OrbitVideo, write_orbit_video
    from inference.export.views import write_views
    from inference.rendering.protocol import WHITE
    from inference.report import build_report, write_report

    clock: StageClock = StageClock()
    with clock.stage("load image"):
        image = engine.open_image(portrait)
    with clock.stage("find face"):
        crop, faces = find_crop(engine, image, job.face, job.crop)
    with clock.stage("cut out"):
        prepared = engine.prepare(image, crop)
    head = engine.reconstruct(prepared, job.options, progress)
    for name, value in head.seconds.items():
        clock.seconds[name] = value
    with clock.stage("write head.ply"):
        write_ply(head.gaussians, folder / "head.ply")
    with clock.stage("write views.png"):
        write_views(renderer, head.gaussians, folder / "views.png", size=job.size)
    if job.video:
        with clock.stage("write orbit.mp4"):
            settings = OrbitVideo(size=job.size)
            path = folder / "orbit.mp4"
            write_orbit_video(
                renderer, head.gaussians, settings, path, WHITE, progress, CancelToken()
            )
    report = build_report(portrait, faces, head, clock.seconds, renderer.name, engine.device.name)
    write_report(report, folder / "report.json")


def run(arguments: argparse.Namespace) -> int:
    """Make all heads; a bad portrait is reported while the rest go on.

    Returns:
        0; 1 when some of several portraits failed. A single bad portrait raises.
    """
    from inference.rendering.selection import choose_renderer
    from inference.rendering.sharpened import sharpened

    engine = chosen_engine(arguments)
    job = _check(arguments, engine.decoder_layers)
    single = check_single(arguments.portraits)
    # One portrait shows its stages, many share one bar.
    progress = terminal_progress if single else no_progress
    engine.load_models(progress)
    # A head of only some decoder layers is shown as it is.
    whole = arguments.layers in (None, engine.decoder_layers)
    sharpener = engine.sharpener if arguments.sharpen and whole else None
    renderer = sharpened(choose_renderer(), sharpener)

    def write(portrait: Path, folder: Path) -> None:
        _write_outputs(engine, renderer, portrait, folder, job, progress)

    return for_each_portrait(arguments.portraits, arguments.out, write)
