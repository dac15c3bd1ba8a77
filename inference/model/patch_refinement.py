"""Two small networks that mend each patch after what it is seen on (ours).

One moves a patch's anchors, the other says how far each takes over the colour on which it, or
the other side of the face, is seen. They share their weights over all patches: what they learn
is local, so that few heads teach them much. Trained by training.train_patches.
"""

import torch
from torch import nn
from torch.nn import functional

from inference.model.config import LowRankConfig, PixelAlignedConfig
from inference.model.patch_evidence import Viewpoint, evidence_width, hidden_by, projected
from inference.model.picture_maps import sampled

CANDIDATES = 3
"""What an anchor's colour may lean on: its own place, its mirror image's, its region's tone."""
_STEP = 0.01
"""Metres that an output of 1 moves an anchor (our choice)."""
_TINT = 0.3
"""The most that a colour may differ from all candidates (our choice)."""
_SEEN_FROM, _SEEN_WIDTH = 0.75, 0.2  # blurred coverage from which a pixel is the head's alone
_UNTRAINED = -16.0
"""Logit of the trust in any candidate before a training: none."""


class PatchPerceptron(nn.Module):
    """A residual MLP over scaled inputs whose last layer starts at zero."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, inputs: int, width: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.entry = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList(nn.Linear(width, width) for _ in range(2))
        self.exit = nn.Linear(width, outputs)
        self.dropout = nn.Dropout(dropout)
        nn.init.zeros_(self.exit.weight)
        nn.init.zeros_(self.exit.bias)

    def forward(
        self,
        values: torch.Tensor,  # [..., inputs]
    ) -> torch.Tensor:
        """[..., outputs]."""
        hidden = self.dropout(functional.silu(self.entry((values - self.mean) / self.scale)))
        for block in self.blocks:
            hidden = hidden + self.dropout(functional.silu(block(hidden)))
        found: torch.Tensor = self.exit(hidden)
        return found


def judged_width(low_rank: LowRankConfig, per_patch: int) -> int:
    """Numbers that the colours of a patch are judged by beside its evidence."""
    # Own and mirrored: colour and four numbers of each anchor, and shares of them all; then the
    # predicted colours and the tones.
    return 2 * (per_patch * 7 + low_rank.classes) + 2 * 3 * per_patch


class PatchRefinement(nn.Module):
    """Moves and colours for patches, from their evidence."""

    def __init__(self, config: PixelAlignedConfig, low_rank: LowRankConfig, per_patch: int) -> None:
        super().__init__()
        evidence = evidence_width(config, low_rank, per_patch)
        width, dropout = config.refined, config.dropout
        self.places = PatchPerceptron(evidence, width, 3 * per_patch, dropout)
        judged = evidence + judged_width(low_rank, per_patch)
        self.colours = PatchPerceptron(judged, width, (CANDIDATES + 3) * per_patch, dropout)
        self._trust_bias.fill_(_UNTRAINED)

    @property
    def _trust_bias(self) -> torch.Tensor:
        return self.colours.exit.bias.data.view(-1, CANDIDATES + 3)[:, :CANDIDATES]

    def start_training(self) -> None:
        """Trust candidates a little, so that there is something to learn from."""
        self._trust_bias.fill_(-1.0)

    def moves(
        self,
        view: Viewpoint,
        evidence: torch.Tensor,  # [B, P, E]
    ) -> torch.Tensor:
        """How far each anchor goes, [B, P, K, 3] metres in the world frame."""
        found = self.places(evidence).unflatten(-1, (-1, 3))
        return torch.einsum("bij,bpki->bpkj", view.axes, found) * _STEP

    def colour_evidence(
        self,
        view: Viewpoint,
        places: tuple[torch.Tensor, torch.Tensor],  # own and mirrored, [B, P, K, 3] metres
        predicted: torch.Tensor,  # [B, P, K, 3]
        tone: torch.Tensor,  # [B, P, K, 3]
        seen_at: tuple[torch.Tensor, torch.Tensor] | None = None,  # [B, P * K, 2]
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """What colours are judged by [B, P, ...]; seen colours and how surely they are the head's.

        The latter two are [B, P, K, 2, 3] and [B, P, K, 2]: on the own place, on the mirrored one.
        `seen_at` is where places are seen, if that is better known than by the affine camera.
        """
        parts, colours, sure = [], [], []
        for number, points in enumerate(places):
            flat, anchors = points.flatten(1, 2), points.shape[1:3]
            at = projected(view.pose, flat) if seen_at is None else seen_at[number]
            picture = sampled(view.maps.picture, at).unflatten(1, anchors)
            inside = (at.abs() < 1).all(-1, keepdim=True).to(picture.dtype).unflatten(1, anchors)
            hidden = hidden_by(view, flat, at).unflatten(1, anchors)
            shares = sampled(view.maps.shares, at).unflatten(1, anchors).mean(2)
            seen, coverage = picture[..., :3], picture[..., 3:]
            parts += [(seen - predicted).flatten(2)]
            parts += [torch.cat([coverage, inside, hidden], -1).flatten(2), shares]
            colours.append(seen)
            covered = ((coverage - _SEEN_FROM) / _SEEN_WIDTH).clamp(0, 1) * inside
            sure.append(covered[..., 0])
        evidence = torch.cat([*parts, predicted.flatten(2), tone.flatten(2)], -1)
        return evidence, torch.stack(colours, 3), torch.stack(sure, 3)

    def recoloured(
        self,
        evidence: torch.Tensor,  # [B, P, E] of patches, then of their colours
        predicted: torch.Tensor,  # [B, P, K, 3]
        tone: torch.Tensor,  # [B, P, K, 3]
        seen: torch.Tensor,  # [B, P, K, 2, 3]
        sure: torch.Tensor,  # [B, P, K, 2]
    ) -> torch.Tensor:
        """Colours [B, P, K, 3]: predicted ones, toned, then the other side's, then one's own."""
        found = self.colours(evidence).unflatten(-1, (-1, CANDIDATES + 3))
        trust = torch.sigmoid(found[..., :CANDIDATES])
        own, across = (trust[..., :2] * sure).unbind(-1)
        colours = predicted + trust[..., 2:] * tone + torch.tanh(found[..., CANDIDATES:]) * _TINT
        for weight, other in ((across, seen[..., 1, :]), (own, seen[..., 0, :])):
            colours = colours + weight[..., None] * (other - colours)
        return colours
