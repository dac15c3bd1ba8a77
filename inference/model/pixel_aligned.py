"""A look back at the picture: pose, shape and colours from what each anchor is seen on (ours).

The low-rank branch guesses a head from the picture as a whole. Here its anchors are projected
into the picture and read what lies there, as in PIFu (Saito et al. 2019, pixel-aligned
features). From that a cascade of linear regressions corrects the pose and then the shape, as in
supervised descent (Xiong and De la Torre 2013); at last anchors take over the colours on which
they, or those on the other side of the face, are seen. Every weight is set in closed form by
training.train_pixel_aligned.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from inference.model.config import DecoderConfig, EncoderConfig, LowRankConfig, PixelAlignedConfig
from inference.model.gaussian_head import GaussianHead
from inference.model.low_rank import LowRankBranch, LowRankOffsets, spread_by_region
from inference.model.picture_maps import PictureMaps, sampled
from inference.model.pooling import pooled_width

POSE = 8
"""A pose is an affine camera [2, 4]: from decimetres and a one to -1..1 across the picture."""
CANDIDATES = 3
"""What an anchor's colour may lean on: its own place, its mirror image's, its region's tone."""
DECIMETRES = 10.0
"""In a metre."""
_TRUSTED_FROM, _TRUSTED_WIDTH = 0.15, 0.25
"""The gain from which a seen colour counts, and over which it counts wholly (our choice)."""
_FACING_WHOLLY = 0.25
"""Cosine of the angle to the camera from which an anchor is wholly seen (our choice)."""
_SEEN_FROM, _SEEN_WIDTH = 0.75, 0.2  # blurred coverage from which a pixel is the head's alone


@dataclass(frozen=True)
class AlignedHead:
    """What a look at a picture found, ready for any patches.

    Attributes:
        pose: [B, 8], see POSE.
        shape: [B, regions * shape] coefficients of what the low-rank shape lacks.
        gates: [B, G] weights of the ranges of yaw.
        tone: [B, regions, 3] RGB, how much lighter each region is than predicted.
        maps: of the picture.
    """

    pose: torch.Tensor
    shape: torch.Tensor
    gates: torch.Tensor
    tone: torch.Tensor
    maps: PictureMaps


class ClosedForm(nn.Module):
    """A linear map that regressions set and no training moves; at first zero."""

    weight: torch.Tensor
    bias: torch.Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.zeros(outputs, inputs))
        self.register_buffer("bias", torch.zeros(outputs))

    def forward(
        self,
        values: torch.Tensor,  # [B, inputs]
    ) -> torch.Tensor:
        """[B, outputs]."""
        return functional.linear(values, self.weight, self.bias)


class PixelAlignedBranch(nn.Module):
    """From a low-rank head and its picture to a head that looks like the picture."""

    probes: torch.Tensor
    normals: torch.Tensor
    mirror: torch.Tensor
    pose_scale: torch.Tensor
    sampled_mean: torch.Tensor
    sampled_scale: torch.Tensor
    shape_basis: torch.Tensor
    gains: torch.Tensor

    def __init__(
        self,
        config: PixelAlignedConfig,
        low_rank: LowRankConfig,
        encoder: EncoderConfig,
        decoder: DecoderConfig,
        per_patch: int,
    ) -> None:
        super().__init__()
        self.config = config
        features = config.probes * sampled_channels(config, low_rank)
        anchors = (decoder.patches, per_patch)
        self.register_buffer("probes", torch.zeros(config.probes, dtype=torch.int32))
        self.register_buffer("normals", torch.zeros(*anchors, 3))
        own = torch.arange(decoder.patches * per_patch, dtype=torch.int32)
        self.register_buffer("mirror", own.view(anchors))
        self.register_buffer("pose_scale", torch.ones(POSE))
        self.register_buffer("sampled_mean", torch.zeros(features))
        self.register_buffer("sampled_scale", torch.ones(features))
        self.register_buffer("shape_basis", torch.zeros(*anchors, 3, config.shape))
        self.register_buffer("gains", torch.zeros(decoder.patches, low_rank.gates, CANDIDATES))
        gated = low_rank.gates * (pooled_width(encoder, low_rank) + 1)
        self.pose = ClosedForm(gated, POSE)
        self.steps = nn.ModuleList(ClosedForm(features, POSE) for _ in range(config.rounds))
        self.shape = ClosedForm(features, low_rank.regions * config.shape)

    def look(
        self,
        low_rank: LowRankBranch,
        head: GaussianHead,
        coefficients: torch.Tensor,  # [B, coefficients]
        pooled: torch.Tensor,  # [B, F]
        maps: PictureMaps,
    ) -> AlignedHead:
        """Find pose, shape and tone of a low-rank head in its picture."""
        gated, gates = low_rank.gated(pooled)
        probes = self.probes[None]
        offsets = low_rank.of_anchors(coefficients, probes)
        pose = self.pose(gated) * self.pose_scale
        places = expected_places(head, offsets.means, probes)[:, 0]
        for step in self.steps:
            pose = pose + step(self.scaled(self.sample(maps, pose, places))) * self.pose_scale
        shape = self.shape(self.scaled(self.sample(maps, pose, places)))
        tone = self.tone(low_rank, head, offsets, pose, shape, maps)
        return AlignedHead(pose, shape, gates, tone, maps)

    def forward(
        self,
        found: AlignedHead,
        coefficients: torch.Tensor,  # [B, coefficients]
        low_rank: LowRankBranch,
        head: GaussianHead,
        patches: torch.Tensor | None,  # [P] indices, None for all
        share: float = 1.0,
    ) -> LowRankOffsets:
        """The low-rank offsets of some patches with what the look back adds, or a share of that."""
        offsets = low_rank(coefficients, patches)
        rows = slice(None) if patches is None else patches
        region = low_rank.region[rows]
        more = spread_by_region(self.shape_basis[rows], found.shape, region)
        own = torch.arange(self.mirror.numel(), device=self.mirror.device).view_as(self.mirror)
        mirror = self.mirror[rows].long()
        across = low_rank.of_anchors(coefficients, mirror)
        here = expected_places(head, offsets.means + more, own[rows])
        there = self.places(found.shape, across, low_rank, head, mirror)
        at, at_mirror = (projected(found.pose, x.flatten(1, 2)) for x in (here, there))
        colours = expected_colours(head, offsets.colours, own[rows])
        candidates = self.candidates(found, colours, region, (own[rows], at), (mirror, at_mirror))
        gains = torch.einsum("bg,pgk->bpk", found.gates, self.gains[rows])[:, :, None]
        # Half of a brow from the picture and half of a predicted one would be two brows.
        seen = ((gains[..., :2] - _TRUSTED_FROM) / _TRUSTED_WIDTH).clamp(0, 1)
        # What the own place says comes first; the others share what is left.
        first, second = seen[..., 0], torch.minimum(seen[..., 1], 1 - seen[..., 0])
        third = torch.minimum(gains[..., 2].clamp(0, 1), 1 - first - second)
        weights = torch.stack([first, second, third], -1)
        colours = (candidates * weights[..., None, :]).sum(-1)
        return LowRankOffsets(
            offsets.means + more * share,
            offsets.colours + colours * share,
            offsets.covered,
        )

    def candidates(
        self,
        found: AlignedHead,
        colours: torch.Tensor,  # [B, P, K, 3] predicted
        region: torch.Tensor,  # [P, K]
        own: tuple[torch.Tensor, torch.Tensor],  # [P, K] anchors, [B, P * K, 2] where they are seen
        across: tuple[torch.Tensor, torch.Tensor],  # the same of their mirror images
    ) -> torch.Tensor:
        """What each candidate would add to predicted colours, [B, P, K, 3, CANDIDATES]."""
        differences = []
        for anchors, at in (own, across):
            seen, share = (x.unflatten(1, region.shape) for x in self._seen(found.maps, at))
            turned = (self.facing(found.pose, anchors) / _FACING_WHOLLY).clamp(0, 1)
            differences.append((seen - colours) * share * turned[..., None])
        return torch.stack([*differences, found.tone[:, region.long()]], -1)

    def places(
        self,
        shape: torch.Tensor,  # [B, regions * shape]
        offsets: LowRankOffsets,  # of these anchors
        low_rank: LowRankBranch,
        head: GaussianHead,
        anchors: torch.Tensor,  # [P, K]
    ) -> torch.Tensor:
        """Where any anchors are, [B, P, K, 3] metres."""
        basis, region = self.shape_basis.flatten(0, 1)[anchors], low_rank.region.flatten()[anchors]
        more = spread_by_region(basis, shape, region)
        return expected_places(head, offsets.means + more, anchors)

    def sample(
        self,
        maps: PictureMaps,
        pose: torch.Tensor,  # [B, 8]
        places: torch.Tensor,  # [B, M, 3] metres
    ) -> torch.Tensor:
        """What the probes are seen on, [B, probes * channels]; channels are the slower index."""
        at = projected(pose, places)
        read = [sampled(grid, at) for grid in (maps.outline, maps.shares, maps.features)]
        return torch.cat(read, -1).transpose(1, 2).flatten(1)

    def scaled(
        self,
        values: torch.Tensor,  # [B, probes * channels]
    ) -> torch.Tensor:
        """Centred and scaled features."""
        return (values - self.sampled_mean) / self.sampled_scale

    def _seen(
        self,
        maps: PictureMaps,
        at: torch.Tensor,  # [B, M, 2] in -1..1
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Colours [B, M, 3] on which points are seen, and how surely [B, M, 1] that is the head."""
        read = sampled(maps.picture, at)
        inside = (at.abs() < 1).all(-1, keepdim=True)
        return read[..., :3], ((read[..., 3:] - _SEEN_FROM) / _SEEN_WIDTH).clamp(0, 1) * inside

    def facing(
        self,
        pose: torch.Tensor,  # [B, 8]
        anchors: torch.Tensor,  # [P, K]
    ) -> torch.Tensor:
        """Cosine between the template's normals and the way to the camera, [B, P, K]."""
        axes = pose.unflatten(1, (2, 4))[..., :3]
        towards = functional.normalize(torch.linalg.cross(axes[:, 1], axes[:, 0]), dim=-1)
        normals = self.normals.flatten(0, 1)[anchors]
        return torch.einsum("bc,pkc->bpk", towards, normals)

    def tone(
        self,
        low_rank: LowRankBranch,
        head: GaussianHead,
        offsets: LowRankOffsets,  # of the probes
        pose: torch.Tensor,  # [B, 8]
        shape: torch.Tensor,  # [B, regions * shape]
        maps: PictureMaps,
    ) -> torch.Tensor:
        """How much lighter each region is where its probes face the camera, [B, regions, 3]."""
        probes = self.probes[None]
        places = self.places(shape, offsets, low_rank, head, probes)[:, 0]
        colours = expected_colours(head, offsets.colours, probes)[:, 0]
        seen, share = self._seen(maps, projected(pose, places))
        weight = share * self.facing(pose, probes)[:, 0, :, None].clamp(min=0)
        regions = low_rank.region.flatten()[self.probes].long()
        each = functional.one_hot(regions, low_rank.config.regions).to(seen.dtype)
        sums = torch.einsum("bmc,mr->brc", weight * (seen - colours), each)
        return sums / (torch.einsum("bmc,mr->brc", weight, each) + 1)


def sampled_channels(config: PixelAlignedConfig, low_rank: LowRankConfig) -> int:
    """Numbers that a probe reads, all blocks of them."""
    return sum(sampled_blocks(config, low_rank))


def sampled_blocks(config: PixelAlignedConfig, low_rank: LowRankConfig) -> tuple[int, ...]:
    """Blurred outlines, class shares, reduced features."""
    return len(config.blurs), low_rank.classes, config.reduced


def expected_places(
    head: GaussianHead,
    means: torch.Tensor,  # [B, P, K, 3] low-rank offsets
    anchors: torch.Tensor,  # [P, K]
) -> torch.Tensor:
    """Where low-rank offsets put anchors before the decoder has its say, [B, P, K, 3] metres."""
    start = (head.anchors + head.start).flatten(0, 1)[anchors]
    reach = head.reach.expand(*head.anchors.shape[:2], 1).flatten(0, 1)[anchors]
    return start + torch.maximum(torch.minimum(means, reach), -reach)


def expected_colours(
    head: GaussianHead,
    colours: torch.Tensor,  # [B, P, K, 3] low-rank offsets
    anchors: torch.Tensor,  # [P, K]
) -> torch.Tensor:
    """Their colours, [B, P, K, 3]."""
    start = head.colour_start.expand(*head.anchors.shape[:2], 3).flatten(0, 1)[anchors]
    return (start + colours).clamp(0, 1)


def projected(
    pose: torch.Tensor,  # [B, 8]
    places: torch.Tensor,  # [B, M, 3] metres
) -> torch.Tensor:
    """Where points are seen, [B, M, 2] in -1..1 from the picture's left and top."""
    camera = pose.unflatten(1, (2, 4)).transpose(1, 2)
    return places @ camera[:, :3] * DECIMETRES + camera[:, 3:]
