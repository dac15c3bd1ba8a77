r"""Train the embedded style space: pictures and words of synthetic heads in one space.

    python -m training.style_cache --data HEADS --out CACHE/train
    python -m training.style_cache --data HELD_OUT_HEADS --out CACHE/test --plain
    python -m training.train_style --cache CACHE/train --test CACHE/test --out RUN --minutes 15

Pictures and prompts meet contrastively: a prompt that names some aspects is right for every head
that it is true of, so the loss is that of SigLIP (https://arxiv.org/abs/2303.15343) with several
positives a row. And a head whose map is another's shall look like the one whose style it has, so
that geometry does not hide in a style (paper, section 3.4). Writes RUN/style_space.safetensors and
RUN/log.jsonl.
"""

import copy
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from inference.features.embedded_style import NAME, StyleSpace, StyleSpaceConfig
from inference.features.style_blocks import WIDTH
from inference.model.checkpoint import CheckpointInfo, save_checkpoint
from training.runs.averaging import follow
from training.runs.command_line import command_parser
from training.runs.log import RunLog
from training.runs.schedule import warm_cosine
from training.styles.data import StyleData, disturbed, draw_batch, sentence_table
from training.styles.loss import StyleLoss
from training.styles.metrics import retrieval


def main(arguments: Sequence[str] | None = None) -> None:
    """Train."""
    parser = command_parser("training.train_style", __doc__)
    add = parser.add_argument
    add("--cache", type=Path, required=True, help="features of training heads")
    add("--edited", type=Path, help="features of edits of those heads")
    add("--test", type=Path, help="features of heads that are never trained on")
    add("--out", type=Path, required=True)
    add("--minutes", type=float, default=15.0)
    add("--steps", type=int, help="steps instead of minutes")
    add("--prompts", type=int, default=24000, help="different prompts")
    add("--batch", type=int, default=96, help="pictures a step, and as many prompts")
    add("--learning-rate", type=float, default=1.5e-3)
    add("--noise", type=float, default=0.3, help="on the features, in their spreads")
    add("--seed", type=int, default=0)
    add("--threads", type=int, default=1, help="of torch")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    log = RunLog(options.out, every=500)
    data = StyleData.load(options.cache)
    if options.edited:
        data = data.joined(StyleData.load(options.edited))
    test = StyleData.load(options.test) if options.test else None
    rng = np.random.default_rng(options.seed)
    prompts = sentence_table(data, options.prompts, rng, options.out / "sentences.npz")
    log.say(f"{len(data.tags)} heads, {len(data.head)} views, {len(prompts.prompts)} prompts")

    wearers = data.wearers()
    config = StyleSpaceConfig()
    space = StyleSpace(config)
    data.standardise(space.image)
    loss = StyleLoss(data)
    parameters = [*space.parameters(), *loss.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=options.learning_rate, weight_decay=0.15)
    average = copy.deepcopy(space)
    began, step = time.monotonic(), 0
    while True:
        spent = time.monotonic() - began
        done = step / options.steps if options.steps else spent / (options.minutes * 60)
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = options.learning_rate * warm_cosine(step, done, 200)
        batch = draw_batch(data, wearers, prompts, options.batch, rng)
        batch = disturbed(batch, space.image, options.noise)
        terms = loss(space.train(), batch)
        optimiser.zero_grad(set_to_none=True)
        terms["total"].backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        follow(average, space, step, least=0.003)
        step += 1
        log.step(step, options.batch, spent, {k: float(v.detach()) for k, v in terms.items()})
        if step % 2000 == 0:
            log.say(json.dumps(retrieval(average.eval(), test or data, options.seed)))
    found = retrieval(average.eval(), test or data, options.seed)
    log.say(json.dumps(found))
    info = CheckpointInfo(
        preset=NAME,
        embedding_widths={NAME: WIDTH},
        template_id="none",
        trained_by=f"training.train_style, {len(data.tags)} synthetic heads, {step} steps",
        licence="Apache-2.0",
    )
    save_checkpoint(options.out / "style_space.safetensors", average, config, info, torch.float16)


if __name__ == "__main__":
    main()
