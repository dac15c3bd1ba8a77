"""Ablations train with the paper's losses, say what stands in, or why they are left out."""

import pytest

from inference.errors import UsageError
from training.ablations import Runner, chosen_loss, main, missing_networks, parse_options
from training.config import RECONSTRUCTION
from training.evaluation.ablations import ABLATIONS
from training.named_loss import LOSSES

BY_NAME = {ablation.name: ablation for ablation in ABLATIONS}


def _options(tmp_path, *more: str):
    words = ["--heads", str(tmp_path), "--test", "held-out:x", "--out", str(tmp_path / "out")]
    return parse_options([*words, *more])


def test_every_row_can_be_trained_by_the_scripts():
    for ablation in ABLATIONS:
        assert ablation.loss in LOSSES
        assert ablation.stand_in is None or ablation.stand_in in LOSSES
        assert ablation.preset is None or ablation.preset in RECONSTRUCTION


def test_given_networks_are_used_and_missing_ones_replaced():
    assert chosen_loss(BY_NAME["loss-both"], {}) == ("dino+sam", "")
    assert chosen_loss(BY_NAME["loss-both"], {"sam": "no SAM"}) == ("embedded", "embedded")
    assert chosen_loss(BY_NAME["loss-lpips-l1"], {"lpips": "no LPIPS"}) == ("l1", "l1")
    assert chosen_loss(BY_NAME["loss-dino"], {"sam": "no SAM"}) == ("dino", "")


def test_a_loss_without_stand_in_is_left_out_with_its_reason():
    with pytest.raises(UsageError, match="no SAM"):
        chosen_loss(BY_NAME["loss-sam"], {"sam": "no SAM"})


def test_missing_networks_are_named_by_their_option(tmp_path):
    missing = missing_networks(_options(tmp_path))
    assert "--loss-dino" in missing["dino"]
    assert "--loss-sam" in missing["sam"]
    given = missing_networks(_options(tmp_path, "--loss-dino", "a", "--loss-sam", "b"))
    assert not {"dino", "sam"} & set(given)


def test_light_models_say_which_backbone_they_want(tmp_path):
    runner = Runner(_options(tmp_path))
    with pytest.raises(UsageError, match="--dinov2-small"):
        runner.run(BY_NAME["light-s"])
    with pytest.raises(UsageError, match="--dinov2-giant"):
        runner.run(BY_NAME["light"])


def test_rows_that_differ_only_in_use_share_one_training():
    full = {BY_NAME[name].network for name in ("data-both", "loss-both", "sharpening-with")}
    assert full == {BY_NAME["sharpening-without"].network}
    assert len({ablation.network for ablation in ABLATIONS}) == 9


def test_without_heads_it_ends_with_status_2(tmp_path, capsys):
    words = ["--heads", str(tmp_path), "--test", "held-out:x", "--out", str(tmp_path / "out")]
    assert main(words) == 2
    assert "training.synthetic.generate" in capsys.readouterr().err
