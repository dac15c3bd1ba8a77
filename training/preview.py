"""Look at what a model makes of held-out heads and of photographs.

    python -m training.preview RUN/model.safetensors --test HELD_OUT --out sheet.png
    python -m training.preview RUN/model.safetensors --out sheet.png portrait.jpg ...

Each row: the input, then the predicted head from the input's own camera (held-out heads) and
from the front, 45, 90 and 180 degrees; held-out heads also show their exact anchors drawn as
splats from the front, which is what the model is taught. Writes the one picture.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from inference.head.gaussians import Gaussians
from inference.head.template import HeadTemplate
from inference.model.loading import load_reconstruction_model
from inference.model.predict import predict_head
from inference.model.reconstruction import ReconstructionModel
from inference.portrait.loading import load_image
from inference.portrait.prepare import PortraitPreparer
from inference.portrait.types import CropBox, PreparedPortrait
from inference.rendering.camera import Camera, orbit_camera
from inference.rendering.portable.renderer import PortableRenderer
from training.anchors.data import list_heads, read_head
from training.anchors.target_splats import splats_of_targets
from training.runs.command_line import command_parser

YAWS = (0.0, 45.0, 90.0, 180.0)
SIZE = 256


def held_out(
    folder: Path, count: int, model: ReconstructionModel, renderer: PortableRenderer
) -> Iterator[list[NDArray[np.uint8]]]:
    """Rows of held-out heads, each from another of its views."""
    for number, path in enumerate(list_heads(folder)[:count]):
        head = read_head(path)
        if head is None:
            continue
        views, targets = head
        view = number % len(views.rgb)
        with np.load(path, allow_pickle=False) as data:
            intrinsics, pose = data["K"][view], data["w2c"][view]
        edge = views.rgb.shape[1]
        portrait = PreparedPortrait(
            views.rgb[view].astype(np.float32) / 255,
            views.alpha[view].astype(np.float32) / 255,
            None,
            CropBox(edge / 2, edge / 2, edge),
        )
        camera = Camera(edge, edge, intrinsics, pose).resized(SIZE, SIZE)
        gaussians = predict_head(model, portrait)
        pictures = [_tile(views.rgb[view]), _draw(renderer, gaussians, camera)]
        pictures += [_draw(renderer, gaussians, _orbit(yaw)) for yaw in YAWS]
        yield [*pictures, _draw(renderer, splats_of_targets(targets), _orbit(0.0))]


def photographs(
    paths: list[Path],
    model: ReconstructionModel,
    template: HeadTemplate,
    renderer: PortableRenderer,
) -> Iterator[list[NDArray[np.uint8]]]:
    """Rows of photographs."""
    preparer = PortraitPreparer(template)
    for path in paths:
        image = load_image(path)
        faces = preparer.detect(image)
        crop = preparer.suggest_crop(image, faces[0] if faces else None)
        portrait = preparer.prepare(image, crop)
        gaussians = predict_head(model, portrait)
        shown = (portrait.image * 255).astype(np.uint8)
        matte = (portrait.alpha[..., None] * np.ones(3) * 255).astype(np.uint8)
        pictures = [_tile(shown), _tile(matte)]
        yield [*pictures, *(_draw(renderer, gaussians, _orbit(yaw)) for yaw in (*YAWS, -45.0))]


def _orbit(yaw: float) -> Camera:
    return orbit_camera(yaw, size=(SIZE, SIZE))


def _tile(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(picture).resize((SIZE, SIZE)), np.uint8)


def _draw(renderer: PortableRenderer, gaussians: Gaussians, camera: Camera) -> NDArray[np.uint8]:
    return renderer.render_rgba8(gaussians, camera)[..., :3]


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = command_parser("training.preview", __doc__)
    parser.add_argument("checkpoint", type=Path, help="model.safetensors of a run")
    parser.add_argument("portraits", type=Path, nargs="*", help="photographs")
    parser.add_argument("--test", type=Path, help="held-out heads of the generator")
    parser.add_argument("--count", type=int, default=6, help="how many of them")
    parser.add_argument("--out", type=Path, required=True, help="picture to write")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    template = HeadTemplate.load()
    model = load_reconstruction_model("embedded", template, checkpoint=options.checkpoint)
    renderer = PortableRenderer(options.threads)
    rows: list[list[NDArray[np.uint8]]] = []
    if options.test:
        rows += held_out(options.test, options.count, model, renderer)
    rows += photographs(options.portraits, model, template, renderer)
    if not rows:
        parser.error("name --test or photographs")
    sheet = np.concatenate([np.concatenate(row, axis=1) for row in rows], axis=0)
    Image.fromarray(sheet).save(options.out)


if __name__ == "__main__":
    main()
