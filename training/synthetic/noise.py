"""Tileable 3D noise for procedural textures."""

import numpy as np
from numpy.typing import NDArray


def noise_volume(size: int = 64, seed: int = 0) -> NDArray[np.uint8]:
    """A periodic volume [size, size, size, 4]: one channel of blobs, three of clouds.

    Band-limited Gaussian noise shaped in the frequency domain; mean 127, standard deviation 43.
    """
    rng = np.random.default_rng(seed)
    k = np.fft.fftfreq(size) * size
    radius = np.sqrt(k[:, None, None] ** 2 + k[None, :, None] ** 2 + k[None, None, :] ** 2)
    channels = []
    for low, high, power in ((2, 7, 0.0), (2, 28, 1.3), (2, 28, 1.3), (2, 28, 1.3)):
        shape = ((radius >= low) & (radius <= high)) / np.maximum(radius, 1) ** power
        field = np.fft.ifftn(np.fft.fftn(rng.normal(size=(size, size, size))) * shape).real
        channels.append(np.clip(0.5 + 0.17 * field / field.std(), 0, 1))
    return np.ascontiguousarray((np.stack(channels, -1) * 255).astype(np.uint8))
