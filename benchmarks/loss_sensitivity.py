"""What does the embedded loss see, layer by layer?

    python -m benchmarks.loss_sensitivity [--heads 8] [--out sensitivity.json] [--sheet FILE.png]

Synthetic heads with glasses and hair are damaged in ways that a person would mind (blurred,
blurred hair only, tinted, glasses gone, moved by 2 pixels) and changed in one that a person would
not: the same hairdo grown from other random numbers. For each layer of the shipped ViT-S/14 the
table gives the distance of every damage over the distance of the regrown hair: a good loss minds
the damages and not the other hair.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from inference.features.embedded import load_embedded_backbone
from inference.rendering.camera import orbit_camera
from training.losses.dino import DinoLoss, DinoLossConfig
from training.losses.pixels import L1Loss
from training.synthetic.assets import Assets
from training.synthetic.generate import load_assets
from training.synthetic.gl_renderer import HeadRenderer
from training.synthetic.glasses import make_glasses, sample_glasses
from training.synthetic.hair import Hairline, grow_strands
from training.synthetic.head import Head, make_head
from training.synthetic.wearer import Wearer

SIZE = 256
HAIR, WHITE = 14, 1.0
LAYERS = (2, 4, 5, 6, 7, 8, 9, 10, 11, 12)
Rgb = NDArray[np.float32]


def regrown(head: Head, assets: Assets, seed: int) -> Head:
    """The head with its hairdo from other random numbers."""
    strands = grow_strands(
        np.random.default_rng(seed),
        head.style,
        Hairline(0.0, 0.0),
        head.hair_tone,
        assets.surface,
        assets.rest,
        head.points,
        head.normals,
    )
    return replace(head, strands=strands)


def with_glasses(head: Head, assets: Assets) -> Head:
    """The head with clear glasses and nothing else that is worn."""
    look = sample_glasses(np.random.default_rng(head.seed), head.person.male)
    wearer = Wearer.of(assets, head.points, head.normals, head.vertices)
    return replace(head, accessories=make_glasses(replace(look, tint=None, opacity=0.06), wearer))


def blurred(picture: Rgb, sigma: float) -> Rgb:
    """Gaussian blur; sigma in pixels."""
    return cv2.GaussianBlur(picture, (0, 0), sigma).astype(np.float32)


def damages(renderer: HeadRenderer, head: Head, assets: Assets) -> dict[str, Rgb]:
    """The truth and its variants by name, [SIZE, SIZE, 3] over white."""
    yaw = float(np.random.default_rng(head.seed).uniform(-35, 35))
    camera = orbit_camera(yaw, 5.0, size=(SIZE, SIZE))

    def draw(which: Head) -> tuple[Rgb, NDArray[np.uint8]]:
        renderer.load(which)
        drawn = renderer.draw(camera)
        return np.clip(drawn.rgb + WHITE * (1 - drawn.alpha[..., None]), 0, 1), drawn.label

    truth, label = draw(with_glasses(regrown(head, assets, 1), assets))
    hair = blurred((label == HAIR).astype(np.float32), 1.0)[..., None]
    return {
        "truth": truth,
        "regrown hair": draw(with_glasses(regrown(head, assets, 2), assets))[0],
        "blurred hair": truth * (1 - hair) + blurred(truth, 2.0) * hair,
        "blurred": blurred(truth, 1.2),
        "no glasses": draw(regrown(head, assets, 1))[0],
        "tinted": np.clip(truth * np.array([1.06, 1.0, 0.94], np.float32), 0, 1),
        "moved 2 px": np.roll(truth, 2, axis=1),
    }


def measures() -> dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]]:
    """Every layer's cosine distance, and two pixel losses."""
    network = load_embedded_backbone()
    losses: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
        f"layer {layer}": DinoLoss(network, DinoLossConfig((layer,), image_size=252))
        for layer in LAYERS
    }
    return losses | {"L1": L1Loss(), "pyramid L1": L1Loss(levels=4)}


def main() -> int:
    """Print the table; write it and a sheet of the pictures where asked."""
    parser = argparse.ArgumentParser(description="What the embedded loss sees.")
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--wheel", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    assets = load_assets(options.wheel)
    losses = measures()
    sums: dict[str, dict[str, float]] = {name: {} for name in losses}
    rows: list[Rgb] = []
    seed = 900_000
    with HeadRenderer(assets, SIZE) as renderer, torch.inference_mode():
        while len(rows) < options.heads:
            head = make_head(seed, assets)
            seed += 1
            if head.strands is None:
                continue
            pictures = damages(renderer, replace(head, accessories=()), assets)
            rows.append(np.concatenate(list(pictures.values()), axis=1))
            truth = torch.from_numpy(pictures.pop("truth")).permute(2, 0, 1)[None]
            for change, picture in pictures.items():
                other = torch.from_numpy(picture).permute(2, 0, 1)[None]
                for name, loss in losses.items():
                    value = loss(other, truth).item() / options.heads
                    sums[name][change] = sums[name].get(change, 0.0) + value
    changes = list(next(iter(sums.values())))
    print(f"{'':12}" + "".join(f"{change:>14}" for change in changes))
    for name, values in sums.items():
        ratios = [values[change] / values["regrown hair"] for change in changes[1:]]
        print(f"{name:12}{values['regrown hair']:14.4f}" + "".join(f"{r:14.2f}" for r in ratios))
    if options.out:
        options.out.write_text(json.dumps(sums, indent=1))
    if options.sheet:
        sheet = (np.concatenate(rows)[..., ::-1] * 255).astype(np.uint8)
        cv2.imwrite(str(options.sheet), sheet)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
