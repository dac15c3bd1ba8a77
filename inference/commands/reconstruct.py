"""`perchead reconstruct`: portraits to heads, as files."""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.commands.options import add_device, terminal_progress
from inference.engine_protocol import ReconstructionOptions
from inference.errors import NoFaceError, PercHeadError, UsageError
from inference.portrait.types import CropBox, LoadedImage
from inference.progress import CancelToken, Progress, no_progress

if TYPE_CHECKING:
    from inference.engine import Engine
    from inference.rendering.protocol import Renderer

NAME = "reconstruct"
MIN_SIZE, MAX_SIZE = 16, 4096


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Describe the sub-command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        NAME,
        help="make 3D heads from portraits, as files",
        description="Writes for each portrait NAME/head.ply (3D Gaussians), NAME/orbit.mp4, "
        "NAME/views.png (seven views from -90 to 90 degrees) and NAME/report.json.",
    )
    parser.add_argument("portraits", nargs="+", type=Path, metavar="PORTRAIT")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument(
        "--preset", default="embedded", help="model: embedded (default), light-s, light, paper"
    )
    parser.add_argument("--checkpoint", type=Path, help="weights of the preset (safetensors)")
    parser.add_argument("--backbone", type=Path, help="published image backbone of the preset")
    add_device(parser)
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
    parser.add_argument(
        "--video",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="write the orbit video (default: yes)",
    )
    parser.add_argument(
        "--sharpen",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="sharpen pictures and video where the model has a network for it (default: yes)",
    )
    parser.add_argument(
        "--size", type=int, default=512, metavar="N", help="edge of pictures and video in pixels"
    )
    parser.add_argument(
        "--face", type=int, default=1, metavar="N", help="which face, 1 is the most prominent"
    )
    parser.add_argument(
        "--crop",
        metavar="X,Y,SIDE",
        help="place the head crop by hand: centre and edge in pixels of the photograph",
    )
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
    if not MIN_SIZE <= arguments.size <= MAX_SIZE:
        raise UsageError(f"--size must lie between {MIN_SIZE} and {MAX_SIZE} pixels.")
    if not 0 <= arguments.strength <= 1:
        raise UsageError("--strength must lie between 0 and 1.")
    if arguments.layers is not None and not 0 <= arguments.layers <= layers:
        raise UsageError(f"--layers must lie between 0 and {layers} for this preset.")
    if arguments.face < 1:
        raise UsageError("--face counts from 1.")
    options = ReconstructionOptions(arguments.fit, arguments.strength, arguments.layers)
    crop = _parse_crop(arguments.crop) if arguments.crop else None
    return _Job(options, arguments.video, arguments.size, arguments.face - 1, crop)


def _parse_crop(text: str) -> CropBox:
    try:
        x, y, side = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError("--crop needs three numbers, X,Y,SIDE, in pixels.") from None
    if not (side >= 8 and all(abs(value) < 1e6 for value in (x, y, side))):
        raise UsageError("--crop needs an edge of at least 8 pixels and a place in the picture.")
    return CropBox(x, y, side)


def _folders(portraits: list[Path], out: Path) -> Iterator[tuple[Path, Path]]:
    """Each portrait with its own folder; equal names are numbered."""
    used: dict[str, int] = {}
    for portrait in portraits:
        name = portrait.stem or "portrait"
        used[name] = used.get(name, 0) + 1
        yield portrait, out / (name if used[name] == 1 else f"{name}-{used[name]}")


def _check_place(crop: CropBox, image: LoadedImage) -> None:
    """A crop beside the photograph would give a head made of nothing."""
    places = (crop.centre_x, crop.centre_y)
    for place, length in zip(places, image.size, strict=True):
        if not -crop.side / 2 < place < length + crop.side / 2:
            width, height = image.size
            raise UsageError(f"--crop lies outside this photograph of {width} x {height} pixels.")


def _find_crop(engine: "Engine", image: LoadedImage, job: _Job) -> tuple[CropBox, int]:
    faces = engine.detect(image)
    if job.crop is not None:
        _check_place(job.crop, image)
        return job.crop, len(faces)
    if not faces:
        raise NoFaceError(
            "no face was found: choose a photograph that shows a face, "
            "or give the head's place with --crop X,Y,SIDE."
        )
    if job.face >= len(faces):
        raise UsageError(f"--face {job.face + 1} asks for more faces than the {len(faces)} found.")
    return engine.suggest_crop(image, faces[job.face]), len(faces)


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
        crop, faces = _find_crop(engine, image, job)
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


def _about(portrait: Path, error: PercHeadError) -> str:
    """The sentence with the portrait's path in front, in place of its name if that is there."""
    sentence = str(error)
    if sentence.startswith(f"{portrait.name} "):
        return f"{portrait}{sentence[len(portrait.name) :]}"
    return f"{portrait}: {sentence}"


def run(arguments: argparse.Namespace) -> int:
    """Make all heads; a bad portrait is reported while the rest go on.

    Returns:
        0; 1 when some of several portraits failed. A single bad portrait raises.
    """
    from tqdm import tqdm

    from inference.engine import Engine
    from inference.rendering.selection import choose_renderer
    from inference.rendering.sharpened import sharpened

    engine = Engine(arguments.preset, arguments.checkpoint, arguments.backbone, arguments.device)
    job = _check(arguments, engine.decoder_layers)
    single = len(arguments.portraits) == 1
    for portrait in arguments.portraits if single else []:
        if not portrait.is_file():
            raise UsageError(
                f"{portrait} is a folder: give the portraits in it."
                if portrait.is_dir()
                else f"There is no file {portrait}."
            )
    # One portrait shows its stages, many share one bar.
    progress = terminal_progress if single else no_progress
    engine.load_models(progress)
    # A head of only some decoder layers is shown as it is.
    whole = arguments.layers in (None, engine.decoder_layers)
    sharpener = engine.sharpener if arguments.sharpen and whole else None
    renderer = sharpened(choose_renderer(), sharpener)
    failures = 0
    bar = tqdm(total=len(arguments.portraits), unit="portrait", disable=single)
    for portrait, folder in _folders(arguments.portraits, arguments.out):
        bar.set_description_str(portrait.name)
        try:
            _write_outputs(engine, renderer, portrait, folder, job, progress)
            bar.write(f"{portrait}: wrote {folder}")
        except PercHeadError as error:
            if single:
                raise type(error)(_about(portrait, error)) from None
            failures += 1
            bar.write(f"perchead: {_about(portrait, error)}", file=sys.stderr)
        bar.update()
    bar.close()
    return 1 if failures else 0
