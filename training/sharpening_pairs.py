"""What the program draws of photographed people, beside the photographs: for the sharpening CNN.

    python -m training.sharpening_pairs --data HEADS --out PAIRS

makes a head of the photographs of HEADS (of training.synthetic.generate; large ones, --layout npz
--size 1024) as the program does, its fit included, and draws it from each photograph's own camera.
Fitted colours belong to places of the photograph, so that both pictures show the same thing pixel
by pixel, and differ in what Gaussians cannot hold. Started again it goes on with what is missing.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.engine import Engine
from inference.errors import PercHeadError, UsageError
from inference.files import atomic_write
from inference.head.gaussians import FloatArray
from inference.portrait.sampling import cut_square
from inference.portrait.types import LoadedImage
from inference.rendering.alpha_bleeding import bleed
from inference.rendering.protocol import Renderer
from inference.rendering.selection import choose_renderer
from training.anchors.data import list_heads
from training.data.errors import BrokenSampleError
from training.data.generated import read_views
from training.runs.command_line import command_parser, exit_status

EDGES = (512, 720, 1024)
"""Pictures are drawn at these sizes, as windows and exports are (our choice)."""

LARGER = 1.1
"""A photograph's crop may be enlarged by this factor, or its own blur would be learned."""

RIM_PX = 2
"""Pixels along silhouettes that do not count, whose colours are mixed with what is behind."""


@dataclass(frozen=True)
class Pair:
    """One picture twice.

    Attributes:
        drawn: [S, S, 3] uint8, the head's colours continued beyond its silhouette, as the CNN is
            shown them (inference.rendering.sharpened).
        truth: [S, S, 3] uint8 the photograph.
        counts: [S, S] bool where both show the person.
    """

    drawn: NDArray[np.uint8]
    truth: NDArray[np.uint8]
    counts: NDArray[np.bool_]


def pairs_of(
    image: LoadedImage,
    alpha: FloatArray,  # [H, W] 0..1
    engine: Engine,
    renderer: Renderer,
) -> Iterator[Pair]:
    """A photograph's pairs, one for each of EDGES that it is large enough for.

    Args:
        image: the photograph.
        alpha: where it shows the person.
        engine: makes the head.
        renderer: draws it.
    """
    faces = engine.detect(image)
    if not faces:
        return
    crop = engine.suggest_crop(image, faces[0])
    portrait = engine.prepare(image, crop)
    if portrait.landmarks is None:
        return
    made = engine.reconstruct(portrait)
    centre = crop.centre_x, crop.centre_y
    for edge in EDGES:
        if edge > LARGER * crop.side:
            continue
        frame = renderer.render(made.gaussians, made.camera.resized(edge, edge))
        truth = cut_square(image.rgb, centre, crop.side, edge, outside=0.5)
        there = cut_square(alpha, centre, crop.side, edge).clip(0, 1)
        solid = ((there > 0.98) & (frame.alpha > 0.98)).astype(np.uint8)
        kernel = np.ones((2 * RIM_PX + 1, 2 * RIM_PX + 1), np.uint8)
        counts = cv2.erode(solid, kernel, borderValue=0) > 0
        yield Pair(_bytes(bleed(frame.colour, frame.alpha)), _bytes(truth), counts)


def load_pair(path: Path) -> Pair:
    """Read what `save_pair` wrote."""
    with np.load(path, allow_pickle=False) as stored:
        return Pair(stored["drawn"], stored["truth"], stored["counts"])


def save_pair(pair: Pair, path: Path) -> None:
    """Write a pair as npz."""
    with atomic_write(path) as temporary:
        np.savez_compressed(temporary, drawn=pair.drawn, truth=pair.truth, counts=pair.counts)


def photographs(path: Path) -> Iterator[tuple[str, LoadedImage, FloatArray]]:
    """The views of a head that the generator wrote: name, picture and alpha.

    Raises:
        BrokenSampleError: its file is damaged.
    """
    for number, view in enumerate(read_views(path)):
        name = f"{path.stem}_{number}"
        yield name, LoadedImage(view.rgb, None, name), view.alpha


def _bytes(picture: FloatArray) -> NDArray[np.uint8]:
    return (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)


def run(options: argparse.Namespace) -> int:
    """Make what is missing; returns the exit status."""
    heads = list_heads(options.data)
    if not heads:
        raise UsageError(f"There are no heads in {options.data}: generate some.")
    engine, renderer = Engine(), choose_renderer()
    start, made = time.monotonic(), 0
    for head in heads:
        done = options.out / f"{head.stem}.done"
        if done.exists():
            continue
        try:
            views = list(photographs(head))
        except BrokenSampleError as error:
            print(error, flush=True)
            continue
        for name, image, alpha in views:
            try:
                for pair in pairs_of(image, alpha, engine, renderer):
                    save_pair(pair, options.out / f"{name}_{len(pair.drawn)}.npz")
                    made += 1
            except PercHeadError as error:
                print(f"{name} is left out: {error}", flush=True)
        with atomic_write(done) as temporary:
            temporary.write_text("", encoding="utf-8")
        pace = (time.monotonic() - start) / max(1, made)
        print(f"{head.name}: {made} pairs, {pace:.1f} s each", flush=True)
    return 0


def main() -> int:
    """Entry point; 2 for something the user can mend."""
    parser = command_parser("training.sharpening_pairs", __doc__)
    parser.add_argument("--data", type=Path, required=True, help="heads with large pictures")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    return exit_status(lambda: run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
