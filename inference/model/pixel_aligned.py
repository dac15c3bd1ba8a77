"""A look back at the picture: pose, shape and colours from what each anchor is seen on (ours).

The low-rank branch guesses a head from the picture as a whole. Here its anchors are projected
into the picture and read what lies there, as in PIFu (Saito et al. 2019, pixel-aligned
features). From that a cascade of linear regressions corrects the pose and then the shape, as in
supervised descent (Xiong and De la Torre 2013), every weight set in closed form by
training.train_pixel_aligned. At last each patch looks for itself, moves, and takes over the
colours on which it, or the other side of the face, is seen (inference.model.patch_refinement).
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from inference.model.config import DecoderConfig, EncoderConfig, LowRankConfig, PixelAlignedConfig
from inference.model.gaussian_head import GaussianHead
from inference.model.low_rank import LowRankBranch, LowRankOffsets, spread_by_region
from inference.model.patch_evidence import (
    SeenPatches,
    Viewpoint,
    camera_axes,
    front_of,
    hidden_by,
    patch_evidence,
    projected,
)
from inference.model.patch_refinement import PatchRefinement
from inference.model.picture_maps import PictureMaps, sampled
from inference.model.pooling import pooled_width

FACE = 0
"""The region of faces, see training.anchors.regional_components."""
POSE = 8
"""A pose is an affine camera [2, 4]: from decimetres and a one to -1..1 across the picture."""
NORMAL_UNIT = 127
"""Of the template's normals, which are kept in bytes."""
_COVERED_WHOLLY = 3.0  # times the share of a patch's anchors that something covers
_FACING_FROM, _FACING_WIDTH = 0.3, 0.25  # cosines of the angle to the camera
_HIDDEN_FROM, _HIDDEN_WIDTH = 0.08, 0.15  # decimetres of head before an anchor
_FACES_FROM, _FACES_WIDTH = 0.25, 0.35  # shares of a patch that are face
"""From when on, and over how much, a face counts as bare (our choice)."""
_SEEN_FROM, _SEEN_WIDTH = 0.75, 0.2  # blurred coverage from which a pixel is the head's alone


@dataclass(frozen=True)
class AlignedHead:
    """What a look at a picture found, ready for any patches.

    Attributes:
        view: the picture, and from where it shows the head.
        shape: [B, regions * shape] coefficients of what the low-rank shape lacks.
        tone: [B, regions, 3] RGB, how much lighter each region is than predicted.
    """

    view: Viewpoint
    shape: torch.Tensor
    tone: torch.Tensor


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
        self.register_buffer("normals", torch.zeros((*anchors, 3), dtype=torch.int8))
        own = torch.arange(decoder.patches * per_patch, dtype=torch.int32)
        self.register_buffer("mirror", own.view(anchors))
        self.register_buffer("pose_scale", torch.ones(POSE))
        self.register_buffer("sampled_mean", torch.zeros(features))
        self.register_buffer("sampled_scale", torch.ones(features))
        self.register_buffer("shape_basis", torch.zeros(*anchors, 3, config.shape))
        gated = low_rank.gates * (pooled_width(encoder, low_rank) + 1)
        self.pose = ClosedForm(gated, POSE)
        self.steps = nn.ModuleList(ClosedForm(features, POSE) for _ in range(config.rounds))
        self.shape = ClosedForm(features, low_rank.regions * config.shape)
        self.patches = PatchRefinement(config, low_rank, per_patch)

    def look(
        self,
        low_rank: LowRankBranch,
        head: GaussianHead,
        coefficients: torch.Tensor,  # [B, coefficients]
        pooled: torch.Tensor,  # [B, F]
        maps: PictureMaps,
    ) -> AlignedHead:
        """Find pose, shape and tone of a low-rank head in its picture."""
        probes = self.probes[None]
        offsets = low_rank.of_anchors(coefficients, probes)
        pose = self.pose(low_rank.gated(pooled)[0]) * self.pose_scale
        places = expected_places(head, offsets.means, probes)[:, 0]
        for step in self.steps:
            pose = pose + step(self.scaled(self.sample(maps, pose, places))) * self.pose_scale
        shape = self.shape(self.scaled(self.sample(maps, pose, places)))
        everywhere = self.places(shape, low_rank(coefficients, None), low_rank, head, self.own)
        axes, cells = camera_axes(pose), self.config.cells
        front = front_of(pose, axes, everywhere.flatten(1, 2), cells)
        tone = self.tone(low_rank, head, offsets, pose, shape, maps)
        return AlignedHead(Viewpoint(pose, axes, front, maps), shape, tone)

    @property
    def own(self) -> torch.Tensor:
        """[patches, K] each anchor's index."""
        return torch.arange(self.mirror.numel(), device=self.mirror.device).view_as(self.mirror)

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
        looked = self.looked(found, coefficients, low_rank, head, patches)
        # A face that nothing hides is placed better by all its probes than by patches alone.
        hidden = (looked.covered.mean(2, keepdim=True) * _COVERED_WHOLLY).clamp(0, 1)
        bare = (low_rank.region.flatten()[looked.anchors] == FACE) * (1 - hidden)
        moved = looked.places + self.moves(found, looked) * (1 - bare[..., None])
        colours = self.recoloured(found, looked, (moved, looked.mirrored))
        seen, shown = self.shown_faces(found, looked, moved, low_rank)
        colours = colours + shown * (seen - colours)
        offsets = looked.offsets
        start = expected_places(head, torch.zeros_like(moved), looked.anchors)
        return LowRankOffsets(
            offsets.means + (moved - start - offsets.means) * share,
            offsets.colours + (colours - looked.predicted) * share,
            offsets.covered,
        )

    def moves(self, found: AlignedHead, looked: "LookedPatches") -> torch.Tensor:
        """How far the anchors of patches would go, [B, P, K, 3] metres."""
        return self.patches.moves(found.view, looked.evidence)

    def recoloured(
        self,
        found: AlignedHead,
        looked: "LookedPatches",
        places: tuple[torch.Tensor, torch.Tensor],  # own and mirrored, [B, P, K, 3] metres
        seen_at: tuple[torch.Tensor, torch.Tensor] | None = None,  # [B, P * K, 2]
    ) -> torch.Tensor:
        """Their colours [B, P, K, 3]; see PatchRefinement.colour_evidence."""
        judged, seen, sure = self.patches.colour_evidence(
            found.view, places, looked.predicted, looked.tone, seen_at
        )
        evidence = torch.cat([looked.evidence, judged], -1)
        return self.patches.recoloured(evidence, looked.predicted, looked.tone, seen, sure)

    def shown_faces(
        self,
        found: AlignedHead,
        looked: "LookedPatches",
        moved: torch.Tensor,  # [B, P, K, 3] metres
        low_rank: LowRankBranch,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Colours [B, P, K, 3] on which anchors lie, and how far they are a bare face's, 0..1.

        Faces look as they are pictured wherever they turn to the camera and nothing is before
        them: what patches trust there is what suits right places, and half of a brow or a tooth
        from the picture and half of what is predicted would be none.
        """
        view, flat = found.view, moved.flatten(1, 2)
        at = projected(view.pose, flat)
        seen, sure = self._seen(view.maps, at)
        facing = torch.einsum(
            "bc,mc->bm", view.axes[:, 2], self.normals_of(looked.anchors.flatten())
        )
        hidden = hidden_by(view, flat, at)[..., 0]
        faces = sampled(view.maps.shares, at)[..., self.config.faces].sum(-1)
        bare = sure[..., 0] * ((facing - _FACING_FROM) / _FACING_WIDTH).clamp(0, 1)
        bare = bare * (1 - ((hidden - _HIDDEN_FROM) / _HIDDEN_WIDTH).clamp(0, 1))
        bare = bare * ((faces - _FACES_FROM) / _FACES_WIDTH).clamp(0, 1)
        bare = bare * (low_rank.region.flatten()[looked.anchors.flatten()] == FACE)
        like = moved.shape[1:3]
        return seen.unflatten(1, like), bare[..., None].unflatten(1, like)

    def looked(
        self,
        found: AlignedHead,
        coefficients: torch.Tensor,  # [B, coefficients]
        low_rank: LowRankBranch,
        head: GaussianHead,
        patches: torch.Tensor | None,  # [P] indices, None for all
    ) -> "LookedPatches":
        """What some patches are, and what they see, before they move."""
        rows = slice(None) if patches is None else patches
        own, mirror = self.own[rows], self.mirror[rows].long()
        offsets = low_rank.of_anchors(coefficients, own)
        places = self.places(found.shape, offsets, low_rank, head, own)
        across = low_rank.of_anchors(coefficients, mirror)
        mirrored = self.places(found.shape, across, low_rank, head, mirror)
        covered = offsets.covered
        assert covered is not None
        evidence = patch_evidence(
            found.view,
            SeenPatches(places, self.normals_of(own)),
            SeenPatches(mirrored, self.normals_of(mirror)),
            head.anchors[rows],
            covered,
            self.config.rings,
        )
        predicted = expected_colours(head, offsets.colours, own)
        tone = found.tone[:, low_rank.region[rows].long()]
        return LookedPatches(own, offsets, covered, places, mirrored, predicted, tone, evidence)

    def normals_of(
        self,
        anchors: torch.Tensor,  # [...] indices
    ) -> torch.Tensor:
        """The template's normals of any anchors, [..., 3]."""
        return self.normals.flatten(0, 1)[anchors].float() / NORMAL_UNIT

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
        facing = torch.einsum("bc,mc->bm", camera_axes(pose)[:, 2], self.normals_of(self.probes))
        weight = share * facing[..., None].clamp(min=0)
        regions = low_rank.region.flatten()[self.probes].long()
        each = functional.one_hot(regions, low_rank.config.regions).to(seen.dtype)
        sums = torch.einsum("bmc,mr->brc", weight * (seen - colours), each)
        return sums / (torch.einsum("bmc,mr->brc", weight, each) + 1)


@dataclass(frozen=True)
class LookedPatches:
    """Patches before they move.

    Attributes:
        anchors: [P, K] indices.
        offsets: of the low-rank branch.
        covered: [B, P, K] 0..1, how far each goes to what hides it.
        places: [B, P, K, 3] metres, with the shape that the look found.
        mirrored: [B, P, K, 3] metres, of their mirror images.
        predicted: [B, P, K, 3] colours of the low-rank branch.
        tone: [B, P, K, 3] of their regions.
        evidence: [B, P, E] what they are seen on.
    """

    anchors: torch.Tensor
    offsets: LowRankOffsets
    covered: torch.Tensor
    places: torch.Tensor
    mirrored: torch.Tensor
    predicted: torch.Tensor
    tone: torch.Tensor
    evidence: torch.Tensor


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
