"""Draw synthetic heads side by side, to look at.

    python -m training.synthetic.contact_sheet --out sheet.jpg --seeds 0:32

writes that one picture.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.errors import UsageError
from inference.files import atomic_write
from inference.rendering.camera import Camera, orbit_camera
from training.runs.command_line import command_parser, exit_status
from training.synthetic.assets import Assets
from training.synthetic.cameras import sample_cameras
from training.synthetic.dataset import render
from training.synthetic.generate import add_asset_options, chosen_assets, parse_seeds
from training.synthetic.hair_styles import STYLES, HairStyle
from training.synthetic.head import make_head
from training.synthetic.pictures import Renderer
from training.synthetic.render import open_renderer

Picture = NDArray[np.uint8]


def cell(
    seed: int,
    assets: Assets,
    renderer: Renderer,
    style: HairStyle | None = None,
    yaw: float | None = None,
) -> Picture:
    """One head [S, S, 3] as its sample's first view shows it.

    Args:
        seed: which head.
        assets: what heads are made from.
        renderer: draws it.
        style: hair to wear instead of its own.
        yaw: degrees to look from, instead of the sample's first camera.
    """
    head = make_head(seed, assets, style)
    renderer.load(head)
    rng = np.random.default_rng([seed, 21])
    size = renderer.size
    cameras: list[Camera] = sample_cameras(rng, 1, size)
    if yaw is not None:
        cameras = [orbit_camera(yaw, size=(size, size))]
    return render(renderer, head, cameras, rng)[0].rgb


def sheet(cells: list[Picture], columns: int) -> Picture:
    """Pictures of one size side by side, [rows * S, columns * S, 3]; missing ones are grey."""
    rows = -(-len(cells) // columns)
    blank = np.full_like(cells[0], 128)
    full = cells + [blank] * (rows * columns - len(cells))
    lines = [np.concatenate(full[i * columns : (i + 1) * columns], 1) for i in range(rows)]
    return np.concatenate(lines)


def _parser() -> argparse.ArgumentParser:
    parser = command_parser("training.synthetic.contact_sheet", __doc__)
    parser.add_argument("--out", type=Path, required=True, help="picture to write (.png or .jpg)")
    parser.add_argument("--seeds", required=True, help="A:B, without B")
    parser.add_argument("--size", type=int, default=256, help="edge of a head in pixels")
    parser.add_argument("--columns", type=int, default=8, help="heads in a row")
    parser.add_argument("--yaw", type=float, help="degrees to look from, instead of at random")
    parser.add_argument("--style", help="a hair style that all wear, or 'each': one after another")
    add_asset_options(parser)
    return parser


def _styles(text: str | None, count: int) -> list[HairStyle | None]:
    by_name = {style.name: style for style in STYLES}
    if text is None:
        return [None] * count
    if text == "each":
        return [STYLES[i % len(STYLES)] for i in range(count)]
    if text not in by_name:
        raise UsageError(f"--style is 'each' or one of {', '.join(by_name)}, not {text!r}.")
    return [by_name[text]] * count


def run(arguments: argparse.Namespace) -> int:
    """Draw the sheet and write it; returns the exit status."""
    from PIL import Image

    seeds = parse_seeds(arguments.seeds)
    if arguments.columns < 1 or arguments.size < 16:
        raise UsageError("--columns must be at least 1 and --size at least 16.")
    styles = _styles(arguments.style, len(seeds))
    assets = chosen_assets(arguments)
    start = time.monotonic()
    with open_renderer(assets, arguments.size) as renderer:
        cells = [
            cell(seed, assets, renderer, style, arguments.yaw)
            for seed, style in zip(seeds, styles, strict=True)
        ]
    with atomic_write(arguments.out) as temporary:
        kind = "PNG" if arguments.out.suffix.lower() == ".png" else "JPEG"
        picture = Image.fromarray(sheet(cells, arguments.columns))
        picture.save(temporary, kind, **({} if kind == "PNG" else {"quality": 92}))
    print(f"{arguments.out}: {(time.monotonic() - start) / len(cells):.2f} s a head")
    return 0


def main() -> int:
    """Entry point; 2 for something the user can mend."""
    return exit_status(lambda: run(_parser().parse_args()))


if __name__ == "__main__":
    sys.exit(main())
