r"""Pooled style features of synthetic heads, computed once and kept: one small file a head.

    python -m training.style_cache --data HEADS --out CACHE [--views 2] [--splats] [--watch]

With --splats each view is read a second time, off the exact anchors drawn as splats.

With --watch it takes up heads that the generator writes meanwhile, until it is stopped.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference.features.embedded import load_embedded_backbone
from inference.features.style_features import on_backdrop, style_features
from inference.features.vit import VisionTransformer
from inference.files import atomic_write
from inference.rendering.protocol import Renderer
from inference.rendering.selection import choose_renderer
from training.anchors.data import list_heads, read_head
from training.editing.palette import measure_palette
from training.pictures.augment import AugmentConfig, augment_view, plain_view
from training.pictures.splat_pictures import draw_anchors
from training.runs.command_line import command_parser

PLAIN_LIGHT = np.array([1, 1, 1, 1], np.float32)
"""Gain of R, G, B and gamma of a picture that nothing was done to."""

# Left and right stay, since captions name the side of the light; colours stay nearly as they are.
AUGMENTATION = AugmentConfig(mirror=0.0, gamma=0.06, gain=0.06, tint=0.02)


@dataclass(frozen=True)
class StyleViews:
    """What the cache holds of one head.

    Attributes:
        overall, cells, colours: StyleFeatures of its views, float16.
        light: [V, 4] gain and gamma of each view.
        palette: [P, 3] colours of its parts 0..1, NaN where it has no such part.
        attributes: JSON text of the generator.
    """

    overall: NDArray[np.float16]
    cells: NDArray[np.float16]
    colours: NDArray[np.float16]
    light: NDArray[np.float32]
    palette: NDArray[np.float32]
    attributes: str


def encode_views(
    backbone: VisionTransformer, rgb: NDArray[np.uint8], alpha: NDArray[np.float32]
) -> dict[str, NDArray[np.float16]]:
    """Features of pictures [V, S, S, 3] with their foreground [V, S, S] 0..1."""
    images = torch.from_numpy(rgb).permute(0, 3, 1, 2).float() / 255
    found = style_features(backbone, on_backdrop(images, torch.from_numpy(alpha)))
    names = ("overall", "cells", "colours")
    return {name: getattr(found, name).numpy().astype(np.float16) for name in names}


def cache_head(
    path: Path,
    target: Path,
    backbone: VisionTransformer,
    views: int,
    plain: bool,
    renderer: Renderer | None = None,
) -> bool:
    """Write the features of one head; False where its file is damaged.

    Args:
        path: the generator's file.
        target: the file to write.
        backbone: reads the pictures.
        views: how many of the head's pictures.
        plain: no augmentation.
        renderer: draws the same views of the head's exact anchors; None for the pictures alone.
    """
    head = read_head(path)
    if head is None:
        return False
    pictures, targets = head
    edge = pictures.rgb.shape[1]
    rng = np.random.default_rng([len(path.stem), int(path.stem.split("_")[-1])])
    # The first view always sees the face.
    others = rng.permutation(np.arange(1, len(pictures.rgb)))[: views - 1]
    chosen = np.concatenate([[0], others]).astype(int)
    drawn = [
        plain_view(pictures.rgb[number], pictures.alpha[number])
        if plain
        else augment_view(pictures.rgb[number], pictures.alpha[number], rng, AUGMENTATION)
        for number in chosen
    ]
    arrays = encode_views(
        backbone, np.stack([v.image for v in drawn]), np.stack([v.alpha for v in drawn])
    )
    light = np.stack([view.light for view in drawn])
    with np.load(path, allow_pickle=False) as stored:
        attributes = stored["attributes"]
        cameras = stored["K"][chosen], stored["w2c"][chosen]
    if renderer is not None:
        splats = encode_views(backbone, *draw_anchors(targets, *cameras, edge, renderer))
        arrays = {name: np.concatenate([rows, splats[name]]) for name, rows in arrays.items()}
        light = np.concatenate([light, np.tile(PLAIN_LIGHT, (len(chosen), 1))])
        chosen = np.tile(chosen, 2)
    with atomic_write(target) as temporary:
        np.savez(
            temporary,
            overall=arrays["overall"],
            cells=arrays["cells"],
            colours=arrays["colours"],
            light=light,
            palette=measure_palette(targets),
            views=chosen,
            attributes=attributes,
        )
    return True


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill the cache."""
    parser = command_parser("training.style_cache", __doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="the generator's heads")
    add("--out", type=Path, required=True, help="the cache")
    add("--views", type=int, default=2, help="pictures of each head")
    add("--plain", action="store_true", help="no augmentation (held-out heads)")
    add("--splats", action="store_true", help="each view as splats of the exact anchors too")
    add("--limit", type=int, help="at most so many heads")
    add("--watch", action="store_true", help="go on until stopped")
    add("--threads", type=int, default=1, help="of torch")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    backbone = load_embedded_backbone()
    renderer = choose_renderer() if options.splats else None
    damaged: set[str] = set()
    while True:
        waiting = [
            path
            for path in list_heads(options.data)[: options.limit]
            if path.name not in damaged and not (options.out / f"{path.stem}.npz").exists()
        ]
        for path in waiting:
            target = options.out / f"{path.stem}.npz"
            if not cache_head(path, target, backbone, options.views, options.plain, renderer):
                damaged.add(path.name)
        if not options.watch:
            return
        time.sleep(5 if not waiting else 0)


if __name__ == "__main__":
    main()
