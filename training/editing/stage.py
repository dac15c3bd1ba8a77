r"""Stage "anchors" of train_editing.py: the embedded editing model, without a renderer.

Synthetic heads share the template's topology, so what each anchor stands for, its place and its
colour are known exactly for every map and every style. A closed form comes first and is a usable
model; then decoder and encoder learn what it leaves open, on maps of one view and styles of
another, so that geometry cannot hide in the style.

    python -m training.train_editing --stage anchors --data HEADS --styles CACHE/train \
        --style-space STYLE/style_space.safetensors --init embedded.safetensors --out RUN

--styles is the folder of training.style_cache. With --closed-form WEIGHTS that of finished weights
is kept, but for how it reads maps: that these heads teach it, or, with --mend-reading, mend. With
--go-on-from WEIGHTS the geometry is read as these weights read it, and all the time goes to single
patches. --maps is a folder of more heads, without pictures (training.synthetic.generate --layout
maps): they teach geometry.
Writes RUN/editing.safetensors, and what --resume needs.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from inference.features.embedded_style import NAME, StyleSpace
from inference.features.style_blocks import WIDTH
from inference.head.template import HeadTemplate
from inference.model.checkpoint import CheckpointInfo, load_checkpoint, save_checkpoint
from inference.model.config import preset_config
from inference.model.editing import EditingModel, editing_config
from inference.model.reconstruction import ReconstructionModel
from training.editing.data import load_editing_heads, with_prompts
from training.editing.geometry import READING_BATCH
from training.editing.latents import latents_as_read, latents_of
from training.editing.map_heads import MapHeads, load_map_heads
from training.editing.start import start_branch
from training.editing.tints import TINT_BATCH
from training.runs.command_line import command_parser
from training.runs.log import RunLog
from training.runs.stage_state import add_budget_options

REACH = 0.2
"""Metres that an anchor of the editing model may go from the mean head: as far as any hair."""
AS_AT_FIRST = ("head.colour_start", "head.scale_start", "head.rotation_start")
"""Not written: colours are the branch's, and every model starts with this grey; the editor takes
places and colours and lays its own splats on them (inference.editing.discs)."""


def parse_options(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = command_parser("training.train_editing", __doc__)
    add = parser.add_argument
    add("--stage", choices=["anchors"], default="anchors", help="this one")
    add("--data", type=Path, required=True, help="the generator's training heads")
    add("--styles", type=Path, required=True, help="their style features")
    add("--style-space", type=Path, required=True, help="the trained style space")
    add("--init", type=Path, help="reconstruction weights that the decoder starts from")
    add("--closed-form", type=Path, help="editing weights whose closed form is kept")
    add("--go-on-from", type=Path, help="editing weights that patches are trained on top of")
    add("--mend-reading", action="store_true", help="these heads are new to the closed form")
    add("--maps", type=Path, help="a folder of more heads, without pictures")
    add("--map-views", type=int, default=3, help="maps of each head")
    add("--test-styles", type=Path, help="style features of heads of --data to measure on")
    add("--out", type=Path, required=True)
    add("--heads", type=int, help="use at most so many heads")
    add("--prompts", type=int, default=4000, help="that say what words mean")
    add_budget_options(parser, "of training after the closed form")
    add("--geometry", type=float, default=0.5, help="share of these for the geometry as a whole")
    add("--tints", type=float, default=0.2, help="share of these for palettes of styles")
    add("--batch", type=int, default=8, help="heads a step")
    add("--patches", type=int, default=256, help="of each head a step")
    add("--learning-rate", type=float, default=5e-4)
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=1, help="of torch")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train."""
    options = parse_options(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    log = RunLog(options.out)
    template = HeadTemplate.load()
    space = StyleSpace()
    load_checkpoint(options.style_space, space, space.config)
    views = options.map_views
    heads = load_editing_heads(options.data, options.styles, space.eval(), options.heads, views)
    log.say(f"{len(heads.positions)} heads, {len(heads.pose)} maps")

    preset = preset_config("embedded")
    config = editing_config(preset, NAME, WIDTH)
    model = EditingModel(config, torch.from_numpy(np.array(template.anchors)))
    if options.init:
        donor = ReconstructionModel(replace(preset), model.head.anchors, None)
        load_checkpoint(options.init, donor, preset)
        model.start_from(donor)
        log.say(f"decoder from {options.init.name}")
    assert model.branch is not None
    assert config.branch is not None
    earlier = ""
    keep = options.out / "sentences.npz"
    heads = with_prompts(heads, options.styles, space, options.prompts, options.seed, keep)
    log.say(f"{len(heads.prompts)} prompts")
    if options.go_on_from:
        earlier = load_checkpoint(options.go_on_from, model, config).trained_by + "; "
        options.geometry = 0.0
        log.say(f"everything of {options.go_on_from.name}")
    elif options.closed_form:
        finished = EditingModel(config, model.head.anchors)
        earlier = load_checkpoint(options.closed_form, finished, config).trained_by + "; "
        assert finished.branch is not None
        model.branch.load_state_dict(finished.branch.state_dict())
        mean = (finished.head.anchors + finished.head.start).numpy()
        log.say(f"closed form of {options.closed_form.name}")
        _quieten(model, mean)
    else:
        _quieten(model, start_branch(model.branch, config.branch, heads, template, log.say))
    mapped: MapHeads = heads
    if options.maps:
        more = load_map_heads(sorted(options.maps.glob("head_*.npz")), views)
        mapped = heads.followed_by(more)
    log.say(f"{len(mapped.names)} heads with {len(mapped.maps)} maps")
    spread = mapped.spread()
    if options.go_on_from:
        latents = latents_as_read(model.branch, mapped, template, spread)
    else:
        latents = latents_of(model.branch, mapped, template, spread, options.mend_reading)
        log.say("maps are read as these heads teach it")

    def export(trained: EditingModel, reading: int, tints: int, patches: int) -> None:
        info = CheckpointInfo(
            preset=config.name,
            embedding_widths={NAME: WIDTH},
            template_id=template.template_id,
            trained_by=f"{earlier}training.train_editing, stage anchors, {len(mapped.names)} "
            f"synthetic heads, {reading} steps of {READING_BATCH} maps, {tints} of {TINT_BATCH} "
            f"styles, {patches} of {options.batch} heads",
            licence="Apache-2.0",
        )
        path = options.out / "editing.safetensors"
        left_out = (*trained.silent_parts, *AS_AT_FIRST)
        save_checkpoint(path, trained, config, info, torch.float16, left_out)

    export(model, 0, 0, 0)
    if options.steps == 0:
        return
    from training.editing.trainer import train

    test = None
    if options.test_styles:
        test = load_editing_heads(options.data, options.test_styles, space)
    train(model, heads, mapped, latents, test, template, options, log, export)


def _quieten(model: EditingModel, mean: np.ndarray) -> None:
    """Let the decoder add nothing at first, however different its new tokens are."""
    head, branch = model.head, model.branch
    assert branch is not None
    with torch.no_grad():
        head.start.copy_(torch.from_numpy(mean).reshape(head.anchors.shape) - head.anchors)
        head.reach.fill_(REACH)
        head.colour_start.fill_(0.5)
        for layer in (head.position, head.colour, branch.refine):
            layer.weight.zero_()
            layer.bias.zero_()
