"""Drawing Gaussians so that a loss on the picture has gradients, for fitting and training."""

from functools import cache
from typing import Any, Literal

import torch

from inference.rendering.camera import Camera
from inference.rendering.ewa import ALPHA_FLOOR
from inference.rendering.portable.renderer import PortableRenderer
from inference.rendering.portable.workspace import Splats

Tensor = torch.Tensor
Backend = Literal["portable", "twin", "gsplat"]


@cache
def _shared_renderer() -> PortableRenderer:
    """One team of threads for all calls that bring no renderer of their own."""
    return PortableRenderer()


def _as_array(tensor: Tensor) -> Any:
    return tensor.detach().to("cpu", torch.float32).contiguous().numpy()


class _PortableFunction(torch.autograd.Function):
    """The portable renderer as one differentiable operation; depth is accumulated here."""

    @staticmethod
    def forward(
        ctx: Any,
        means: Tensor,  # [N, 3]
        quaternions: Tensor,  # [N, 4]
        scales: Tensor,  # [N, 3]
        opacities: Tensor,  # [N]
        colours: Tensor,  # [N, 3]
        camera: Camera,
        renderer: PortableRenderer,
    ) -> tuple[Tensor, Tensor, Tensor]:
        attributes = (means, quaternions, scales, opacities, colours)
        tape = renderer.record(Splats(*(_as_array(x) for x in attributes)), camera)
        # Saved only so that autograd notices when one is changed in place before backward.
        ctx.save_for_backward(*attributes)
        ctx.tape, ctx.renderer = tape, renderer
        ctx.set_materialize_grads(False)
        colour, alpha, depth = (
            torch.from_numpy(x).to(means) for x in (tape.colour, tape.alpha, tape.depth)
        )
        return colour.clone(), alpha.clone(), depth

    @staticmethod
    def backward(
        ctx: Any, by_colour: Tensor | None, by_alpha: Tensor | None, by_depth: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        attributes = ctx.saved_tensors
        tape = ctx.tape
        if by_colour is None:
            by_colour = torch.zeros(tape.colour.shape)
        if by_alpha is None:
            by_alpha = torch.zeros(tape.alpha.shape)
        results = ctx.renderer.gradients(
            tape,
            _as_array(by_colour),
            _as_array(by_alpha),
            None if by_depth is None else _as_array(by_depth),
        )
        gradients = [
            torch.from_numpy(result).to(attribute)
            for result, attribute in zip(results, attributes, strict=True)
        ]
        return (*gradients, None, None)


def rasterize(
    means: Tensor,  # [N, 3] metres
    quaternions: Tensor,  # [N, 4] wxyz, any length but zero
    scales: Tensor,  # [N, 3] standard deviations in metres
    opacities: Tensor,  # [N] 0..1
    colours: Tensor,  # [N, 3]
    camera: Camera,
    backend: Backend = "portable",
    renderer: PortableRenderer | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw Gaussians over nothing, differentiably by all five attributes.

    Args:
        means: centres.
        quaternions: orientations.
        scales: sizes along the own axes.
        opacities: peak alphas.
        colours: RGB, or any three features.
        camera: where from.
        backend: "portable" (any computer, float32), "twin" (slow, exact, any dtype) or "gsplat"
            (tensors on CUDA).
        renderer: whose threads the portable backend uses; by default all cores'.

    Returns:
        Colour [H, W, 3] premultiplied, alpha [H, W], expected depth [H, W] in metres (0 where
        alpha is), on the device and of the dtype of `means`.

    Raises:
        ValueError: unknown backend.
    """
    if backend == "twin":
        from inference.rendering.torch_twin import rasterize_twin

        return rasterize_twin(means, quaternions, scales, opacities, colours, camera)
    if backend == "gsplat":
        from inference.rendering.gsplat_cuda import rasterize_gsplat

        return rasterize_gsplat(means, quaternions, scales, opacities, colours, camera)
    if backend != "portable":
        raise ValueError(f"unknown backend {backend!r}")
    colour, alpha, accumulated = _PortableFunction.apply(
        means, quaternions, scales, opacities, colours, camera, renderer or _shared_renderer()
    )
    return colour, alpha, accumulated / alpha.clamp(min=ALPHA_FLOOR)
