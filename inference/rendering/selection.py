"""Which renderer this computer gets, and why not a quicker one."""

from dataclasses import dataclass

from inference.rendering.protocol import Renderer


@dataclass(frozen=True)
class RendererOption:
    """One renderer that could draw.

    Attributes:
        name: its name.
        usable: whether it draws on this computer.
        reason: one phrase: on what it draws, or why it does not.
    """

    name: str
    usable: bool
    reason: str


def renderer_options() -> list[RendererOption]:
    """All renderers, the quickest first; each claim was tried, not guessed."""
    return [_gsplat_option(), _opengl_option(), _portable_option()]


def choose_renderer() -> Renderer:
    """The quickest renderer that really draws here; the portable one does everywhere."""
    if _gsplat_option().usable:
        from inference.rendering.gsplat_cuda import GsplatRenderer

        return GsplatRenderer()
    if _opengl_option().usable:
        from inference.rendering.fallback import FallbackRenderer
        from inference.rendering.opengl.renderer import OpenGLRenderer

        return FallbackRenderer(OpenGLRenderer(), _portable)
    return _portable()


def _portable() -> Renderer:
    from inference.rendering.portable.renderer import PortableRenderer

    return PortableRenderer()


def _gsplat_option() -> RendererOption:
    import importlib.util

    if importlib.util.find_spec("gsplat") is None:  # do not load torch to say so
        return RendererOption("gsplat", False, "gsplat is not installed (extra 'cuda')")
    from inference.rendering.gsplat_cuda import probe

    usable, reason = probe()
    return RendererOption("gsplat", usable, reason)


def _opengl_option() -> RendererOption:
    from inference.rendering.opengl.probe import probe

    return RendererOption("OpenGL", *probe())


def _portable_option() -> RendererOption:
    from inference.rendering.portable.team import usable_cores

    cores = usable_cores()
    return RendererOption("portable", True, f"draws on {cores} core{'s' if cores > 1 else ''}")
