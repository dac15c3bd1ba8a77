"""How well an editing model predicts anchors of heads that it never saw.

Each map is shown with the style of another view of its head; an anchor counts as what it truly is.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from inference.editing.kinds import HAIR, HAT, SKIN
from inference.features.style_blocks import completed
from inference.head.template import HeadTemplate
from inference.model.editing import EditingModel
from inference.model.editing_branch import KINDS
from training.anchors.metrics import FACE_LABELS
from training.anchors.patch_sampling import anchors_of
from training.editing.data import EditingHeads

_STEP = 4  # every fourth patch is measured


@torch.no_grad()
def measure(model: EditingModel, heads: EditingHeads, template: HeadTemplate) -> dict[str, float]:
    """Distances in millimetres and mean absolute colour errors.

    Those without what the decoder adds to single patches end in "without patches".

    Args:
        model: with a branch.
        heads: none of those that were trained on.
        template: whose anchors the model moves.
    """
    branch, per_patch = model.branch, model.config.head.per_patch
    assert branch is not None
    patches = torch.arange(0, model.config.decoder.patches, _STEP)
    anchors = anchors_of(patches.numpy(), per_patch)
    kinds = heads.anchor_kinds()[:, anchors]
    face = np.isin(template.labels[anchors], FACE_LABELS)
    rows: dict[str, list[float]] = {}

    def note(name: str, values: NDArray[np.float32], mask: NDArray[np.bool_]) -> None:
        if mask.any():
            rows.setdefault(name, []).append(float(values[mask].mean()))

    for view, head in enumerate(heads.view_head):
        vector = heads.styles[heads.styles_beside(head, heads.view_number[view])[0]]
        style = torch.from_numpy(completed(vector).astype(np.float32))[None]
        kind = np.where(kinds[head] < len(KINDS), kinds[head], SKIN).astype(np.int64)
        chosen = torch.from_numpy(kind).view(1, -1, per_patch)
        shown = torch.from_numpy(heads.maps[view]).long()[None]
        geometry = model.encoder.geometry_of_classes(shown)
        latent, _ = branch.read_map(torch.from_numpy(heads.features[view])[None])
        palette = model.palette(geometry, style)
        smooth = branch(latent + model.refinement(geometry), palette, patches).of(chosen)
        latents = model.latents(model.fuse(geometry, style), patches)
        last = model.places_and_colours(latents, patches, *smooth)
        truth = heads.positions[head][anchors].astype(np.float32)
        true_colours = heads.colours[head][anchors].astype(np.float32) / 255
        masks = {
            "face": face & (kinds[head] == SKIN),
            "hair": kinds[head] == HAIR,
            "hat": kinds[head] == HAT,
            "all": kinds[head] < len(KINDS),
        }
        stages = {" without patches": smooth, "": last}
        for suffix, (found, tone) in stages.items():
            distance = 1e3 * np.linalg.norm(found.numpy().reshape(-1, 3) - truth, axis=1)
            error = np.abs(tone.numpy().reshape(-1, 3) - true_colours).mean(1)
            for name, mask in masks.items():
                note(f"{name} mm{suffix}", distance, mask)
                note(f"{name} colour{suffix}", error, mask)
    return {name: round(float(np.mean(values)), 4) for name, values in sorted(rows.items())}
