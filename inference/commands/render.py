"""`perchead render`: a picture or a video of any 3DGS PLY."""

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.commands.options import (
    OrbitWords,
    parse_background,
    parse_orbit,
    parse_size,
    terminal_progress,
)
from inference.errors import UsageError

if TYPE_CHECKING:
    from inference.export.video import OrbitVideo
    from inference.rendering.camera import Camera
    from inference.rendering.framing import Framing
    from inference.rendering.sharpened import PictureSharpener

NAME = "render"
DEFAULT_SIZE = 512


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Describe the sub-command."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        NAME,
        help="draw a 3D Gaussian splat file (PLY) as a picture or a video",
        description="Draws any 3D Gaussian splat in PLY format. The suffix of --out chooses: "
        ".png, .webp or .jpg is a picture; .mp4, or .webp with --degrees, is an orbit video.",
    )
    # So that "--camera -30,0" is understood without an equals sign.
    parser._negative_number_matcher = re.compile(r"-[\d.][\d.,eE+-]*")
    parser.add_argument("head", type=Path, metavar="HEAD.ply")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write")
    parser.add_argument(
        "--camera",
        default="0,0",
        metavar="CAMERA",
        help="yaw,elevation[,distance[,fov]] in degrees and metres, 0,0 is the front; or a "
        "JSON file: a report.json or its 'camera' entry",
    )
    parser.add_argument("--size", metavar="N|WxH", help="pixels (default: 512, or the JSON's)")
    parser.add_argument(
        "--background", default="white", metavar="COLOUR", help="white, black, transparent, #rrggbb"
    )
    parser.add_argument(
        "--view",
        choices=["splats", "points", "depth", "normals"],
        default="splats",
        help="what is shown (default: splats)",
    )
    parser.add_argument(
        "--sharpen",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="sharpen the pictures (default: those of heads that PercHead wrote, where its "
        "sharpening network is installed)",
    )
    video = parser.add_argument_group("video")
    video.add_argument("--degrees", type=float, help="how far around the head (default: 360)")
    video.add_argument("--seconds", type=float, default=6.0, help="length (default: 6)")
    video.add_argument("--fps", type=int, default=30, help="pictures a second (default: 30)")
    video.add_argument("--ping-pong", action="store_true", help="there and back, as a loop")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Draw and write.

    Raises:
        PercHeadError: bad use, a damaged file, or a place that cannot be written.
    """
    from inference.export.encoding import check_video
    from inference.export.picture import check_picture, write_picture
    from inference.export.ply import read_ply_splats
    from inference.export.video import write_orbit_video
    from inference.rendering.framing import frame_splats
    from inference.rendering.selection import choose_renderer
    from inference.rendering.sharpened import sharpened
    from inference.rendering.view_modes import ViewMode, ViewRenderer

    background = parse_background(arguments.background)
    size = parse_size(arguments.size) if arguments.size else None
    words = parse_orbit(arguments.camera)
    suffix = arguments.out.suffix.lower()
    video = suffix == ".mp4" or (arguments.degrees is not None and suffix == ".webp")
    if arguments.degrees is not None and not video:
        raise UsageError("--degrees makes a video: give --out a name that ends in .mp4 or .webp.")
    if video:
        check_video(suffix)
        if suffix == ".mp4" and background is None:
            raise UsageError(
                "An MP4 cannot be transparent: give --degrees and an --out that ends in .webp."
            )
    else:
        check_picture(suffix, 1, 1, background)
    splats = read_ply_splats(arguments.head)
    if splats.dropped:
        print(f"perchead: left out {splats.dropped} damaged Gaussians.", file=sys.stderr)
    framing = frame_splats(splats.gaussians)
    view = ViewMode(arguments.view)
    sharpener = _sharpener(arguments.head, view is ViewMode.SPLATS, arguments.sharpen)
    renderer = sharpened(ViewRenderer(choose_renderer(), view), sharpener)
    if video:
        settings = _video(arguments, words, size, framing)
        write_orbit_video(
            renderer, splats.gaussians, settings, arguments.out, background, terminal_progress
        )
    else:
        camera = _camera(arguments.camera, words, size, framing)
        write_picture(
            renderer, splats.gaussians, camera, arguments.out, background, terminal_progress
        )
    print(f"wrote {arguments.out}")
    return 0


def _sharpener(head: Path, colours: bool, wanted: bool | None) -> "PictureSharpener | None":
    """The shipped model's sharpener, if there is one and it suits what is drawn.

    Raises:
        UsageError: it is wanted, and cannot be had.
    """
    from inference.engine import Engine
    from inference.export.ply import is_own_head

    if wanted and not colours:
        raise UsageError("--sharpen is for colours: leave it out, or choose --view splats.")
    if wanted is False or not colours or (wanted is None and not is_own_head(head)):
        return None
    sharpener = Engine().sharpener
    if wanted and sharpener is None:
        raise UsageError("There is no sharpening network here: leave --sharpen out.")
    return sharpener


def _camera(
    text: str, words: OrbitWords | None, size: tuple[int, int | None] | None, framing: "Framing"
) -> "Camera":
    """The camera of the picture, from an orbit or a file."""
    from inference.rendering.camera import orbit_camera
    from inference.rendering.camera_json import read_camera

    if words is None:
        camera = read_camera(Path(text))
        if size is None:
            return camera
        width, height = size
        if height is None:  # one number is the longer side; the shape stays
            scale = width / max(camera.width, camera.height)
            width = max(1, round(camera.width * scale))
            height = max(1, round(camera.height * scale))
        return camera.resized(width, height)
    width, height = size or (DEFAULT_SIZE, None)
    return orbit_camera(
        words.yaw,
        words.elevation,
        distance=words.distance or framing.distance(words.fov_degrees),
        fov_degrees=words.fov_degrees,
        size=(width, height or width),
        target=framing.target,
    )


def _video(
    arguments: argparse.Namespace,
    words: OrbitWords | None,
    size: tuple[int, int | None] | None,
    framing: "Framing",
) -> "OrbitVideo":
    """The ride of the video."""
    from inference.export.video import OrbitVideo

    if words is None:
        raise UsageError("A video rides on an orbit: give --camera as yaw,elevation.")
    edge, height = size or (DEFAULT_SIZE, None)
    if height not in (None, edge):
        raise UsageError("A video is square: give --size as one number.")
    return OrbitVideo(
        degrees=360.0 if arguments.degrees is None else arguments.degrees,
        elevation=words.elevation,
        seconds=arguments.seconds,
        size=edge,
        fps=arguments.fps,
        ping_pong=arguments.ping_pong,
        start_yaw=words.yaw,
        distance=words.distance or framing.distance(words.fov_degrees),
        fov_degrees=words.fov_degrees,
        target=framing.target,
    )
