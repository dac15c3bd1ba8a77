"""What the evaluation of edits counts, and what of it stands in its two files."""

import json

import numpy as np
import pytest

from inference.face_map.labels import Label
from inference.features.style_blocks import BLOCKS, WIDTH, with_block
from training.evaluation.attribute_probe import RIVALS
from training.evaluation.edit_figures import (
    EditScore,
    block_cosines,
    by_group,
    cosines_by_block,
    figures_of,
    read_by_style,
)
from training.evaluation.edits import filled_glasses, intersection_over_union, markdown

NAMES = [block.name for block in BLOCKS]


def score(style="a", read=0.8, groups=("sex: male",), alike=0.9, block=0.5):
    return EditScore(style, groups, 0.7, read, alike, dict.fromkeys(NAMES, block))


def test_maps_are_compared_class_by_class_and_specks_do_not_count():
    given = np.zeros((100, 100), np.uint8)
    given[:50] = Label.HAIR
    given[0, 0] = Label.EARRING
    found = np.roll(given, 10, axis=0)  # ten rows of fifty go, ten come
    assert intersection_over_union(given, given) == 1
    assert intersection_over_union(found, given) == pytest.approx(40 / 60, abs=0.01)


def test_lenses_are_the_glasses_around_them():
    labels = np.full((60, 60), Label.FACE, np.uint8)
    labels[10:40, 10:40] = Label.GLASSES
    labels[13:37, 13:37] = Label.LEFT_EYE
    filled = filled_glasses(labels)
    assert (filled[10:40, 10:40] == Label.GLASSES).all()
    assert (filled[41:] == Label.FACE).all()


def test_a_style_is_compared_aspect_by_aspect():
    given = np.random.default_rng(0).normal(size=WIDTH).astype(np.float32)
    other = with_block(3 * given, "hair colour", -given)
    cosines = block_cosines(other, given)
    assert list(cosines) == NAMES
    assert cosines.pop("hair colour") == pytest.approx(-1)
    assert list(cosines.values()) == pytest.approx([1] * len(cosines))
    silent = with_block(given, "beard", np.zeros(WIDTH, np.float32))
    assert block_cosines(silent, given)["beard"] == 0


def test_the_worst_tenth_of_what_the_parser_reads_stands_beside_its_mean():
    figures = figures_of([score(read=value) for value in np.linspace(0, 1, 11)])
    assert figures["map_read_by_parser_mean_iou"] == 0.5
    assert figures["map_read_by_parser_worst_tenth"] == 0.1
    assert (figures["map_kept_mean_iou"], figures["map_kept_worst_tenth"]) == (0.7, 0.7)
    assert (figures["style_kept_mean_cosine"], figures["style_kept_worst_tenth"]) == (0.9, 0.9)


def test_styles_groups_and_aspects_have_means_of_their_own():
    scores = [
        score("b", 0.2, ("sex: female", "skin tone: dark"), 0.4, 0.1),
        score("a", 0.8, ("sex: male", "skin tone: dark"), 0.6, 0.2),
        score("b", 0.4, ("sex: male", "skin tone: light"), 1.0, 0.6),
    ]
    styles = read_by_style(scores)
    assert list(styles.items()) == [("b", 0.3), ("a", 0.8)]  # the worst comes first
    assert by_group(scores) == {
        "sex: female": [0.2, 0.4],
        "sex: male": [0.6, 0.8],
        "skin tone: dark": [0.5, 0.5],
        "skin tone: light": [0.4, 1.0],
    }
    assert cosines_by_block(scores) == dict.fromkeys(NAMES, 0.3)


def test_the_page_shows_what_the_json_holds():
    scores = [score("head_0007", read=0.31), score("head_0003", read=0.77, block=0.25)]
    result = {
        "heads": 2,
        **figures_of(scores),
        "prompts_right": 0.65,
        "prompts": [{"prompt": "grey hair", "right": 0.65}],
        "probe_recall": {name: [None, *[0.5] * (len(r) - 1)] for name, r in RIVALS.items()},
        "by_group_of_the_map": by_group(scores),
        "map_read_by_parser_by_style": read_by_style(scores),
        "style_kept_by_block": cosines_by_block(scores),
    }
    rows = markdown(json.loads(json.dumps(result))).splitlines()
    assert "| the same, read by our parser | 0.54 | 0.356 | 0.70 |" in rows
    assert "| that with the style that does worst, head_0007 | 0.31 | | |" in rows
    assert "| grey hair | 0.65 |" in rows
    assert "| sex: male | 0.54 | 0.9 |" in rows
    for name in NAMES:
        assert f"| {name} | 0.375 |" in rows
    assert "| beard: none |  |" in rows  # nobody had none
