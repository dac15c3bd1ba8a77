"""Cancel works at every stage, and work can be begun again."""

import pytest
from PySide6.QtCore import Qt

WAIT = 30_000
STAGES = (
    "Loading the models",
    "Finding the face",
    "Cutting out the head",
    "Making the head",
    "Fitting to the photograph",
)


@pytest.mark.parametrize("stage", STAGES)
def test_cancel_stops_every_stage(make_window, portrait, qtbot, stage):
    window = make_window(seconds=0.5)
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.status.text.text() == f"{stage}…", timeout=WAIT)
    assert window.status.bar.isVisible()
    assert window.status.cancel.isVisible()
    job = window.pipeline.job
    qtbot.mouseClick(window.status.cancel, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(job.ended, timeout=WAIT):
        pass
    qtbot.waitUntil(lambda: not window.pipeline.busy, timeout=WAIT)
    assert window.session.head is None
    assert not window.status.cancel.isVisible()
    assert window.status.text.text() == "Stopped."


def test_after_a_cancel_the_head_can_be_made(make_window, portrait, qtbot):
    window = make_window(seconds=0.3)
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.prepared is not None, timeout=WAIT)
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.pipeline.busy, timeout=WAIT)
    assert window.portrait_panel.banner.isVisible()
    qtbot.mouseClick(window.portrait_panel.banner.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    assert not window.portrait_panel.banner.isVisible()


def test_after_a_cancel_during_the_search_it_is_begun_again(make_window, portrait, qtbot):
    window = make_window(seconds=0.3)
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.image is not None, timeout=WAIT)
    window.actions_["cancel"].trigger()
    qtbot.waitUntil(lambda: not window.pipeline.busy, timeout=WAIT)
    window.actions_["make"].trigger()
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)


def test_stages_and_fractions_are_shown(make_window, portrait, qtbot):
    window = make_window(seconds=0.2)
    seen: dict[str, list[float]] = {}
    window.pipeline.started.connect(
        lambda job: job.progressed.connect(
            lambda stage, fraction: seen.setdefault(stage, []).append(fraction)
        )
    )
    window.opening.open(portrait)
    qtbot.waitUntil(lambda: window.session.head is not None, timeout=WAIT)
    for stage in STAGES:
        assert seen[stage] == sorted(seen[stage])
        assert any(0 < fraction < 1 for fraction in seen[stage])


def test_moving_the_options_in_the_middle_gives_the_head_of_the_last_ones(
    make_window, portrait, qtbot
):
    window = make_window(seconds=0.15)
    window.opening.open(portrait)
    options = window.portrait_panel.options
    qtbot.waitUntil(lambda: window.session.prepared is not None, timeout=WAIT)
    options.fit.click()
    options.fit.click()
    options.fit.click()
    qtbot.waitUntil(
        lambda: window.session.head is not None and not window.session.head.options.fit,
        timeout=WAIT,
    )
    assert not window.session.edits.options.fit
    qtbot.waitUntil(lambda: not window.pipeline.busy, timeout=WAIT)
