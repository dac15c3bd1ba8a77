r"""Style features of edited heads: the map of one head, the palette of another.

    python -m training.edited_cache --data HEADS --styles CACHE/train --editing EDITING \
        --out CACHE/edited --count 1500

What a style space has to read off an edited head is the style that it was given, however the map
makes it look. The palette is exact: nothing that a style space has learned is in these pictures.
Writes one file an edit as training.style_cache does for heads; may be stopped at any time.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from inference.editing.editor import Editor
from inference.face_map.labels import Label
from inference.features.embedded import load_embedded_backbone
from inference.files import atomic_write
from inference.head.template import HeadTemplate
from inference.rendering.selection import choose_renderer
from training.editing.style_palette import palette_numbers, usual_palette
from training.pictures.splat_pictures import own_colours
from training.runs.command_line import command_parser
from training.style_cache import PLAIN_LIGHT, encode_views
from training.synthetic.style_words import CUT, head_tags

SIZE = 512
GLASSES_TAGS = ("glasses", "sunglasses", "metal")
"""How tags about glasses begin (training.synthetic.style_words)."""

_OF_THE_MAP = 0.6  # share of edits that show the view of a head that sees its face best

Tags = dict[str, frozenset[str]]


@dataclass(frozen=True)
class StyleSource:
    """What one head gives to an edit.

    Attributes:
        name: of its file.
        palette: [P, 3] as training.editing.palette measures it.
        numbers: [40] of training.editing.style_palette.
        tags: by aspect.
        attributes: of the generator.
    """

    name: str
    palette: NDArray[np.float32]
    numbers: NDArray[np.float32]
    tags: Tags
    attributes: dict[str, Any]


def style_sources(folder: Path) -> list[StyleSource]:
    """All heads of a folder of training.style_cache."""
    found = []
    for path in sorted(folder.glob("head_*.npz")):
        with np.load(path, allow_pickle=False) as stored:
            palette, attributes = stored["palette"], json.loads(str(stored["attributes"]))
        tags = head_tags(attributes, float(palette[-1, 2]))
        numbers = palette_numbers(palette, attributes)
        found.append(StyleSource(path.name, palette, numbers, tags, attributes))
    return found


def tags_of_edit(shape: Tags, style: Tags, labels: NDArray[np.uint8]) -> Tags:
    """What is true of a head with the map of the one and the style of the other.

    A cut is in the map, and whether hair is curly is not.
    """
    tags = dict(style) | {CUT: shape[CUT]}
    if not (labels == Label.HAIR).any():
        tags["hair colour"], tags["hair kind"] = frozenset(), frozenset()
    for things, label in ((GLASSES_TAGS, Label.GLASSES), (("hat",), Label.HAT)):
        if not (labels == label).any():
            tags["worn"] = frozenset(t for t in tags["worn"] if not t.startswith(things))
    return tags


def style_of_palette(
    weight: NDArray[np.float32],  # [40, 128]
    bias: NDArray[np.float32],  # [40]
    numbers: NDArray[np.float32],  # [40], NaN for what is not known
    usual: NDArray[np.float32],  # [40]
) -> NDArray[np.float32]:
    """The shortest style vector [128] that the editing model reads this palette from."""
    wanted = np.where(np.isfinite(numbers), numbers, usual)
    return np.asarray(np.linalg.pinv(weight) @ (wanted - bias), np.float32)


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the edits that are not there yet."""
    parser = command_parser("training.edited_cache", __doc__)
    add = parser.add_argument
    add("--data", type=Path, required=True, help="the generator's heads")
    add("--styles", type=Path, required=True, help="style features of the same heads")
    add("--editing", type=Path, required=True, help="the editing model")
    add("--out", type=Path, required=True)
    add("--count", type=int, default=1500, help="edits")
    add("--threads", type=int, default=1, help="of torch")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    template = HeadTemplate.load()
    editor = Editor(template, options.editing)
    backbone, renderer = load_embedded_backbone(), choose_renderer()
    sources = style_sources(options.styles)
    haired = [source for source in sources if source.tags["hair colour"]]
    usual = usual_palette(np.stack([source.numbers for source in sources]))
    weight, bias = editor.network.palette_of_styles
    for number in range(options.count):
        shape = sources[number % len(sources)]
        target = options.out / f"head_{number:06d}.npz"
        if target.exists():
            continue
        rng = np.random.default_rng([number, 31])
        style = haired[int(rng.integers(len(haired)))]
        with np.load(options.data / shape.name, allow_pickle=False) as stored:
            views = stored["label"]
        view = 0 if rng.random() < _OF_THE_MAP else int(rng.integers(len(views)))
        labels = cv2.resize(views[view], (SIZE, SIZE), interpolation=cv2.INTER_NEAREST)
        look = style_of_palette(weight, bias, style.numbers, usual)
        head, camera = editor.modelled(labels, look)
        frame = renderer.render(head.splats(template.neighbours), camera)
        picture, alpha = own_colours(frame)
        tags = tags_of_edit(shape.tags, style.tags, labels)
        features = encode_views(backbone, picture[None], alpha[None])
        with atomic_write(target) as temporary:
            np.savez(
                temporary,
                overall=features["overall"],
                cells=features["cells"],
                colours=features["colours"],
                light=PLAIN_LIGHT[None],
                palette=style.palette,
                views=np.array([view]),
                attributes=json.dumps(style.attributes),
                tags=json.dumps({aspect: sorted(values) for aspect, values in tags.items()}),
            )


if __name__ == "__main__":
    main()
