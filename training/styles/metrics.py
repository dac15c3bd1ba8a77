"""How well pictures and prompts of heads that were never trained on find each other."""

import numpy as np
import torch

from inference.features.embedded_style import StyleSpace
from inference.features.sentence import SentenceNetwork
from inference.features.style_blocks import BLOCKS
from training.styles.data import TAGS, StyleData
from training.synthetic.prompts import compose


@torch.no_grad()
def retrieval(space: StyleSpace, data: StyleData, seed: int) -> dict[str, float]:
    """Accuracy by aspect: each picture takes the prompt that suits it best.

    The prompts name one tag each, in several wordings; right is a tag that the head has. "chance"
    is the mean over aspects of guessing the commonest tag.
    """
    rng = np.random.default_rng([seed, 5])
    network = SentenceNetwork()
    pictures = torch.cat(
        [
            space.image(data.features(np.arange(start, min(start + 256, len(data.head)))))
            for start in range(0, len(data.head), 256)
        ]
    )
    has = torch.from_numpy(data.has[data.head])
    found: dict[str, float] = {}
    chance = []
    for block in BLOCKS:
        there = [n for n, (a, _) in enumerate(TAGS) if a == block.name and data.has[:, n].any()]
        if not there:
            continue
        prompts = [[compose(rng, {block.name: TAGS[n][1]}).text for _ in range(6)] for n in there]
        vectors = torch.stack(
            [space.text.embed(torch.from_numpy(network.embed(p))).mean(0) for p in prompts]
        )[:, block.where]
        vectors = torch.nn.functional.normalize(vectors, dim=1)
        asked = has[:, there].any(1)
        best = (pictures[asked][:, block.where] @ vectors.T).argmax(1)
        right = has[asked][:, there].gather(1, best[:, None])
        found[block.name] = round(float(right.float().mean()), 3)
        chance.append(float(has[asked][:, there].float().mean(0).max()))
    found["mean"] = round(float(np.mean(list(found.values()))), 3)
    found["chance"] = round(float(np.mean(chance)), 3)
    return found
