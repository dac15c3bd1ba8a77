"""Choosing in the Models window which weights make the heads."""

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from safetensors.torch import save_file

from desktop.engine_holder import engine_with, remembered_engine
from desktop.models.entrance import Models
from desktop.models.weights import Weights
from desktop.preferences import Choices, Preferences
from inference.catalogue.table import model_entry
from inference.errors import InvalidModelError
from inference.model.config import PRESETS
from tests.desktop.conftest import WAIT
from tests.dummy_engine import DummyEngine
from tests.unit.catalogue_helpers import make_store

LEFT = Qt.MouseButton.LeftButton


def make_engine(choices):
    """Stands for engine_with: the file's name says what is in it."""
    words = choices.checkpoint
    if choices.foreground == "vitmatte" and not words:
        raise InvalidModelError("The model vitmatte-small is not on this computer: get it.")
    if choices.parser == "farl" and not words:
        raise InvalidModelError("The model farl-celebm-448 is not on this computer: get it.")
    if "broken" in words:
        raise InvalidModelError("broken.safetensors is damaged: choose another file.")
    return DummyEngine(30.0 if "slow" in words else 0.01, decoder_layers=10 if words else 4)


@pytest.fixture
def opened(make_window, portrait, qtbot, tmp_path):
    """A window with a head, and the line of its Models window about weights."""
    engine = DummyEngine(0.01)
    window = make_window(engine=engine)
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    holder = window.pipeline._engine
    weights = Weights(
        window.runner, holder, window.preferences, window.pipeline.engine_changed, make_engine
    )
    window.models = Models(
        window,
        window.runner,
        window.status.say,
        weights,
        models=[model_entry(name) for name in ("embedded", "farl-celebm-448", "vitmatte-small")],
        store=make_store(tmp_path),
    )
    window.actions_["models"].trigger()
    qtbot.waitUntil(lambda: window.models.window is not None, timeout=WAIT)
    qtbot.waitUntil(lambda: window.models.window.weights.isVisible(), timeout=WAIT)
    return window, window.models.window.weights


def choose(qtbot, monkeypatch, row, file):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    assert row.choose.isVisible()
    qtbot.mouseClick(row.choose, LEFT)


def wait_for_another(qtbot, session, head):
    qtbot.waitUntil(lambda: session.head is not None and session.head is not head, timeout=WAIT)


def stored(tmp_path):
    return Preferences.load(tmp_path / "preferences.json").choices.checkpoint


def test_the_open_head_is_made_again_by_the_chosen_weights_and_by_the_built_in_ones(
    opened, qtbot, monkeypatch, tmp_path
):
    window, row = opened
    assert row.using.text() == "Heads are made by the built-in weights"
    assert not row.back.isVisible()
    first = window.session.head
    choose(qtbot, monkeypatch, row, tmp_path / "ours.safetensors")
    qtbot.waitUntil(lambda: row.using.text() == "Heads are made by ours.safetensors", timeout=WAIT)
    wait_for_another(qtbot, window.session, first)
    assert window.pipeline.layers == 10
    assert stored(tmp_path) == str(tmp_path / "ours.safetensors")

    second = window.session.head
    qtbot.mouseClick(row.back, LEFT)
    wait_for_another(qtbot, window.session, second)
    assert row.using.text() == "Heads are made by the built-in weights"
    assert window.pipeline.layers == 4
    assert stored(tmp_path) == ""


def test_edits_of_the_old_weights_are_not_taken_for_those_of_the_new(
    opened, qtbot, monkeypatch, tmp_path
):
    window, row = opened
    head = window.session.head
    window.editing.maker.enter(on=True)
    qtbot.waitUntil(lambda: window.session.reading is not None, timeout=WAIT)
    old = window.session.reading
    choose(qtbot, monkeypatch, row, tmp_path / "ours.safetensors")
    wait_for_another(qtbot, window.session, head)
    assert window.session.edited is None
    assert window.session.reading is not old
    assert not window.session.history.undo_label


def test_weights_that_cannot_be_used_are_told_and_the_old_ones_stay(
    opened, qtbot, monkeypatch, tmp_path
):
    window, row = opened
    head = window.session.head
    choose(qtbot, monkeypatch, row, tmp_path / "broken.safetensors")
    qtbot.waitUntil(row.problem.isVisible, timeout=WAIT)
    assert row.problem.text() == "broken.safetensors is damaged: choose another file."
    assert row.using.text() == "Heads are made by the built-in weights"
    assert window.session.head is head
    assert stored(tmp_path) == ""


def test_loading_can_be_cancelled(opened, qtbot, monkeypatch, tmp_path):
    _, row = opened
    choose(qtbot, monkeypatch, row, tmp_path / "slow.safetensors")
    qtbot.waitUntil(row.cancel.isVisible, timeout=WAIT)
    assert row.using.text() == "Loading the weights…"
    qtbot.mouseClick(row.cancel, LEFT)
    qtbot.waitUntil(row.choose.isVisible, timeout=WAIT)
    assert row.using.text() == "Heads are made by the built-in weights"
    assert not row.problem.isVisible()
    assert stored(tmp_path) == ""


def test_faces_are_read_by_the_parser_that_was_chosen(opened, qtbot, monkeypatch, tmp_path):
    window, row = opened
    parser = window.models.window.parser
    qtbot.waitUntil(parser.isVisible, timeout=WAIT)
    assert parser.using.text() == "Faces are read by the built-in parser"
    qtbot.mouseClick(parser.change, LEFT)
    qtbot.waitUntil(parser.problem.isVisible, timeout=WAIT)
    assert "farl-celebm-448 is not on this computer" in parser.problem.text()
    assert not row.problem.isVisible()
    assert parser.using.text() == "Faces are read by the built-in parser"

    choose(qtbot, monkeypatch, row, tmp_path / "ours.safetensors")
    qtbot.waitUntil(lambda: stored(tmp_path) != "", timeout=WAIT)
    qtbot.waitUntil(parser.change.isEnabled, timeout=WAIT)
    qtbot.mouseClick(parser.change, LEFT)
    qtbot.waitUntil(lambda: parser.using.text() == "Faces are read by FaRL", timeout=WAIT)
    kept = Preferences.load(tmp_path / "preferences.json").choices
    assert (kept.parser, kept.checkpoint) == ("farl", str(tmp_path / "ours.safetensors"))
    assert engine_with(Choices(parser=kept.parser))._parser_name == "farl"


def test_heads_are_cut_out_by_what_was_chosen(opened, qtbot, monkeypatch, tmp_path):
    window, row = opened
    foreground = window.models.window.foreground
    qtbot.waitUntil(foreground.isVisible, timeout=WAIT)
    assert foreground.using.text() == "Heads are cut out by the built-in networks"
    qtbot.mouseClick(foreground.change, LEFT)
    qtbot.waitUntil(foreground.problem.isVisible, timeout=WAIT)
    assert "vitmatte-small is not on this computer" in foreground.problem.text()
    assert not row.problem.isVisible()
    assert not window.models.window.parser.problem.isVisible()

    choose(qtbot, monkeypatch, row, tmp_path / "ours.safetensors")
    qtbot.waitUntil(lambda: stored(tmp_path) != "", timeout=WAIT)
    qtbot.waitUntil(foreground.change.isEnabled, timeout=WAIT)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    head = window.session.head
    qtbot.mouseClick(foreground.change, LEFT)
    wait_for_another(qtbot, window.session, head)
    assert window.session.head.portrait is not head.portrait
    assert foreground.using.text() == "Heads are cut out by ViTMatte"
    kept = Preferences.load(tmp_path / "preferences.json").choices
    assert kept.foreground == "vitmatte"
    assert engine_with(Choices(foreground="vitmatte")).foreground == "vitmatte"


def test_a_checkpoint_names_its_preset(tmp_path):
    assert engine_with(Choices()).preset == "embedded"
    file = tmp_path / "ours.safetensors"
    info = (
        '{"preset": "light-s", "embedding_widths": {}, "template_id": "t", "trained_by": "", '
        '"licence": ""}'
    )
    save_file({"x": torch.zeros(1)}, file, metadata={"format": "perchead-1", "info": info})
    engine = engine_with(Choices(str(file)))
    assert engine.preset == "light-s"
    assert engine.decoder_layers == PRESETS["light-s"].decoder.layers
    file.unlink()
    with pytest.raises(InvalidModelError, match="chosen in File, Models"):
        remembered_engine(Choices(str(file)))
