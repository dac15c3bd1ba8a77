r"""How well the editing model keeps maps and styles apart, and what it makes of words.

    python -m training.evaluation.edits --heldout SET --data HEADS --out RESULT

Three figures on held-out heads: the map of an edited head, read again by our parser, against the
map that was given, whatever the style (also the classes of the head's own anchors, which no parser
can spoil, but which reward a swollen nose: see training.feature_bias); the style of its picture
against the style that was given, whatever the map, as a whole and by aspect; and how often a probe
of what our parser and the picture's colours show (training.evaluation.attribute_probe), fitted on
training heads, sees what a prompt asked for. Beside that stands how often it is right about true
pictures.
Writes RESULT/edits.json, RESULT/edits.md and RESULT/edits.jpg.
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
from PIL import Image

from inference.editing.editor import Editor
from inference.editing.kinds import class_of
from inference.editing.projection import front, project, shrink
from inference.editing.types import EditRequest, Style
from inference.engine import Engine
from inference.face_map.labels import COLOURS, COUNT, Label
from inference.features.style_features import BACKDROP, on_backdrop
from inference.files import atomic_write
from inference.portrait.types import CropBox, LoadedImage
from inference.progress import CancelToken, no_progress
from inference.rendering.protocol import Renderer
from inference.rendering.selection import choose_renderer
from training.evaluation.attribute_probe import (
    RIVALS,
    AttributeProbe,
    fit_probe,
    probe_examples,
    recall,
)
from training.evaluation.edit_figures import (
    EditScore,
    block_cosines,
    by_group,
    cosines_by_block,
    figures_of,
    read_by_style,
)
from training.evaluation.groups import groups_of
from training.runs.command_line import command_parser
from training.synthetic.dataset import load_sample

SIZE = 512
_FEW = 3e-4  # share of a map below which a class does not count
PROMPTS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("black hair", (("hair colour", "black"),)),
    ("blond hair", (("hair colour", "blond"),)),
    ("grey hair", (("hair colour", "grey"),)),
    ("white hair", (("hair colour", "white"),)),
    ("red hair", (("hair colour", "red"),)),
    ("golden hair", (("hair colour", "blond"),)),
    ("silver hair", (("hair colour", "grey"),)),
    ("jet-black hair", (("hair colour", "black"),)),
    ("ginger hair", (("hair colour", "red"),)),
    ("curly hair", (("hair kind", "curly"),)),
    ("straight hair", (("hair kind", "straight"),)),
    ("grey curly hair", (("hair colour", "grey"), ("hair kind", "curly"))),
    ("pale skin", (("skin", "very light"),)),
    ("very dark skin", (("skin", "very dark"),)),
    ("dark brown skin", (("skin", "dark brown"),)),
    ("tanned skin", (("skin", "tanned"),)),
    ("an old person", (("age", "old"),)),
    ("a young person", (("age", "young"),)),
    ("an elderly woman", (("age", "old"), ("sex", "woman"))),
    ("a man", (("sex", "man"),)),
    ("a woman", (("sex", "woman"),)),
    ("a full beard", (("beard", "full"),)),
    ("clean-shaven", (("beard", "none"),)),
    ("stubble", (("beard", "stubble"),)),
    ("a bushy beard", (("beard", "full"),)),
    ("blue eyes", (("eyes", "blue"),)),
    ("dark brown eyes", (("eyes", "dark brown"),)),
    ("light from the left", (("light", "left"),)),
    ("light from the right", (("light", "right"),)),
    ("strong light from the left", (("light", "left"),)),
)
"""Thirty prompts and the tags that a probe must see."""


def intersection_over_union(found: NDArray[np.uint8], given: NDArray[np.uint8]) -> float:
    """Mean over the classes that the given map shows in more than a few pixels."""
    values = []
    for label in range(COUNT):
        there = given == label
        if there.mean() < _FEW:
            continue
        seen = found == label
        values.append(float((there & seen).sum() / (there | seen).sum()))
    return float(np.mean(values))


def editor_of(engine: Engine) -> Editor:
    """The embedded model's editor."""
    editor = engine.editor
    assert isinstance(editor, Editor)
    return editor


@dataclass(frozen=True)
class Seen:
    """An edited head from its map's camera.

    Attributes:
        picture: over mid-grey.
        classes: [128, 128] of the foremost anchors; a lens is the glasses around it.
    """

    picture: LoadedImage
    classes: NDArray[np.uint8]


def look_at_edit(engine: Engine, request: EditRequest, renderer: Renderer) -> Seen:
    """Make an edit and draw it."""
    template = engine.template
    shaped, camera = editor_of(engine).shape(request, no_progress, CancelToken())
    frame = renderer.render(shaped.splats(template.neighbours), camera.resized(SIZE, SIZE))
    labels, _ = front(project(shaped.means, camera), class_of(shaped.kinds, template.labels))
    picture = LoadedImage(frame.over((BACKDROP, BACKDROP, BACKDROP)), frame.alpha, "edit")
    return Seen(picture, filled_glasses(labels))


def style_of_picture(engine: Engine, picture: LoadedImage) -> NDArray[np.float32]:
    """The style vector of a drawn head."""
    image = torch.from_numpy(picture.rgb).permute(2, 0, 1)[None]
    assert picture.alpha is not None
    alpha = torch.from_numpy(picture.alpha)[None]
    vector = editor_of(engine).style_network.embed_images(on_backdrop(image, alpha))[0]
    return np.asarray(vector.numpy(), np.float32)


def filled_glasses(labels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Rims with what they enclose, since maps show frame and lens as one."""
    rim = (labels == Label.GLASSES).astype(np.uint8)
    outlines, _ = cv2.findContours(rim, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = cv2.drawContours(np.zeros_like(rim), outlines, -1, 1, cv2.FILLED)
    return np.where(whole > 0, np.uint8(Label.GLASSES), labels)


def parsed(engine: Engine, picture: LoadedImage) -> NDArray[np.uint8]:
    """The face map of a drawn head, read by the engine's parser."""
    crop = CropBox(SIZE / 2, SIZE / 2, SIZE)
    return engine.parse(engine.prepare(picture, crop)).labels


def read_head(
    engine: Engine, path: Path, view: int
) -> tuple[NDArray[np.uint8], Style, NDArray[np.uint8]]:
    """Map and picture [512, 512] of a held-out head's view, and a place for its style."""
    with np.load(path, allow_pickle=False) as stored:
        labels, rgb, alpha = (stored[key][view] for key in ("label", "rgb", "alpha"))
    wide = np.asarray(Image.fromarray(labels).resize((SIZE, SIZE), Image.Resampling.NEAREST))
    image = torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].float() / 255
    matte = torch.from_numpy(alpha.copy())[None].float() / 255
    vector = editor_of(engine).style_network.embed_images(on_backdrop(image, matte))[0].numpy()
    return wide, Style(vector, editor_of(engine).style_network.name, path.stem), rgb


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write."""
    parser = command_parser("training.evaluation.edits", __doc__)
    add = parser.add_argument
    add("--heldout", type=Path, required=True, help="the held-out set")
    add("--data", type=Path, required=True, help="training heads, which the probe is fitted on")
    add("--out", type=Path, required=True)
    add("--heads", type=int, default=12, help="how many held-out heads give maps")
    add("--probe-heads", type=int, default=700, help="training heads of the probe")
    add("--styles", type=int, default=3, help="other heads' styles for each map, and back")
    add("--prompt-heads", type=int, default=4, help="how many of the heads are asked all prompts")
    add("--threads", type=int, default=1, help="of torch")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    engine, renderer = Engine(), choose_renderer()
    paths = sorted(options.heldout.glob("head_*.npz"))
    chosen = paths[:: max(1, len(paths) // options.heads)][: options.heads]
    heads = [read_head(engine, path, 7 + number % 2) for number, path in enumerate(chosen)]

    scores: list[EditScore] = []
    rows = []
    for number, (labels, own, _) in enumerate(heads):
        attributes = load_sample(chosen[number])["attributes"]
        groups = tuple(f"{kind}: {group}" for kind, group in groups_of(attributes).items())
        strip = [COLOURS[labels][::2, ::2]]
        for step in range(1, options.styles + 1):
            other = heads[(number + step * 5) % len(heads)][1]
            seen = look_at_edit(engine, EditRequest(labels, other), renderer)
            scores.append(_score(engine, seen, labels, other, groups))
            strip.append((seen.picture.rgb[::2, ::2] * 255).astype(np.uint8))
        seen = look_at_edit(engine, EditRequest(labels, own), renderer)
        strip.append((seen.picture.rgb[::2, ::2] * 255).astype(np.uint8))
        rows.append(np.concatenate(strip, axis=1))

    probe = fit_probe(probe_examples(options.data, renderer, options.probe_heads))
    itself = recall(probe, probe_examples(options.heldout, renderer))
    asked = heads[:: max(1, len(heads) // options.prompt_heads)][: options.prompt_heads]
    answers = _ask(engine, renderer, probe, asked)
    right = [float(str(answer["right"])) for answer in answers]
    result = {
        "heads": len(heads),
        "prompt_heads": len(asked),
        **figures_of(scores),
        "prompts_right": round(float(np.mean(right)), 3),
        "prompts": answers,
        "probe_recall": itself,
        "by_group_of_the_map": by_group(scores),
        "map_read_by_parser_by_style": read_by_style(scores),
        "style_kept_by_block": cosines_by_block(scores),
    }
    page = markdown(result)
    options.out.mkdir(parents=True, exist_ok=True)
    with atomic_write(options.out / "edits.json") as temporary:
        temporary.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    with atomic_write(options.out / "edits.md") as temporary:
        temporary.write_text(page, encoding="utf-8")
    with atomic_write(options.out / "edits.jpg") as temporary:
        Image.fromarray(np.concatenate(rows)).save(temporary, quality=88)
    print(page)


def _score(
    engine: Engine,
    seen: Seen,
    labels: NDArray[np.uint8],
    style: Style,
    groups: tuple[str, ...],
) -> EditScore:
    """How an edit came out that was given a map [S, S] of somebody in these groups, and a style."""
    found = style_of_picture(engine, seen.picture)
    return EditScore(
        style=style.description,
        groups=groups,
        kept=intersection_over_union(seen.classes, shrink(labels)),
        read=intersection_over_union(parsed(engine, seen.picture), labels),
        alike=float(found @ style.vector),
        blocks=block_cosines(found, style.vector),
    )


def _ask(
    engine: Engine,
    renderer: Renderer,
    probe: AttributeProbe,
    heads: list[tuple[NDArray[np.uint8], Style, NDArray[np.uint8]]],
) -> list[dict[str, object]]:
    """Every prompt on every one of the heads, whose own style says what the prompt leaves open."""
    answers: list[dict[str, object]] = []
    for text, tags in PROMPTS:
        style = engine.style_of_text(text)
        seen = []
        for labels, own, _ in heads:
            if not all(_can_show(labels, aspect) for aspect, _ in tags):
                continue
            request = EditRequest(labels, style, base_style=own)
            picture = look_at_edit(engine, request, renderer).picture
            rgb, shown = (picture.rgb * 255).astype(np.uint8), parsed(engine, picture)
            seen.append(all(probe.sees(rgb, shown, aspect, tag) for aspect, tag in tags))
        answers.append({"prompt": text, "right": float(np.mean(seen)) if seen else 0.0})
    return answers


def _can_show(labels: NDArray[np.uint8], aspect: str) -> bool:
    """Whether a map has what a prompt is about: no hair is red on a bald head."""
    needed: dict[str, tuple[int, ...]] = {
        "hair colour": (Label.HAIR,),
        "hair kind": (Label.HAIR,),
        "eyes": (Label.LEFT_EYE, Label.RIGHT_EYE),
    }
    return aspect not in needed or bool(np.isin(labels, needed[aspect]).any())


def markdown(result: dict[str, Any]) -> str:
    """What edits.json holds, as a page."""
    worst_style, worst_iou = next(iter(result["map_read_by_parser_by_style"].items()))
    lines = [
        "# Edits of held-out heads",
        "",
        "| figure | mean | worst tenth | goal |",
        "| --- | --- | --- | --- |",
        f"| map against classes that the head shows, mean IoU | {result['map_kept_mean_iou']} "
        f"| {result['map_kept_worst_tenth']} | |",
        f"| the same, read by our parser | {result['map_read_by_parser_mean_iou']} "
        f"| {result['map_read_by_parser_worst_tenth']} | 0.70 |",
        f"| that with the style that does worst, {worst_style} | {worst_iou} | | |",
        f"| style given against style of the picture, cosine | {result['style_kept_mean_cosine']} "
        f"| {result['style_kept_worst_tenth']} | 0.80 |",
        f"| prompts that a probe sees | {result['prompts_right']} | | 0.80 |",
        "",
        "| aspect of the style | cosine |",
        "| --- | --- |",
        *(f"| {name} | {cosine} |" for name, cosine in result["style_kept_by_block"].items()),
        "",
        "| whose map | map read again, mean IoU | style, cosine |",
        "| --- | --- | --- |",
        *(
            f"| {group} | {iou} | {cosine} |"
            for group, (iou, cosine) in result["by_group_of_the_map"].items()
        ),
        "",
        "| prompt | right |",
        "| --- | --- |",
        *(f"| {answer['prompt']} | {answer['right']} |" for answer in result["prompts"]),
        "",
        "| what the probe tells apart | recall on true pictures of held-out heads |",
        "| --- | --- |",
        *(
            f"| {aspect}: {', '.join(names)} | {'' if right is None else f'{right:.2f}'} |"
            for aspect, rows in result["probe_recall"].items()
            for names, right in zip(RIVALS[aspect], rows, strict=True)
        ),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
