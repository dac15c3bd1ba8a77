"""Find MediaPipe's 468 landmarks on the template by looking at synthetic portraits.

    python -m training.synthetic.lift_landmarks --seeds 20000:20200

finds faces and landmarks in them as the program does and writes training/template/landmarks.csv,
from which training.template.build takes them. Each landmark becomes the anchor that lies nearest
to where it was found, over people, expressions and views, which tell its depth; both sides alike.
Run again only when the landmark network, the head mesh or the generator's faces change.
"""

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from inference.fitting.evidence.landmark_groups import LOWER_LIP, UPPER_LIP
from inference.fitting.shape.camera import facing_weight
from inference.head.template import LANDMARKS, HeadTemplate
from inference.portrait.prepare import PortraitPreparer
from inference.portrait.types import LoadedImage
from inference.rendering.camera import orbit_angles
from training.runs.command_line import command_parser, exit_status
from training.synthetic.anchors import AnchorBinding
from training.synthetic.assets import Assets
from training.synthetic.dataset import Sample, View, make_sample
from training.synthetic.generate import add_asset_options, chosen_assets, parse_seeds
from training.synthetic.render import open_renderer
from training.template.build import compute
from training.template.labels import Label, Part
from training.template.landmarks import LANDMARK_FILE, write_landmarks

Array = NDArray[np.float64]
Int = NDArray[np.int64]

SIZE, VIEWS = 280, 4
"""Edge of the portraits in pixels, and how many of each person."""

WIDEST_YAW = 45.0
"""Degrees; beyond, the far half of a face is a guess of the network's (our choice)."""

REACH = 0.016
"""Metres on the template from a landmark's place so far within which it is sought (our choice)."""

SHARP = 0.01
"""Share of the face's size beyond which an error counts linearly (our choice)."""

LEAST_FACING = 0.3
"""A landmark that may be hidden by the face itself tells nothing (our choice)."""


@dataclass(frozen=True)
class Sighting:
    """One portrait's landmarks, and where its head's anchors lie in the same picture.

    Attributes:
        landmarks: [468, 2] found, shares of the face's size.
        anchors: [N, 2] true, likewise.
        trust: [468] 0..1, how surely the face does not hide each landmark.
    """

    landmarks: Array
    anchors: Array
    trust: Array


def sightings(
    samples: Iterator[Sample], preparer: PortraitPreparer, landmark_anchors: Int
) -> Iterator[Sighting]:
    """Landmarks of those portraits in which the program finds a face."""
    for sample in samples:
        places = sample.targets.positions.astype(np.float64)
        for view in sample.views:
            yaw, _ = orbit_angles(view.camera.position)
            if abs(yaw) <= WIDEST_YAW:
                found = _sighting(view, places, preparer, landmark_anchors)
                if found is not None:
                    yield found


def _sighting(
    view: View, places: Array, preparer: PortraitPreparer, landmark_anchors: Int
) -> Sighting | None:
    picture = LoadedImage((view.rgb / 255).astype(np.float32), None, "synthetic")
    faces = preparer.detect(picture)
    if not faces:
        return None
    portrait = preparer.prepare(picture, preparer.suggest_crop(picture, faces[0]))
    if portrait.landmarks is None:
        return None
    pixels = portrait.crop.to_crop(view.camera.project(places)[0], portrait.size)
    face = float(np.ptp(pixels[landmark_anchors], axis=0).max())
    trust = facing_weight(places[landmark_anchors], view.camera)
    return Sighting(portrait.landmarks.points / face, pixels / face, trust)


class LandmarkSearch:
    """Adds up how far each landmark is from each anchor that it could be.

    Args:
        template: anchors, mirror and the landmarks' places so far.
        usable: [N] anchors on which a landmark may lie: visible skin.
    """

    def __init__(self, template: HeadTemplate, usable: NDArray[np.bool_]) -> None:
        self._template = template
        start = template.anchors[template.landmark_anchors]
        allowed = [usable] * LANDMARKS
        # An open mouth would pull a lip's landmarks over the teeth, were they the other lip's.
        for label, group in ((Label.LOWER_LIP, LOWER_LIP), (Label.UPPER_LIP, UPPER_LIP)):
            for landmark in group:
                allowed[landmark] = usable & (template.labels == label)
        near = cKDTree(template.anchors).query_ball_point(start, REACH, return_sorted=True)
        chosen = [np.array(n)[a[n]] for n, a in zip(near, allowed, strict=True)]
        self._anchors = np.concatenate(chosen).astype(np.int64)
        self._landmarks = np.repeat(np.arange(LANDMARKS), [len(c) for c in chosen])
        self._loss = np.zeros(len(self._anchors))
        self._partner = cKDTree(start).query(start * [-1, 1, 1])[1]

    def add(self, sighting: Sighting) -> None:
        """Take one portrait into account."""
        off = sighting.anchors[self._anchors] - sighting.landmarks[self._landmarks]
        loss = np.sqrt(1 + (off**2).sum(1) / SHARP**2) - 1
        trust = np.where(sighting.trust > LEAST_FACING, sighting.trust, 0)
        self._loss += trust[self._landmarks] * loss

    def best(self) -> Int:
        """The anchor of each landmark, [468]; those of both sides are mirror images."""
        count = len(self._template.anchors)
        keys = self._landmarks * count + self._anchors
        mirrored = self._partner[self._landmarks] * count + self._template.mirror[self._anchors]
        place = np.searchsorted(keys, mirrored).clip(max=len(keys) - 1)
        there = np.where(keys[place] == mirrored, self._loss[place], np.inf)
        mutual = self._partner[self._partner] == np.arange(LANDMARKS)
        total = self._loss + np.where(mutual[self._landmarks], there, 0)
        order = np.lexsort((total, self._landmarks))
        firsts = np.searchsorted(self._landmarks[order], np.arange(LANDMARKS))
        return self._anchors[order[firsts]]


def lift(assets: Assets, seeds: range, template: HeadTemplate) -> tuple[Int, int]:
    """The anchor of each landmark [468], and how many portraits told it."""
    skin = (assets.anchors.parts == Part.SKIN) & (assets.anchors.labels != Label.HAIR)
    search, count = LandmarkSearch(template, skin), 0
    preparer, binding = PortraitPreparer(template), AnchorBinding(assets)
    with open_renderer(assets, SIZE) as renderer:
        samples = (make_sample(seed, assets, renderer, binding, VIEWS) for seed in seeds)
        for sighting in sightings(samples, preparer, template.landmark_anchors.astype(np.int64)):
            search.add(sighting)
            count += 1
    return search.best(), count


def run(options: argparse.Namespace) -> int:
    """Write landmarks.csv; returns the exit status."""
    assets, template = chosen_assets(options), HeadTemplate.load()
    anchors, count = lift(assets, parse_seeds(options.seeds), template)
    write_landmarks(anchors, compute(assets.mesh).samples, options.out)
    places = template.anchors[np.stack([anchors, template.landmark_anchors])]
    moved = np.linalg.norm(places[0] - places[1], axis=1) * 1e3
    print(f"{count} portraits; moved by {np.median(moved):.1f} mm, at most {moved.max():.1f}")
    return 0


def main() -> int:
    """Entry point; 2 for something the user can mend."""
    parser = command_parser("training.synthetic.lift_landmarks", __doc__)
    parser.add_argument("--seeds", default="20000:20200", help="A:B, without B")
    parser.add_argument("--out", type=Path, default=LANDMARK_FILE)
    add_asset_options(parser)
    return exit_status(lambda: run(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
