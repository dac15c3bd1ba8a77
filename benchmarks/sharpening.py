"""What sharpening a picture costs: seconds on one core, by the shape of the CNN.

    python -m benchmarks.sharpening [--size 512] [--repeat 9]

Processor time, so that other programs disturb little. The weights do not matter for it, so they
are random. `bleed` is what goes before: the head's colours beyond its silhouette.
"""

import argparse
import statistics
from collections.abc import Callable
from time import thread_time

import numpy as np
import torch

from inference.model.config import SharpeningConfig
from inference.model.picture_sharpener import CnnSharpener
from inference.model.sharpening import Sharpening
from inference.rendering.alpha_bleeding import bleed
from training.config import SHARPENING

_TRAINED = SHARPENING["embedded"]
SHAPES = {
    "embedded": SharpeningConfig(
        _TRAINED.width, _TRAINED.levels, _TRAINED.blur_sigma, _TRAINED.fold
    ),
    "width 16, 2 levels, fold 2": SharpeningConfig(16, 2, fold=2),
    "width 24, 2 levels, fold 4": SharpeningConfig(24, 2, fold=4),
    "width 16, 3 levels, fold 1": SharpeningConfig(16, 3),
    "paper": SharpeningConfig(),
}


def _time(name: str, work: Callable[[], object], repeat: int) -> None:
    work()
    seconds = []
    for _ in range(repeat):
        started = thread_time()
        work()
        seconds.append(thread_time() - started)
    middle = statistics.median(seconds)
    print(f"{name:<28}{1000 * min(seconds):>9.0f} ms{1000 * middle:>9.0f} ms", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=512, help="edge of the picture in pixels")
    parser.add_argument("--repeat", type=int, default=9)
    options = parser.parse_args()
    torch.set_num_threads(1)
    y, x = np.mgrid[: options.size, : options.size] / options.size - 0.5
    alpha = np.clip(40 * (0.4 - np.hypot(x, y)), 0, 1).astype(np.float32)
    colour = np.random.default_rng(0).random((options.size, options.size, 3), np.float32)
    colour *= alpha[..., None]
    print(f"{'':<28}{'least':>12}{'median':>12}")
    _time("bleed", lambda: bleed(colour, alpha), options.repeat)
    for name, shape in SHAPES.items():
        sharpener = CnnSharpener(Sharpening(shape).eval())
        _time(name, lambda sharpener=sharpener: sharpener(colour), options.repeat)


if __name__ == "__main__":
    main()
