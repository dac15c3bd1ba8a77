"""What the ablations' figures stand on, in words: nobody should take little for much."""

from training.evaluation.ablation_models import MODELS
from training.evaluation.ablation_plan import AblationPlan
from training.evaluation.ablation_runner import SHARES
from training.evaluation.ablation_table import Outcome
from training.evaluation.measure import EXTREME
from training.evaluation.metrics import METRIC_NAMES, MetricSet
from training.losses.named import (
    STAND_IN_DINO_LAYERS,
    STAND_IN_PYRAMID,
    STAND_IN_SAM_LAYERS,
    compared_edge,
)


def scale_in_words(
    plan: AblationPlan, outcome: Outcome, missing: dict[str, str], metrics: MetricSet
) -> list[str]:
    """Paragraphs for the top of the page.

    Args:
        plan: what all rows share.
        outcome: what was found so far.
        missing: networks of losses that could not be used, with the reason.
        metrics: what was measured, and what could not be.
    """
    paragraphs = [_scale(plan, outcome), _data(plan), _models(plan)]
    if plan.sharpen == "own":
        paragraphs.append(
            "Only the block of the sharpening CNN has one. All others compare plain "
            "reconstructions, where the paper's rows have a CNN each."
        )
    if any(outcome.made_with.values()):
        paragraphs.append(_losses(plan, missing))
    return [*paragraphs, _metrics(metrics)]


def _scale(plan: AblationPlan, outcome: Outcome) -> str:
    heads = len(plan.multi_view) + len(plan.single)
    seen = plan.steps * plan.batch
    where = ""
    if outcome.reports:
        protocol = next(iter(outcome.reports.values()))["protocol"]
        where = (
            f" Measured: the {protocol['views'][EXTREME]} extreme views of "
            f"{protocol['identities']} people of {plan.test}, in crops of {plan.crop} pixels."
        )
    if plan.scale == "mini":
        return (
            f"**This is a small scale.** {heads} synthetic heads, {plan.steps} steps of "
            f"{plan.batch} heads ({seen} inputs seen) at {plan.size} pixels from random weights "
            f"for every row, {plan.sharpening_steps} steps for every sharpening CNN, seed "
            f"{plan.seed}.{where} The paper: 15 epochs, about 72 hours on a GPU, of NeRSemble, "
            "Cafca and FFHQ, measured on Ava-256. Figures do not compare with the paper's; at "
            "most the directions do."
        )
    return (
        f"{heads} synthetic heads, {plan.steps} steps of {plan.batch} heads ({seen} inputs seen) "
        f"at {plan.size} pixels, seed {plan.seed}.{where} The paper: 15 epochs of NeRSemble, "
        "Cafca and FFHQ, measured on Ava-256. Only directions compare."
    )


def _data(plan: AblationPlan) -> str:
    share = SHARES["2d"] / sum(SHARES.values())
    return (
        f"Multi-view data: {len(plan.multi_view)} heads, one picture in, the others compared. "
        f"2D data: each picture of {len(plan.single)} other heads on its own, compared with "
        f"itself. Both: of the inputs {100 * share:.0f} % 2D. All come from the same generator, "
        "where the paper's 2D data bring light and people that its multi-view data lack."
    )


def _models(plan: AblationPlan) -> str:
    if plan.scale != "mini":
        return "Models: the paper's."
    full, light, small = (MODELS["mini"][name] for name in ("full", "light", "light-s"))
    decoder = full.decoder
    return (
        f"Models: the paper's architecture in little. {decoder.patches} patches of "
        f"{full.head.per_patch} Gaussians, decoder {decoder.width} wide with {decoder.layers} "
        f"layers, opaque and grey at first; the paper has 4096, 1024 and 10. "
        f"Light has {light.decoder.layers} layers and no "
        "sharpening CNN, four tenths of the layers as in the paper. Light-S reads "
        f"{len(small.encoder.backbone.layers)} layer of the frozen network instead of "
        f"{len(full.encoder.backbone.layers)}, a quarter of the width as DINOv2 small is of the "
        "giant; there is only one frozen network here, the shipped ViT-S/14."
    )


def _losses(plan: AblationPlan, missing: dict[str, str]) -> str:
    late = " and ".join(map(str, STAND_IN_DINO_LAYERS))
    return (
        f"**Losses are stand-ins** ({'; '.join(missing.values())}). stand-in-dino: equation 5 over "
        f"layers {late} of the shipped ViT-S/14, at {compared_edge(plan.size, 14)} pixels. "
        f"stand-in-sam: no SAM at all but layer {STAND_IN_SAM_LAYERS[0]} of the same network, "
        "patch tokens only. stand-in-lpips+l1: "
        f"no LPIPS but L1 over a pyramid of {STAND_IN_PYRAMID} sizes. The sharpening CNN's is the "
        "class token of layer 8 of the same network."
    )


def _metrics(metrics: MetricSet) -> str:
    text = ""
    if metrics.skipped:
        names = ", ".join(METRIC_NAMES[name] for name in metrics.skipped)
        text = f"Not measured, for lack of packages or weights: {names}. "
        text += "In their place DINO distance stands beside the paper's LPIPS and DreamSim, and "
        text += "dlib distance beside ArcFace. "
    return text + (
        "DINO distance is computed by the network that the stand-ins are made of (at layers 6, 8 "
        "and 10, none of them a loss's), which favours rows that were trained on it over the row "
        "without a network. Faces lost are no part of the mean, which makes it too kind."
    )
