"""The regions of a face and their two orders."""

import numpy as np
import pytest

from inference.face_map.labels import Label
from inference.parsing.label_orders import (
    CELEBAMASK_NAMES,
    FARL_NAMES,
    from_celebamask,
    label_order,
)
from inference.parsing.protocol import FaceParsing


def test_farl_s_order_is_ours():
    assert label_order(FARL_NAMES) == tuple(Label)


def test_celebamask_names_sides_as_they_lie_in_the_picture():
    order = dict(zip(CELEBAMASK_NAMES, label_order(CELEBAMASK_NAMES), strict=True))
    assert sorted(order.values()) == list(Label)
    assert order["l_eye"] == Label.RIGHT_EYE
    assert order["r_brow"] == Label.LEFT_BROW
    assert order["l_ear"] == Label.RIGHT_EAR
    # Upper and lower, not sides.
    assert (order["u_lip"], order["l_lip"]) == (Label.UPPER_LIP, Label.LOWER_LIP)
    assert (order["skin"], order["neck_l"]) == (Label.FACE, Label.NECKLACE)


def test_a_map_is_converted():
    theirs = np.array([[0, 1, 4], [5, 17, 18]], np.uint8)
    ours = from_celebamask(theirs)
    assert ours.dtype == np.uint8
    assert ours.tolist() == [[0, 2, 8], [9, 14, 16]]
    with pytest.raises(IndexError):
        from_celebamask(np.array([[19]], np.uint8))


@pytest.mark.parametrize("names", [(), FARL_NAMES[:18], ("background",) * 19, (*FARL_NAMES, "x")])
def test_other_regions_are_refused(names):
    with pytest.raises(ValueError, match="19 regions"):
        label_order(names)


def test_the_likeliest_region_wins():
    scores = np.zeros((19, 2, 2), np.float32)
    scores[0] = 0.4
    scores[14, 0] = 0.6
    labels = FaceParsing(scores).labels
    assert labels.dtype == np.uint8
    assert labels.tolist() == [[14, 14], [0, 0]]
    with pytest.raises(ValueError, match="19"):
        FaceParsing(scores[:11])
