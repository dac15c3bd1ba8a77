r"""Fit an editing model to a style space that was trained anew.

    python -m training.refit_palette --styles CACHE/train --editing editing.safetensors \
        --style-space RUN/style_space.safetensors --out RUN/editing.safetensors

Only the palette of the model's closed form reads a style (training.editing.style_palette): places
and kinds of the anchors stay as they are. Beards are confined to where they grow
(training.editing.beard_region), once: --editing is a model of train_editing, not one that this
wrote.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from inference.features.embedded_style import NAME, StyleSpace
from inference.features.style_blocks import WIDTH
from inference.head.template import HeadTemplate
from inference.model.checkpoint import load_checkpoint, save_checkpoint
from inference.model.config import preset_config
from inference.model.editing import EditingModel, editing_config
from training.editing.beard_region import beard_region, confine_beards
from training.editing.stage import AS_AT_FIRST
from training.editing.style_palette import (
    PaletteExamples,
    fit_palette,
    palette_numbers,
    usual_palette,
)
from training.runs.command_line import command_parser
from training.styles.data import StyleData, prompt_styles


@torch.no_grad()
def palette_examples(
    folder: Path, space: StyleSpace, prompts: int, seed: int, keep: Path
) -> PaletteExamples:
    """Palettes and styles of all heads of a folder of training.style_cache.

    Args:
        folder: that folder.
        space: gives style vectors.
        prompts: how many, that are true of the heads.
        seed: decides which.
        keep: where sentence vectors are kept by text.
    """
    palettes = []
    for path in sorted(folder.glob("head_*.npz")):
        with np.load(path, allow_pickle=False) as stored:
            attributes = json.loads(str(stored["attributes"]))
            palettes.append(palette_numbers(stored["palette"], attributes))
    data = StyleData.load(folder)
    views = np.arange(len(data.head))
    vectors = [
        space.image(data.features(part)).numpy()
        for part in np.array_split(views, max(1, len(views) // 256))
    ]
    told, heads = prompt_styles(data, space, prompts, seed, keep)
    return PaletteExamples(
        np.stack(palettes),
        np.concatenate(vectors),
        data.head,
        told,
        heads,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit and write."""
    parser = command_parser("training.refit_palette", __doc__)
    add = parser.add_argument
    add("--styles", type=Path, required=True, help="style features of training heads")
    add("--style-space", type=Path, required=True, help="the trained style space")
    add("--editing", type=Path, required=True, help="the editing model")
    add("--out", type=Path, required=True, help="the model to write")
    add("--prompts", type=int, default=3000, help="that say what words mean")
    add("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    space = StyleSpace()
    load_checkpoint(options.style_space, space, space.config)
    config = editing_config(preset_config("embedded"), NAME, WIDTH)
    template = HeadTemplate.load()
    model = EditingModel(config, torch.from_numpy(np.array(template.anchors)))
    info = load_checkpoint(options.editing, model, config)
    assert model.branch is not None
    keep = options.out.with_name("sentences.npz")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    found = palette_examples(options.styles, space.eval(), options.prompts, options.seed, keep)
    fit_palette(model.branch, found, print)
    assert config.branch is not None
    usual = usual_palette(found.palette)
    confine_beards(model.branch, config.branch, beard_region(template), usual)
    trained_by = f"{info.trained_by}; palette: training.refit_palette, {len(found.palette)} heads"
    info = replace(info, trained_by=trained_by)
    left_out = (*model.silent_parts, *AS_AT_FIRST)
    save_checkpoint(options.out, model, config, info, torch.float16, left_out)


if __name__ == "__main__":
    main()
