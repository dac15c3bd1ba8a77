"""What sub-commands that work on several portraits share: the crop, the batch, its complaints."""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from inference.commands.options import add_folder
from inference.errors import NoFaceError, PercHeadError, UsageError
from inference.portrait.types import CropBox, LoadedImage

if TYPE_CHECKING:
    from inference.engine import Engine


def add_portrait_options(parser: argparse.ArgumentParser) -> None:
    """The portraits, the folder, and which head of a photograph."""
    parser.add_argument("portraits", nargs="+", type=Path, metavar="PORTRAIT")
    add_folder(parser)
    parser.add_argument(
        "--face", type=int, default=1, metavar="N", help="which face, 1 is the most prominent"
    )
    parser.add_argument(
        "--crop",
        metavar="X,Y,SIDE",
        help="place the head crop by hand: centre and edge in pixels of the photograph",
    )


def parse_place(arguments: argparse.Namespace) -> tuple[int, CropBox | None]:
    """Which face, counted from 0, and the crop placed by hand, if any.

    Raises:
        UsageError: --face or --crop cannot be.
    """
    if arguments.face < 1:
        raise UsageError("--face counts from 1.")
    return arguments.face - 1, _parse_crop(arguments.crop) if arguments.crop else None


def find_crop(
    engine: "Engine", image: LoadedImage, face: int, crop: CropBox | None
) -> tuple[CropBox, int]:
    """The head crop of a photograph, and how many faces it shows.

    Raises:
        NoFaceError: it shows none and no crop was placed by hand.
        UsageError: the crop lies beside it, or it shows fewer faces.
    """
    faces = engine.detect(image)
    if crop is not None:
        _check_place(crop, image)
        return crop, len(faces)
    if not faces:
        raise NoFaceError(
            "no face was found: choose a photograph that shows a face, "
            "or give the head's place with --crop X,Y,SIDE."
        )
    if face >= len(faces):
        raise UsageError(f"--face {face + 1} asks for more faces than the {len(faces)} found.")
    return engine.suggest_crop(image, faces[face]), len(faces)


def check_single(portraits: list[Path]) -> bool:
    """Whether there is one portrait only, which then must be a file.

    Raises:
        UsageError: it is none.
    """
    if len(portraits) != 1:
        return False
    portrait = portraits[0]
    if not portrait.is_file():
        raise UsageError(
            f"{portrait} is a folder: give the portraits in it."
            if portrait.is_dir()
            else f"There is no file {portrait}."
        )
    return True


def for_each_portrait(portraits: list[Path], out: Path, write: Callable[[Path, Path], None]) -> int:
    """Call `write` with each portrait and its folder; a bad one is reported, the rest go on.

    Returns:
        0; 1 when some of several portraits failed. A single bad portrait raises.
    """
    from tqdm import tqdm

    single = len(portraits) == 1
    failures = 0
    bar = tqdm(total=len(portraits), unit="portrait", disable=single)
    for portrait, folder in _folders(portraits, out):
        bar.set_description_str(portrait.name)
        try:
            write(portrait, folder)
            bar.write(f"{portrait}: wrote {folder}")
        except PercHeadError as error:
            if single:
                raise type(error)(_about(portrait, error)) from None
            failures += 1
            bar.write(f"perchead: {_about(portrait, error)}", file=sys.stderr)
        bar.update()
    bar.close()
    return 1 if failures else 0


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


def _about(portrait: Path, error: PercHeadError) -> str:
    """The sentence with the portrait's path in front, in place of its name if that is there."""
    sentence = str(error)
    if sentence.startswith(f"{portrait.name} "):
        return f"{portrait}{sentence[len(portrait.name) :]}"
    return f"{portrait}: {sentence}"
