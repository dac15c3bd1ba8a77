"""What a patch of anchors is seen on, and from where (ours).

Each patch looks at the picture around the middle of its anchors and around that of their mirror
images: outline, kinds of things, features and colours. Directions and distances are told in the
camera's axes, so that what is learned of one patch in one view holds for others.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional

from inference.model.config import LowRankConfig, PixelAlignedConfig
from inference.model.picture_maps import PictureMaps, sampled

DECIMETRES = 10.0
"""In a metre."""
_RING = 4
"""Points of a ring around a patch's middle."""
_BEHIND, _NOTHING = -2.5, -9.0  # decimetres towards the camera; of an empty cell as read, as kept
_OCTAVES = (2.0, 4.0)


@dataclass(frozen=True)
class Viewpoint:
    """A picture and the camera that took it.

    Attributes:
        pose: [B, 8] affine camera.
        axes: [B, 3, 3] right, up and towards the camera, rows, in the world frame.
        front: [B, 1, cells, cells] how far towards the camera the head reaches, decimetres.
        maps: of the picture.
    """

    pose: torch.Tensor
    axes: torch.Tensor
    front: torch.Tensor
    maps: PictureMaps


@dataclass(frozen=True)
class SeenPatches:
    """Some patches as they are thought to be before they look.

    Attributes:
        places: [B, P, K, 3] metres.
        normals: [P, K, 3] of the template.
    """

    places: torch.Tensor
    normals: torch.Tensor


def projected(
    pose: torch.Tensor,  # [B, 8]
    places: torch.Tensor,  # [B, M, 3] metres
) -> torch.Tensor:
    """Where points are seen, [B, M, 2] in -1..1 from the picture's left and top."""
    camera = pose.unflatten(1, (2, 4)).transpose(1, 2)
    return places @ camera[:, :3] * DECIMETRES + camera[:, 3:]


def camera_axes(
    pose: torch.Tensor,  # [B, 8]
) -> torch.Tensor:
    """Right, up and towards the camera as rows [B, 3, 3] in the world frame."""
    rows = pose.unflatten(1, (2, 4))[..., :3]
    right = functional.normalize(rows[:, 0], dim=-1)
    towards = functional.normalize(torch.linalg.cross(rows[:, 1], rows[:, 0]), dim=-1)
    return torch.stack([right, torch.linalg.cross(towards, right), towards], 1)


def front_of(
    pose: torch.Tensor,  # [B, 8]
    axes: torch.Tensor,  # [B, 3, 3]
    places: torch.Tensor,  # [B, N, 3] metres, of all anchors
    cells: int,
) -> torch.Tensor:
    """How far towards the camera the head reaches in each cell [B, 1, cells, cells], decimetres."""
    cell = ((projected(pose, places) + 1) / 2 * cells).long().clamp(0, cells - 1)
    depth = _towards(axes, places)
    empty = torch.full((len(pose), cells**2), _NOTHING, device=depth.device)
    nearest = empty.scatter_reduce(1, cell[..., 1] * cells + cell[..., 0], depth, "amax")
    return nearest.view(-1, 1, cells, cells)


def hidden_by(
    view: Viewpoint,
    places: torch.Tensor,  # [B, M, 3] metres
    at: torch.Tensor,  # [B, M, 2] where they are seen
) -> torch.Tensor:
    """How much of the head lies before points: just there, and around; [B, M, 2] decimetres."""
    front = view.front.clamp(min=_BEHIND)
    around = functional.max_pool2d(front, 3, stride=1, padding=1)
    return sampled(torch.cat([front, around], 1), at) - _towards(view.axes, places)[..., None]


def evidence_width(config: PixelAlignedConfig, low_rank: LowRankConfig, per_patch: int) -> int:
    """Numbers that `patch_evidence` gives a patch."""
    points = 1 + _RING * len(config.rings)
    seen = points * (len(config.blurs) + low_rank.classes + 1) + config.reduced + 3
    about = 2 + 3 + 2  # where in the picture, the normal, what hides it
    return 2 * (seen + about) + 2 * 3 + 3 * per_patch + 3 * (1 + 2 * len(_OCTAVES)) + per_patch


def patch_evidence(
    view: Viewpoint,
    own: SeenPatches,
    mirrored: SeenPatches,
    anchors: torch.Tensor,  # [P, K, 3] metres, of the template
    covered: torch.Tensor,  # [B, P, K] 0..1
    rings: tuple[float, ...],
) -> torch.Tensor:
    """All that patches see and are, [B, P, evidence_width]."""
    middle, start = own.places.mean(2), anchors.mean(1)
    around = (own.places - middle[:, :, None]).flatten(1, 2)
    wave = [f(start * DECIMETRES * octave) for octave in _OCTAVES for f in (torch.sin, torch.cos)]
    known = torch.cat([start * DECIMETRES, *wave], -1).expand(len(middle), -1, -1)
    return torch.cat(
        [
            _seen_around(view, own, rings),
            _seen_around(view, mirrored, rings),
            _in_camera(view.axes, middle - start),
            _in_camera(view.axes, around).unflatten(1, own.places.shape[1:3]).flatten(2),
            middle * DECIMETRES,
            known,
            covered,
        ],
        -1,
    )


def _seen_around(view: Viewpoint, patches: SeenPatches, rings: tuple[float, ...]) -> torch.Tensor:
    """What lies around the middles of patches, and how they stand to the camera."""
    maps, middle = view.maps, patches.places.mean(2)
    at = projected(view.pose, middle)
    points = (at[:, :, None] + _points(rings).to(at)).flatten(1, 2)
    read = [sampled(x, points) for x in (maps.outline, maps.shares, maps.picture[:, 3:])]
    around = torch.cat(read, -1).unflatten(1, (at.shape[1], -1)).flatten(2)
    normals = functional.normalize(patches.normals.mean(1), dim=-1).expand(len(at), -1, -1)
    return torch.cat(
        [
            around,
            sampled(maps.features, at),
            sampled(maps.picture[:, :3], at),
            at,
            _in_camera(view.axes, normals),
            hidden_by(view, middle, at),
        ],
        -1,
    )


def _points(rings: tuple[float, ...]) -> torch.Tensor:
    """The middle and points around it, every other ring turned by half a step, [S, 2]."""
    steps = torch.arange(_RING) * (2 * torch.pi / _RING)
    angles = [steps + (torch.pi / _RING) * (number % 2) for number in range(len(rings))]
    around = [torch.stack([a.cos(), a.sin()], 1) * r for a, r in zip(angles, rings, strict=True)]
    return torch.cat([torch.zeros(1, 2), *around])


def _towards(axes: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
    """How far points [B, M, 3] lie towards the camera, [B, M] decimetres."""
    return torch.einsum("bj,bmj->bm", axes[:, 2], places) * DECIMETRES


def _in_camera(axes: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
    """World vectors [B, M, 3] in the camera's axes, in decimetres where they were metres."""
    return torch.einsum("bij,bmj->bmi", axes, vectors) * DECIMETRES
