"""Whether OpenGL is worth using here, tried in another process: a broken driver may end it."""

import json
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import inference
from inference.rendering.opengl_probe import is_software

_TIMEOUT_SECONDS = 20.0


@cache
def probe() -> tuple[bool, str]:
    """Whether a GPU draws Gaussians by OpenGL here, and if not, why, in one phrase."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        try:
            subprocess.run(
                _command(answer),
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_TIMEOUT_SECONDS,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows only
                check=True,
            )
            usable, reason = json.loads(answer.read_text())
        except subprocess.TimeoutExpired:
            return False, f"OpenGL did not answer within {_TIMEOUT_SECONDS:g} seconds"
        except subprocess.CalledProcessError as error:
            return False, f"OpenGL ended the process that tried it (status {error.returncode})"
        except (OSError, ValueError):
            return False, "OpenGL ended the process that tried it without an answer"
    return bool(usable), str(reason)


def _command(answer: Path) -> list[str]:
    if getattr(sys, "frozen", False):  # the bundled program is its own Python
        return [sys.executable, "doctor", "--try-opengl", str(answer)]
    return [sys.executable, "-m", __name__, str(answer)]


def _environment() -> dict[str, str]:
    """Ours, with which the other Python finds this package too."""
    root = str(Path(inference.__file__).parents[1])
    others = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([root, *([others] if others else [])])}


def answer_into(path: Path) -> None:
    """What the other process does: try, and write [usable, reason] as JSON."""
    path.write_text(json.dumps(try_opengl()))


def try_opengl() -> tuple[bool, str]:
    """Look at the device and, if it is a GPU, draw with it."""
    try:
        from inference.rendering.opengl.context import OpenGLError, device_name, open_context
    except (ImportError, OSError) as error:
        return False, f"moderngl does not load ({error})"
    try:
        context = open_context()
        device = device_name(context)
        context.release()
    except OpenGLError as error:
        return False, str(error)
    if is_software(device):
        return False, f"{device} is drawn by the processor, which the portable renderer does faster"
    try:
        right = draws_right()
    except Exception as error:  # noqa: BLE001 - a driver may fail in any way
        return False, f"{device} does not draw ({error})".splitlines()[0]
    if not right:
        return False, f"{device} draws wrong pictures"
    return True, f"draws on {device}"


def draws_right() -> bool:
    """Whether two translucent Gaussians come out as they must, in both precisions."""
    import numpy as np

    from inference.head.gaussians import Gaussians
    from inference.rendering.camera import orbit_camera
    from inference.rendering.opengl.renderer import OpenGLRenderer

    red_before_green = Gaussians(
        means=np.array([[0, 0, 0.1], [0, 0, -0.1]], np.float32),
        quaternions=np.array([[1, 0, 0, 0]] * 2, np.float32),
        scales=np.full((2, 3), 0.05, np.float32),
        opacities=np.full(2, 0.5, np.float32),
        colours=np.array([[1, 0, 0], [0, 1, 0]], np.float32),
    )
    camera = orbit_camera(size=(33, 33), distance=1.0, target=(0.0, 0.0, 0.0))
    renderer = OpenGLRenderer()
    frame = renderer.render(red_before_green, camera)
    moving = renderer.preview_rgba8(red_before_green, camera, None)
    renderer.close()
    expected = np.array([0.5, 0.25, 0, 0.75])
    depth = (0.5 * 0.9 + 0.25 * 1.1) / 0.75
    return bool(
        np.allclose([*frame.colour[16, 16], frame.alpha[16, 16]], expected, atol=1e-3)
        and np.allclose(moving[16, 16] / 255, expected, atol=0.01)
        and abs(frame.depth[16, 16] - depth) < 1e-3
    )


if __name__ == "__main__":
    answer_into(Path(sys.argv[1]))
