"""Makes a clean input picture look like a photograph, as the anchors stage does.

Only what the model reads is disturbed: background, crop, optics, compression, matte. Gain and
gamma of the light go to the targets too: a darker picture means a darker head.
"""

from dataclasses import replace

import numpy as np

from training.data.sample import TrainingSample, TrainingView
from training.pictures.augment import AugmentConfig, apply_light, augment_view

# A mirrored head would need mirrored cameras; the two sides of a face are alike enough.
PHOTOGRAPH = AugmentConfig(mirror=0.0)


def photograph(sample: TrainingSample, rng: np.random.Generator) -> TrainingSample:
    """The sample with another input picture, and its targets in the same light.

    The input's label map stays as it was and no longer fits; its camera neither, which nobody
    reads.
    """
    seen = sample.input
    rgb, alpha = ((x * 255 + 0.5).astype(np.uint8) for x in (seen.rgb, seen.alpha))
    view = augment_view(rgb, alpha, rng, PHOTOGRAPH)
    picture = np.multiply(view.image, 1 / 255, dtype=np.float32)
    lit = TrainingView(picture, view.alpha.astype(np.float32), seen.camera)
    targets = tuple(
        replace(target, rgb=apply_light(target.rgb, view.light)) for target in sample.targets
    )
    return replace(sample, input=lit, targets=targets)
