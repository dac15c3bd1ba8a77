"""What the first stroke needs is made while the user still looks at the map."""

from dataclasses import replace

import numpy as np

from inference.errors import UsageError
from inference.face_map.labels import Label
from tests.desktop.editing import WAIT, begin_painting, settle, stroke
from tests.dummy_engine import DummyEngine


def opened(make_window, portrait, qtbot, engine):
    window = make_window(engine=engine)
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    return window


def begun(window, qtbot):
    """The job that prepares, in its middle."""
    preparation = window.editing.preparation
    qtbot.waitUntil(lambda: preparation.job is not None, timeout=WAIT)
    return preparation.job


def test_it_begins_when_the_map_is_there_and_says_nothing(make_window, portrait, qtbot):
    engine = DummyEngine(0.3)
    window = opened(make_window, portrait, qtbot, engine)
    qtbot.wait(100)
    assert window.editing.preparation.job is None  # nobody has begun to edit
    panel = begin_painting(window, qtbot)
    job = begun(window, qtbot)
    assert not window.status.bar.isVisible()
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    (request,) = engine.prepared
    assert request.base is window.session.head
    assert request.base_style is window.session.reading.style
    np.testing.assert_array_equal(request.base_labels, panel.document.parsed)
    assert window.session.edited is None


def test_it_begins_too_for_who_is_about_to_describe_a_style(make_window, portrait, qtbot):
    engine = DummyEngine()
    window = opened(make_window, portrait, qtbot, engine)
    window.editing.style.first.line.setFocus()
    qtbot.waitUntil(lambda: len(engine.prepared) == 1, timeout=WAIT)


def test_a_stroke_does_not_stop_it(make_window, portrait, qtbot):
    engine = DummyEngine(0.6)
    window = opened(make_window, portrait, qtbot, engine)
    panel = begin_painting(window, qtbot)
    job = begun(window, qtbot)
    stroke(panel, qtbot, Label.HAT)
    settle(window, qtbot)
    assert (window.session.edited.request.labels == Label.HAT).any()
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    assert not job.token.cancelled
    assert len(engine.prepared) == 1
    stroke(panel, qtbot, Label.GLASSES, y=240)
    settle(window, qtbot)
    assert len(engine.prepared) == 1


def test_another_portrait_stops_it(make_window, portrait, pair, qtbot):
    engine = DummyEngine(0.6)
    window = opened(make_window, portrait, qtbot, engine)
    begin_painting(window, qtbot)
    job = begun(window, qtbot)
    window.opening.open(pair)
    qtbot.waitUntil(lambda: window.session.name == "pair", timeout=WAIT)
    assert job.token.cancelled
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    assert engine.prepared == []
    assert window.editing.preparation.job is None


def test_another_head_of_the_portrait_stops_it_and_is_prepared_itself(make_window, portrait, qtbot):
    engine = DummyEngine(0.4)
    window = opened(make_window, portrait, qtbot, engine)
    begin_painting(window, qtbot)
    job = begun(window, qtbot)
    old = window.session.head
    options = replace(window.session.edits.options, fit_strength=0.5)
    window.session.change("Fit Less", options=options)
    assert job.token.cancelled
    qtbot.waitUntil(lambda: window.session.head is not old, timeout=WAIT)
    qtbot.waitUntil(lambda: len(engine.prepared) == 1, timeout=WAIT)
    assert engine.prepared[0].base is window.session.head


def test_closing_the_window_stops_it(make_window, portrait, qtbot):
    engine = DummyEngine(0.6)
    window = opened(make_window, portrait, qtbot, engine)
    begin_painting(window, qtbot)
    job = begun(window, qtbot)
    window.close()  # make_window asserts that no thread is left
    assert job.token.cancelled
    assert engine.prepared == []


def test_what_goes_wrong_is_told_by_the_edit_alone(make_window, portrait, qtbot, monkeypatch):
    engine = DummyEngine()

    def fail(*_):
        raise UsageError("There are no weights: choose others.")

    monkeypatch.setattr(engine, "prepare_edits", fail)
    monkeypatch.setattr(engine, "edit", fail)
    window = opened(make_window, portrait, qtbot, engine)
    jobs = []
    window.runner.started.connect(jobs.append)
    panel = begin_painting(window, qtbot)
    before = window.status.text.text()
    qtbot.waitUntil(
        lambda: any(job.title == "Getting ready" and job.done for job in jobs), timeout=WAIT
    )
    assert window.status.text.text() == before
    stroke(panel, qtbot, Label.HAT)
    qtbot.waitUntil(lambda: "no weights" in window.status.text.text(), timeout=WAIT)
