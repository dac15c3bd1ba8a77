"""The photograph's look on a head that has its shape: edges, kinds of anchors, colours."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.fitting.colour.along_edges import EdgeConfig, draw_out_along_edges
from inference.fitting.colour.before_cheeks import without_what_hangs_before
from inference.fitting.colour.colours import ColourConfig, HeadSides, solve_colours
from inference.fitting.colour.monochrome import toned, tones_of
from inference.fitting.colour.rim_outliers import without_rim_outliers
from inference.fitting.colour.unseen import complete
from inference.fitting.evidence.beyond import Photograph
from inference.fitting.evidence.kinds import Kinds, skin_on
from inference.fitting.evidence.neighbourhood import laplacian
from inference.fitting.evidence.trust import (
    TrustConfig,
    View,
    detail_seen,
    facing_camera,
    pixel_weight,
    seen_at,
)
from inference.fitting.solvers.blending import Blending, blend
from inference.head.gaussians import GAUSSIANS_PER_PATCH, FloatArray, Gaussians
from inference.head.template import HeadTemplate
from inference.progress import CancelToken, Progress
from inference.rendering.camera import Camera


@dataclass(frozen=True)
class AppearanceConfig:
    """How a head takes on the photograph's look; all values are our choice.

    Attributes:
        edges: of how Gaussians are drawn out along them.
        colours: of the colour solve.
        trust: how far the photograph is believed.
    """

    edges: EdgeConfig = field(default_factory=EdgeConfig)
    colours: ColourConfig = field(default_factory=ColourConfig)
    trust: TrustConfig = field(default_factory=TrustConfig)


def fit_colours(
    gaussians: Gaussians,
    camera: Camera,
    photograph: Photograph,
    template: HeadTemplate,
    covered: NDArray[np.bool_],  # [N]
    bald: NDArray[np.bool_] | None,  # [N]
    config: AppearanceConfig,
    progress: Progress,
    cancel: CancelToken,
) -> tuple[Gaussians, Blending]:
    """The head in the photograph's colours, and how it is drawn at the photograph's camera.

    Args:
        gaussians: the head in its shape.
        camera: of the photograph.
        photograph: crop, matte and face map.
        template: labels, mirror, normals and neighbours of the anchors.
        covered: ears under hair.
        bald: scalp without hair, None where nobody can tell.
        config: see AppearanceConfig.
        progress: told on the way.
        cancel: checked at least every 100 ms.
    """
    portrait = photograph.portrait
    view = View.of(gaussians, camera, portrait, template)
    cancel.check()
    gaussians = draw_out_along_edges(
        gaussians, camera, portrait.image, view, template, config.edges
    )
    cancel.check()
    blending = blend(gaussians, camera, cancel)
    cancel.check()
    facing = facing_camera(view, template, config.trust)
    weight = pixel_weight(blending, facing, portrait, config.trust)
    if photograph.inside is not None:
        weight *= photograph.inside
    cancel.check()
    gaussians, kinds = _kinds(gaussians, camera, photograph, template, facing, covered, bald)
    cancel.check()
    weight = without_rim_outliers(weight, portrait.image, portrait.alpha, blending, kinds)
    weight = without_what_hangs_before(weight, portrait.image, blending, view, template)
    cancel.check()
    graph = laplacian(template.neighbours, kinds.labels, gaussians.colours)
    patches = np.arange(len(gaussians)) // GAUSSIANS_PER_PATCH
    sides = HeadSides(kinds, template.mirror, patches, graph)
    progress("Fitting the colours", 0.3)
    cancel.check()
    colours = solve_colours(
        blending, portrait.image, weight, facing, gaussians.colours, sides, config.colours, cancel
    )
    cancel.check()
    seen = blending.seen(weight) * (512 / portrait.size) ** 2
    clear = detail_seen(view, seen, template, config.trust)
    sure = facing * np.clip(seen, 0, 1)
    colours = complete(colours, gaussians.colours, clear, sure, view, kinds, template, cancel)
    curve = tones_of(portrait.image, photograph.person)
    if curve is not None:
        colours = toned(colours, curve)
    return gaussians.with_colours(colours), blending


def _kinds(
    gaussians: Gaussians,
    camera: Camera,
    photograph: Photograph,
    template: HeadTemplate,
    facing: FloatArray,  # [N] 0..1
    covered: NDArray[np.bool_],  # [N]
    bald: NDArray[np.bool_] | None,  # [N]
) -> tuple[Gaussians, Kinds]:
    """What the anchors are made of, and the head with skin on a bald scalp."""
    hair, cloth, inside = photograph.regions.hair, photograph.regions.cloth, photograph.inside
    photographed = None if hair is None else seen_at(gaussians, camera, hair)
    dressed = None if cloth is None else seen_at(gaussians, camera, cloth)
    sight = facing if inside is None else facing * seen_at(gaussians, camera, inside)
    kinds = Kinds.of(template, gaussians.colours, photographed, dressed, sight, bald, covered)
    if bald is not None:
        gaussians = gaussians.with_colours(skin_on(bald, gaussians.colours, template))
    return gaussians, kinds
