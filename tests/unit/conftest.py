"""What many tests of heads begin with."""

import pytest

from inference.head.gaussians import Gaussians
from inference.head.template import HeadTemplate
from tests.unit.template_heads import round_head


@pytest.fixture(scope="session")
def template() -> HeadTemplate:
    return HeadTemplate.load()


@pytest.fixture(scope="session")
def head(template: HeadTemplate) -> Gaussians:
    """The template itself, of grey balls."""
    return round_head(template, template.anchors)
