"""gsplat on an NVIDIA GPU: the only module that imports gsplat.

The package imports without a GPU, and its wheel compiles CUDA code at the first call, so the
only honest question is whether it draws: probe() asks it to.
"""

import importlib.util
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from inference.head.gaussians import Gaussians
from inference.rendering.camera import Camera, orbit_camera
from inference.rendering.ewa import BLUR_EPS, NEAR_PLANE
from inference.rendering.protocol import WHITE, Background, Frame

Tensor = torch.Tensor


@cache
def probe() -> tuple[bool, str]:
    """Whether gsplat draws on this computer, and if not, why, in one sentence.

    The first call may compile CUDA code for minutes.
    """
    if importlib.util.find_spec("gsplat") is None:
        return False, "gsplat is not installed (extra 'cuda')"
    if not torch.cuda.is_available():
        return False, "torch sees no CUDA device"
    try:
        one = torch.ones(1, device="cuda")
        _, alpha, _ = rasterize_gsplat(
            one.new_zeros(1, 3),
            one.new_tensor([[1.0, 0, 0, 0]]),
            one.new_full((1, 3), 0.05),
            one,
            one.new_ones(1, 3),
            orbit_camera(size=(16, 16), target=(0.0, 0.0, 0.0)),
        )
        torch.cuda.synchronize()
        drawn = float(alpha.max())
    except Exception as error:  # noqa: BLE001 - a compiler, driver or loader may fail in any way
        return False, f"gsplat does not run here ({type(error).__name__}: {error})".split("\n")[0]
    if drawn < 0.9:
        return False, "gsplat ran but drew nothing"
    return True, f"gsplat draws on {torch.cuda.get_device_name(0)}"


def rasterize_gsplat(
    means: Tensor,  # [N, 3] metres, on CUDA as all
    quaternions: Tensor,  # [N, 4] wxyz
    scales: Tensor,  # [N, 3] metres
    opacities: Tensor,  # [N]
    colours: Tensor,  # [N, 3]
    camera: Camera,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw over nothing, differentiably; see differentiable.rasterize."""
    from gsplat import rasterization

    images, alphas, _ = rasterization(
        means,
        quaternions,
        scales,
        opacities,
        colours,
        torch.as_tensor(camera.world_to_camera).to(means)[None],
        torch.as_tensor(camera.intrinsics).to(means)[None],
        camera.width,
        camera.height,
        near_plane=NEAR_PLANE,
        eps2d=BLUR_EPS,
        packed=False,
        render_mode="RGB+ED",
        rasterize_mode="classic",
    )
    return images[0, ..., :3], alphas[0, ..., 0], images[0, ..., 3]


class GsplatRenderer:
    """gsplat behind the renderer protocol; make one only where probe() says yes."""

    def __init__(self) -> None:
        self._device = torch.device("cuda")
        # The same head is drawn many times: it stays on the GPU.
        self._uploaded: tuple[Gaussians, tuple[Tensor, ...]] | None = None

    @property
    def name(self) -> str:
        """Short name for the read-out."""
        return f"gsplat ({torch.cuda.get_device_name(self._device)})"

    @torch.no_grad()
    def render(self, gaussians: Gaussians, camera: Camera) -> Frame:
        """Draw colour, alpha and expected depth."""
        colour, alpha, depth = self._draw(gaussians, camera)
        return Frame(colour.cpu().numpy(), alpha.cpu().numpy(), depth.cpu().numpy())

    @torch.no_grad()
    def render_rgba8(
        self, gaussians: Gaussians, camera: Camera, background: Background | None = WHITE
    ) -> NDArray[np.uint8]:
        """Draw a picture for the screen, [H, W, 4] RGBA, premultiplied."""
        colour, alpha, _ = self._draw(gaussians, camera)
        if background is not None:
            colour = colour + (1 - alpha)[..., None] * colour.new_tensor(background)
            alpha = torch.ones_like(alpha)
        picture = torch.cat([colour, alpha[..., None]], dim=-1).clamp(0, 1)
        result: NDArray[np.uint8] = (picture * 255 + 0.5).to(torch.uint8).cpu().numpy()
        return result

    def _draw(self, gaussians: Gaussians, camera: Camera) -> tuple[Tensor, Tensor, Tensor]:
        if len(gaussians) == 0:
            empty = torch.zeros(camera.height, camera.width, 5, device=self._device)
            return empty[..., :3], empty[..., 3], empty[..., 4]
        if self._uploaded is None or self._uploaded[0] is not gaussians:
            parts = (
                gaussians.means,
                gaussians.quaternions,
                gaussians.scales,
                gaussians.opacities,
                gaussians.colours,
            )
            uploaded = tuple(torch.tensor(part, device=self._device) for part in parts)
            self._uploaded = (gaussians, uploaded)
        means, quaternions, scales, opacities, colours = self._uploaded[1]
        return rasterize_gsplat(means, quaternions, scales, opacities, colours, camera)
