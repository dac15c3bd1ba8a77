"""A slow, plain renderer in torch: the truth that the quick ones are tested against.

Any floating dtype on any device; float64 is the truth. Differentiable by autograd.
The maths is EWA splatting (Zwicker et al. 2002) with the clamps and stops of gsplat 1.5.3.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera
from inference.rendering.ewa import (
    ALPHA_FLOOR,
    ALPHA_MAX,
    ALPHA_MIN,
    BLUR_EPS,
    FRUSTUM_MARGIN,
    NEAR_PLANE,
    TRANSMITTANCE_MIN,
)
from inference.rendering.protocol import WHITE, Background, Frame
from inference.rendering.rgba import to_rgba8

Tensor = torch.Tensor

_PAIRS_AT_ONCE = 4_000_000
"""Candidate pixel-Gaussian pairs examined together; bounds the memory."""


@dataclass(frozen=True)
class ScreenGaussians:
    """Gaussians as one camera sees them.

    Attributes:
        centres: [N, 2] in pixels.
        conics: [N, 3] inverse covariance (xx, xy, yy) in 1 / square pixels.
        depths: [N] camera-space z in metres.
        half_extents: [N, 2] pixels within which alpha reaches ALPHA_MIN.
        visible: [N] bool.
    """

    centres: Tensor
    conics: Tensor
    depths: Tensor
    half_extents: Tensor
    visible: Tensor


def rotation_matrices(quaternions: Tensor) -> Tensor:
    """Rotations [N, 3, 3] of quaternions [N, 4] wxyz, which need not be of unit length."""
    w, x, y, z = torch.nn.functional.normalize(quaternions, dim=-1).unbind(-1)
    return torch.stack(
        [
            *(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
            *(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
            *(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
        ],
        dim=-1,
    ).reshape(-1, 3, 3)


def project(
    means: Tensor,  # [N, 3] metres
    quaternions: Tensor,  # [N, 4] wxyz
    scales: Tensor,  # [N, 3] metres
    opacities: Tensor,  # [N]
    camera: Camera,
) -> ScreenGaussians:
    """Project to the screen by the local affine approximation (EWA)."""
    pose = torch.as_tensor(camera.world_to_camera).to(means)
    K = torch.as_tensor(camera.intrinsics).to(means)
    (fx, fy), (cx, cy) = (K[0, 0], K[1, 1]), (K[0, 2], K[1, 2])
    width, height = camera.width, camera.height

    x, y, z = (means @ pose[:3, :3].T + pose[:3, 3]).unbind(-1)
    in_front = z >= NEAR_PLANE
    z_safe = torch.where(in_front, z, torch.ones_like(z))
    slope_x, slope_y = x / z_safe, y / z_safe
    centres = torch.stack([fx * slope_x + cx, fy * slope_y + cy], dim=-1)

    margin_x, margin_y = FRUSTUM_MARGIN * width / fx, FRUSTUM_MARGIN * height / fy
    slope_x = slope_x.clamp(-cx / fx - margin_x, (width - cx) / fx + margin_x)
    slope_y = slope_y.clamp(-cy / fy - margin_y, (height - cy) / fy + margin_y)
    zero = torch.zeros_like(z)
    jacobian = torch.stack(
        [
            torch.stack([fx / z_safe, zero, -fx * slope_x / z_safe], dim=-1),
            torch.stack([zero, fy / z_safe, -fy * slope_y / z_safe], dim=-1),
        ],
        dim=-2,
    )
    # Half of the covariance: cov = (J W R S)(J W R S)^T.
    half = jacobian @ pose[:3, :3] @ rotation_matrices(quaternions) * scales[:, None, :]
    xx = (half[:, 0] ** 2).sum(-1) + BLUR_EPS
    yy = (half[:, 1] ** 2).sum(-1) + BLUR_EPS
    xy = (half[:, 0] * half[:, 1]).sum(-1)
    determinant = xx * yy - xy * xy
    sound = in_front & (determinant > 0) & determinant.isfinite() & (opacities >= ALPHA_MIN)
    determinant = torch.where(sound, determinant, torch.ones_like(determinant))
    conics = torch.stack([yy, -xy, xx], dim=-1) / determinant[:, None]

    with torch.no_grad():
        reach = 2 * torch.log((opacities / ALPHA_MIN).clamp(min=1.0))
        half_extents = torch.stack([(reach * xx).sqrt(), (reach * yy).sqrt()], dim=-1)
        size = torch.tensor([width, height]).to(means)
        on_screen = (centres + half_extents > 0) & (centres - half_extents < size)
        visible = sound & on_screen.all(-1)
    return ScreenGaussians(centres, conics, z, half_extents, visible)


def _alphas(screen: ScreenGaussians, opacities: Tensor, g: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Unclamped alpha [P] of Gaussians g [P] at the centres of pixels x, y [P]."""
    dx = screen.centres[g, 0] - (x + 0.5)
    dy = screen.centres[g, 1] - (y + 0.5)
    a, b, c = screen.conics[g].unbind(-1)
    return opacities[g] * torch.exp(-0.5 * (a * dx * dx + c * dy * dy) - b * dx * dy)


@torch.no_grad()
def _touching_pairs(
    screen: ScreenGaussians, opacities: Tensor, camera: Camera
) -> tuple[Tensor, Tensor]:
    """All (Gaussian, pixel) pairs with alpha >= ALPHA_MIN, [P] each, Gaussians near to far."""
    ids = torch.nonzero(screen.visible)[:, 0]
    ids = ids[torch.argsort(screen.depths[ids], stable=True)]
    size = torch.tensor([camera.width, camera.height], device=ids.device)
    low = (screen.centres[ids] - screen.half_extents[ids] - 1).clamp(min=0)
    high = torch.minimum(screen.centres[ids] + screen.half_extents[ids] + 1, size)
    low, high = low.floor().long(), high.ceil().long()
    spans = (high - low).clamp(min=0)
    areas = spans.prod(-1)

    pieces: list[tuple[Tensor, Tensor]] = [(ids[:0], ids[:0])]
    group = (torch.cumsum(areas, 0) - areas) // _PAIRS_AT_ONCE
    for members in torch.split(torch.arange(len(ids)), torch.bincount(group).tolist()):
        count = areas[members]
        owner = torch.repeat_interleave(members, count)
        first = torch.repeat_interleave(torch.cumsum(count, 0) - count, count)
        offset = torch.arange(len(owner), device=ids.device) - first
        x = low[owner, 0] + offset % spans[owner, 0]
        y = low[owner, 1] + offset // spans[owner, 0]
        g = ids[owner]
        keep = _alphas(screen, opacities, g, x, y) >= ALPHA_MIN
        pieces.append((g[keep], (y * camera.width + x)[keep]))
    return torch.cat([g for g, _ in pieces]), torch.cat([p for _, p in pieces])


def _rank_in_pixel(pixels: Tensor, pixel_count: int) -> Tensor:
    """For pairs [P] near to far: how many earlier pairs share the pixel, [P]."""
    order = torch.argsort(pixels, stable=True)
    counts = torch.bincount(pixels, minlength=pixel_count)
    starts = torch.cumsum(counts, 0) - counts
    ranks = torch.empty_like(pixels)
    ranks[order] = torch.arange(len(pixels), device=pixels.device) - starts[pixels[order]]
    return ranks


def rasterize_twin(
    means: Tensor,  # [N, 3] metres
    quaternions: Tensor,  # [N, 4] wxyz
    scales: Tensor,  # [N, 3] metres
    opacities: Tensor,  # [N] 0..1
    colours: Tensor,  # [N, C]
    camera: Camera,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw over nothing, differentiably.

    Returns:
        Colour [H, W, C] premultiplied, alpha [H, W], expected depth [H, W] in metres.
    """
    screen = project(means, quaternions, scales, opacities, camera)
    pixel_count = camera.width * camera.height
    g, p = _touching_pairs(screen, opacities, camera)
    # Layer k holds the k-th nearest Gaussian of every pixel that has one: blending a layer
    # touches no pixel twice.
    rank = _rank_in_pixel(p, pixel_count)
    order = torch.argsort(rank, stable=True)
    g, p = g[order], p[order]
    layer_sizes = torch.bincount(rank).tolist() if len(rank) else []

    columns = torch.div(p, camera.width, rounding_mode="floor")
    alphas = _alphas(screen, opacities, g, p % camera.width, columns).clamp(max=ALPHA_MAX)
    features = torch.cat([colours, screen.depths[:, None]], dim=-1)
    total = features.new_zeros(pixel_count, features.shape[1])
    transmittance = features.new_ones(pixel_count)
    open_pixels = torch.ones(pixel_count, dtype=torch.bool, device=g.device)
    for layer_g, layer_p, alpha in zip(
        g.split(layer_sizes), p.split(layer_sizes), alphas.split(layer_sizes), strict=True
    ):
        before = transmittance[layer_p]
        after = before * (1 - alpha)
        drawn = open_pixels[layer_p] & (after > TRANSMITTANCE_MIN)
        weight = torch.where(drawn, before * alpha, torch.zeros_like(alpha))
        total = total.index_add(0, layer_p, weight[:, None] * features[layer_g])
        transmittance = transmittance.index_put((layer_p,), torch.where(drawn, after, before))
        open_pixels[layer_p] = drawn

    alpha = 1 - transmittance
    depth = total[:, -1] / alpha.clamp(min=ALPHA_FLOOR)
    shape = (camera.height, camera.width)
    return total[:, :-1].reshape(*shape, -1), alpha.reshape(shape), depth.reshape(shape)


class TwinRenderer:
    """The torch twin behind the renderer protocol; for tests and comparisons.

    Args:
        dtype: the floating type that it computes in.
    """

    def __init__(self, dtype: torch.dtype = torch.float64) -> None:
        self._dtype = dtype

    @property
    def name(self) -> str:
        """Short name for the read-out."""
        return f"twin (torch, {str(self._dtype).removeprefix('torch.')})"

    @torch.no_grad()
    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        """Draw colour, alpha and expected depth."""
        colour, alpha, depth = rasterize_twin(
            torch.tensor(gaussians.means, dtype=self._dtype),
            torch.tensor(gaussians.quaternions, dtype=self._dtype),
            torch.tensor(gaussians.scales, dtype=self._dtype),
            torch.tensor(gaussians.opacities, dtype=self._dtype),
            torch.tensor(gaussians.colours, dtype=self._dtype),
            camera,
        )
        return Frame(*(x.numpy().astype(np.float32) for x in (colour, alpha, depth)))

    def render_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """Draw a picture for the screen, [H, W, 4] RGBA, premultiplied."""
        return to_rgba8(self.render(gaussians, camera), background)
