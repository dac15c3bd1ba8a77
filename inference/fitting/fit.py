"""Make the network's head agree with the photograph: camera, shape, colours."""

from dataclasses import dataclass, field, replace

import numpy as np
from threadpoolctl import threadpool_limits

from inference.fitting.appearance import AppearanceConfig, fit_colours
from inference.fitting.evidence.beyond import carry_beyond
from inference.fitting.evidence.regions import Regions
from inference.fitting.evidence.strangers import without_strangers
from inference.fitting.hair.haircut import cut_hair
from inference.fitting.hair.hairline import bare_scalp, lay_down
from inference.fitting.hair.hanging_hair import as_worn, hanging_hair, hangs_long
from inference.fitting.shape.camera import fit_camera, frontal_camera
from inference.fitting.shape.covered_ears import covered_ears, lay_ears_down
from inference.fitting.shape.ear_places import free_ears
from inference.fitting.shape.geometry import ShapeConfig, fit_shape
from inference.fitting.shape.morphs import MorphConfig, Morphs, fit_morphs
from inference.fitting.shape.teeth import lower_upper_teeth
from inference.fitting.solvers.blending import Blending, blend
from inference.head.between import gaussians_between
from inference.head.gaussians import FloatArray, Gaussians
from inference.head.rig import Rig
from inference.head.template import HeadTemplate
from inference.portrait.types import PreparedPortrait
from inference.progress import CancelToken, Progress, no_progress
from inference.rendering.camera import Camera


@dataclass(frozen=True)
class FitConfig:
    """How a head is fitted; all values are our choice.

    Attributes:
        morphs: of the rig's morphs.
        shape: of the smooth moves after them.
        appearance: of colours and edges.
    """

    morphs: MorphConfig = field(default_factory=MorphConfig)
    shape: ShapeConfig = field(default_factory=ShapeConfig)
    appearance: AppearanceConfig = field(default_factory=AppearanceConfig)


@dataclass(frozen=True)
class FitResult:
    """A head that agrees with its photograph.

    Attributes:
        gaussians: the fitted head.
        camera: the photograph's camera, at the size of the crop.
        psnr: decibels over the foreground at that camera.
        psnr_before: the same before the fit.
        landmark_px: median landmark distance that the camera alone left, pixels.
        yaw: of the camera around the head, degrees.
    """

    gaussians: Gaussians
    camera: Camera
    psnr: float
    psnr_before: float
    landmark_px: float
    yaw: float


def prepare_morphs(template: HeadTemplate, config: FitConfig | None = None) -> Morphs | None:
    """Read the rig for a template; None where it does not move that template's points."""
    rig = Rig.load()
    if rig.topology != template.topology:
        return None
    with threadpool_limits(1, user_api="blas"):
        return Morphs.of(rig, template, (config or FitConfig()).morphs)


def fit_head(
    gaussians: Gaussians,
    portrait: PreparedPortrait,
    template: HeadTemplate,
    *,
    morphs: Morphs | None = None,
    strength: float = 1.0,
    config: FitConfig | None = None,
    regions: Regions | None = None,
    covered: FloatArray | None = None,  # [N] 0..1
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> FitResult:
    """Fit a head to its photograph.

    Without landmarks nothing can be aligned: the head keeps its shape, is seen from the
    front and takes over the foreground's overall colour.

    Args:
        gaussians: the network's head, index i on template anchor i.
        portrait: crop, matte and landmarks.
        template: labels, mirror, normals and neighbours of the anchors.
        morphs: of prepare_morphs, once for many heads; without them only smooth moves
            shape the head.
        strength: 0 leaves the head untouched, 1 fits in full; between, it interpolates.
        config: see FitConfig.
        regions: what the crop's face map shows.
        covered: how far the network put each anchor on what hides it; None if it does not tell.
        progress: told the stages "Finding the camera", "Fitting the shape" and
            "Fitting the colours".
        cancel: checked at least every 100 ms.

    Raises:
        Cancelled: the token was set.
    """
    # The matrices are small: BLAS threads would only wait for each other.
    with threadpool_limits(1, user_api="blas"):
        return _fit_head(
            gaussians,
            portrait,
            template,
            morphs,
            strength,
            config or FitConfig(),
            regions or Regions(),
            covered,
            progress,
            cancel or CancelToken(),
        )


def _fit_head(
    gaussians: Gaussians,
    portrait: PreparedPortrait,
    template: HeadTemplate,
    morphs: Morphs | None,
    strength: float,
    config: FitConfig,
    regions: Regions,
    covered: FloatArray | None,  # [N]
    progress: Progress,
    cancel: CancelToken,
) -> FitResult:
    cancel.check()
    progress("Finding the camera", 0.0)
    portrait = without_strangers(portrait, regions)
    photograph = carry_beyond(portrait, regions)
    regions, landmarks = photograph.regions, portrait.landmarks
    found = (
        frontal_camera(portrait.size)
        if landmarks is None
        else fit_camera(landmarks, gaussians.means[template.landmark_anchors], portrait.size)
    )
    progress("Finding the camera", 1.0)
    cancel.check()
    camera = found.camera
    before = blend(gaussians, camera, cancel)
    cancel.check()
    psnr_before = foreground_psnr(before, gaussians.colours, portrait)
    cancel.check()
    fitted, drawn = gaussians, before
    if landmarks is None:
        fitted = match_overall_colour(gaussians, before, portrait)
    elif strength > 0:
        progress("Fitting the shape", 0.0)
        if morphs is not None:
            anchors = gaussians.means[template.landmark_anchors]
            camera, deviations = fit_morphs(landmarks, anchors, camera, morphs, config.morphs)
            cancel.check()
            moves = morphs.moves(deviations)
            fitted = replace(gaussians, means=gaussians.means + moves)
            cancel.check()
        fitted = lay_down(fitted, template, camera, regions.hair)
        cancel.check()
        matte = photograph.portrait.alpha
        worn, long = template, False
        if covered is not None:
            hanging = hanging_hair(before, covered, template, camera, regions, matte)
            worn, long = as_worn(template, hanging), hangs_long(hanging)
            cancel.check()
        seen_ears = regions
        if regions.ears is not None and regions.hair is not None:
            free = free_ears(regions.ears, regions.hair, camera)
            photograph = replace(photograph, regions=replace(regions, ears=free))
            regions = photograph.regions
            cancel.check()
        fitted = cut_hair(fitted, template, camera, regions, matte, cancel, long=long)
        cancel.check()
        hidden_ears = covered_ears(fitted, template, camera, seen_ears)
        fitted = lay_ears_down(fitted, hidden_ears, template)
        cancel.check()
        fitted = fit_shape(
            fitted, camera, landmarks, worn, photograph, config.shape, progress, cancel
        )
        cancel.check()
        fitted = lower_upper_teeth(fitted, template, camera, portrait.image, regions.mouth)
        cancel.check()
        progress("Fitting the colours", 0.0)
        hair = regions.hair
        bald = None if hair is None else bare_scalp(fitted, template, camera, hair)
        fitted, drawn = fit_colours(
            fitted,
            camera,
            photograph,
            worn,
            hidden_ears,
            bald,
            config.appearance,
            progress,
            cancel,
        )
    fitted = gaussians_between(gaussians, fitted, strength)
    cancel.check()
    if landmarks is not None and 0 < strength < 1:  # else its shape has been drawn already
        drawn = blend(fitted, camera, cancel)
        cancel.check()
    psnr = foreground_psnr(drawn, fitted.colours, portrait)
    progress("Fitting the colours", 1.0)
    return FitResult(fitted, camera, psnr, psnr_before, found.residual_px, found.yaw)


def foreground_psnr(blending: Blending, colours: FloatArray, portrait: PreparedPortrait) -> float:
    """PSNR in dB over the photograph's foreground, both over white."""
    foreground = portrait.alpha > 0.5
    if not foreground.any():
        return 0.0
    picture = blending.picture(colours) + (1 - blending.alpha)[..., None]
    matte = portrait.alpha[..., None]
    target = portrait.image * matte + (1 - matte)
    error = ((np.clip(picture, 0, 1) - target)[foreground] ** 2).mean()
    return float(-10 * np.log10(max(float(error), 1e-10)))


def match_overall_colour(
    gaussians: Gaussians, blending: Blending, portrait: PreparedPortrait
) -> Gaussians:
    """Give the head the mean and, in part, the contrast of the photograph's foreground."""
    weight = (portrait.alpha * blending.alpha).reshape(-1, 1)
    total = max(float(weight.sum()), 1e-6)
    drawn = blending.picture(gaussians.colours).reshape(-1, 3)
    drawn = (drawn / np.maximum(blending.alpha.reshape(-1, 1), 1e-3)).astype(np.float32)
    image = portrait.image.reshape(-1, 3)
    mean_out, mean_in = (weight * image).sum(0) / total, (weight * drawn).sum(0) / total
    std_out = np.sqrt((weight * (image - mean_out) ** 2).sum(0) / total)
    std_in = np.sqrt((weight * (drawn - mean_in) ** 2).sum(0) / total)
    gain = np.clip(std_out / np.maximum(std_in, 1e-3), 0.7, 1.4)
    colours = (gaussians.colours - mean_in) * gain + mean_out
    return gaussians.with_colours(np.clip(colours, 0, 1).astype(np.float32))
