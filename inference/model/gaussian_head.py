"""From patch latents to Gaussians: pixel shuffle and one independent linear layer per attribute."""

import torch
from torch import nn
from torch.nn import functional

from inference.model.config import GaussianHeadConfig
from inference.model.low_rank import LowRankOffsets
from inference.model.tensors import GaussianTensors

# How much of its reach the low-rank branch may use: beyond, the tanh has no gradient left.
_MAX_PUSH = 0.97
_MIN_SCALE = 1e-5
_NEIGHBOURS = 3


class GaussianHead(nn.Module):
    """Section 3.1 and equation 3: X = X_template + tanh(Linear(F) * s_init) * s_max.

    `start`, `reach`, `colour_start`, `scale_start` and `rotation_start` are buffers: constants,
    or, where the configuration says per_anchor, one value per anchor that the checkpoint brings
    (a mean head to start from, each anchor's own s_max, the mean colour, the mean splat: the log
    of its scales over the spacing, and its turn as a wxyz quaternion).
    """

    anchors: torch.Tensor
    start: torch.Tensor
    reach: torch.Tensor
    colour_start: torch.Tensor
    scale_start: torch.Tensor
    rotation_start: torch.Tensor

    def __init__(
        self,
        config: GaussianHeadConfig,
        width: int,
        anchors: torch.Tensor,  # [patches, 16, 3] metres
    ) -> None:
        super().__init__()
        if width % config.per_patch:
            raise ValueError(
                f"the width {width} does not shuffle into {config.per_patch} Gaussians"
            )
        self.config = config
        self.register_buffer("anchors", anchors.float(), persistent=False)
        shape = (*anchors.shape[:2],) if config.per_anchor else (1, 1)
        self.register_buffer("start", torch.zeros(*shape, 3))
        self.register_buffer("reach", torch.full((*shape, 1), config.s_max))
        self.register_buffer("colour_start", torch.full((*shape, 3), 0.5))
        self.register_buffer("scale_start", torch.zeros(*shape, 3))
        upright = torch.tensor([1.0, 0.0, 0.0, 0.0])
        self.register_buffer("rotation_start", upright.expand(*shape, 4).clone())
        channels = width // config.per_patch
        self.position = nn.Linear(channels, 3)
        self.scale = nn.Linear(channels, 3)
        self.rotation = nn.Linear(channels, 4)
        self.opacity = nn.Linear(channels, 1)
        self.colour = nn.Linear(channels, 3)
        self._init()

    def _init(self) -> None:
        """Start at the template; values known to train from LAM's Gaussian heads."""
        for layer in (self.position, self.scale, self.rotation, self.opacity, self.colour):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        if not self.config.per_anchor:
            nn.init.xavier_uniform_(self.colour.weight)
        nn.init.constant_(self.scale.bias, self.config.scale_bias)
        nn.init.constant_(self.opacity.bias, self.config.opacity_bias)
        with torch.no_grad():
            self.rotation.bias[0] = 1.0

    @property
    def silent(self) -> bool:
        """Whether latents change no Gaussian: weights are zero until a training moves them."""
        layers = (self.position, self.scale, self.rotation, self.opacity, self.colour)
        return not any(bool(layer.weight.any()) for layer in layers)

    def forward(
        self,
        latents: torch.Tensor,  # [B, P, D]
        patches: torch.Tensor | None = None,  # [P] indices, None for all
        low_rank: LowRankOffsets | None = None,
    ) -> GaussianTensors:
        """Gaussians [B, P * 16, ...] of the patches asked for."""
        # On tokens, PixelShuffle is this plain reshape: D -> 16 Gaussians of D / 16 channels.
        gaussians = latents.unflatten(-1, (self.config.per_patch, -1))
        means = self._means(self.position(gaussians).float(), patches, low_rank)
        scales = self._scales(self.scale(gaussians).float(), means, patches)
        turn = multiply_quaternions(
            _pick(self.rotation_start, patches), self.rotation(gaussians).float()
        )
        rotation = functional.normalize(turn, dim=-1)
        colours = self._colours(self.colour(gaussians).float(), patches, low_rank)
        opacity = torch.sigmoid(self.opacity(gaussians).float()).squeeze(-1)
        covered = None if low_rank is None else low_rank.covered
        return GaussianTensors(
            means.flatten(1, 2),
            rotation.flatten(1, 2),
            scales.flatten(1, 2),
            opacity.flatten(1, 2),
            colours.flatten(1, 2),
            None if covered is None else covered.flatten(1, 2),
        )

    def places_and_colours(
        self,
        latents: torch.Tensor,  # [B, P, D]
        patches: torch.Tensor | None = None,  # [P] indices, None for all
        low_rank: LowRankOffsets | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Means and colours [B, P * 16, 3] as `forward` has them, at a small part of its cost."""
        gaussians = latents.unflatten(-1, (self.config.per_patch, -1))
        means = self._means(self.position(gaussians).float(), patches, low_rank)
        colours = self._colours(self.colour(gaussians).float(), patches, low_rank)
        return means.flatten(1, 2), colours.flatten(1, 2)

    def _means(
        self,
        raw: torch.Tensor,  # [B, P, 16, 3]
        patches: torch.Tensor | None,
        low_rank: LowRankOffsets | None,
    ) -> torch.Tensor:
        anchors, start, reach = (
            _pick(buffer, patches) for buffer in (self.anchors, self.start, self.reach)
        )
        push = raw * self.config.s_init
        if low_rank is not None:
            push = push + torch.atanh((low_rank.means / reach).clamp(-_MAX_PUSH, _MAX_PUSH))
        return anchors + start + torch.tanh(push) * reach

    def _scales(
        self,
        raw: torch.Tensor,  # [B, P, 16, 3]
        means: torch.Tensor,  # [B, P, 16, 3]
        patches: torch.Tensor | None,
    ) -> torch.Tensor:
        scale = (raw + _pick(self.scale_start, patches)).exp()
        if self.config.scale_prior == "spacing":
            scale = scale * patch_spacing(means.detach())[..., None]
        return scale.clamp(_MIN_SCALE, self.config.scale_max)

    def _colours(
        self,
        raw: torch.Tensor,  # [B, P, 16, 3]
        patches: torch.Tensor | None,
        low_rank: LowRankOffsets | None,
    ) -> torch.Tensor:
        colour = _pick(self.colour_start, patches)
        if low_rank is not None:
            colour = colour + low_rank.colours
        return torch.sigmoid(raw + torch.logit(colour.clamp(0.01, 0.99)))


def _pick(buffer: torch.Tensor, patches: torch.Tensor | None) -> torch.Tensor:
    """Rows of a per-patch buffer; a constant (one row) stays as it is."""
    return buffer if patches is None or len(buffer) == 1 else buffer[patches]


def multiply_quaternions(
    first: torch.Tensor,  # [..., 4] wxyz
    second: torch.Tensor,  # [..., 4] wxyz
) -> torch.Tensor:
    """The turn [..., 4] that does `second`, then `first`."""
    w, xyz = first[..., :1], first[..., 1:]
    other_w, other_xyz = second[..., :1], second[..., 1:]
    real = w * other_w - (xyz * other_xyz).sum(-1, keepdim=True)
    xyz, other_xyz = torch.broadcast_tensors(xyz, other_xyz)
    imaginary = w * other_xyz + other_w * xyz + torch.cross(xyz, other_xyz, dim=-1)
    return torch.cat([real, imaginary], dim=-1)


def patch_spacing(
    means: torch.Tensor,  # [B, P, 16, 3] metres
) -> torch.Tensor:
    """Mean distance [B, P, 16] of each Gaussian to its nearest three of the same patch, metres."""
    distance = torch.cdist(means, means)
    own = torch.eye(means.shape[2], device=means.device) * 1e3
    return (distance + own).topk(_NEIGHBOURS, dim=-1, largest=False).values.mean(-1)
