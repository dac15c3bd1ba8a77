"""A head with its face maps and anchors alone, for what needs no pictures: a third of the work.

Reading geometry off maps is learned from them (training.editing.map_heads).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.files import atomic_write
from inference.rendering.camera import Camera
from training.synthetic.anchors import AnchorBinding
from training.synthetic.assets import Assets
from training.synthetic.cameras import sample_cameras
from training.synthetic.dataset import anchor_arrays, stored_attributes
from training.synthetic.head import Head, make_head
from training.synthetic.pictures import AnchorTargets, Renderer


@dataclass(frozen=True)
class MappedHead:
    """A head and its maps.

    Attributes:
        head: what was drawn.
        maps: [V, S, S] FaRL classes.
        cameras: one a map.
        targets: its anchors.
    """

    head: Head
    maps: NDArray[np.uint8]
    cameras: tuple[Camera, ...]
    targets: AnchorTargets


def make_mapped_head(
    seed: int, assets: Assets, renderer: Renderer, binding: AnchorBinding, views: int
) -> MappedHead:
    """The head of this seed, its anchors, and maps from so many cameras.

    The first cameras are those of dataset.make_sample.
    """
    head = make_head(seed, assets)
    renderer.load(head)
    cameras = tuple(sample_cameras(np.random.default_rng([seed, 21]), views, renderer.size))
    maps = np.stack([renderer.draw_map(camera) for camera in cameras])
    return MappedHead(head, maps, cameras, binding.targets(head, renderer))


def save_mapped_head(made: MappedHead, path: Path, topology: str) -> None:
    """Write it as an npz with the keys of dataset.save_sample, but for rgb, alpha and captions.

    Args:
        made: what to write.
        path: where to.
        topology: id of the template whose anchors the targets belong to.
    """
    with atomic_write(path) as temporary:
        np.savez_compressed(
            temporary,
            label=made.maps,
            K=np.stack([camera.intrinsics for camera in made.cameras]),
            w2c=np.stack([camera.world_to_camera for camera in made.cameras]),
            **anchor_arrays(made.targets),
            attributes=json.dumps(stored_attributes(made.head, topology)),
        )
