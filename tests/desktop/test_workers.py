"""Work off the user interface's thread."""

import threading
import time

import pytest

from desktop.preferences import Preferences
from desktop.viewport.shared_renderer import SharedRenderer
from desktop.workers import JobRunner
from inference.errors import NoFaceError

WAIT = 10_000


@pytest.fixture
def runner(qtbot):
    runner = JobRunner()
    yield runner
    runner.shutdown()


def outcome_of(job) -> list:
    """What the job tells, in order."""
    told = []
    job.succeeded.connect(lambda value: told.append(("succeeded", value)))
    job.failed.connect(lambda sentence: told.append(("failed", sentence)))
    job.cancelled.connect(lambda: told.append(("cancelled",)))
    job.ended.connect(lambda: told.append(("ended",)))
    return told


def test_a_result_arrives_on_the_thread_that_asked(runner, qtbot):
    where = []
    job = runner.start("Adding", lambda job: (1 + 1, threading.current_thread().name))
    job.succeeded.connect(lambda value: where.append((value, threading.current_thread())))
    qtbot.waitUntil(lambda: bool(where), timeout=WAIT)
    (result, worker), receiver = where[0]
    assert result == 2
    assert worker == "perchead Adding"
    assert receiver is threading.main_thread()


def test_an_error_of_the_user_is_its_sentence(runner, qtbot):
    def work(job):
        raise NoFaceError("No face was found: choose another picture.")

    job = runner.start("Looking", work)
    told = outcome_of(job)
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    assert told == [("failed", "No face was found: choose another picture."), ("ended",)]


@pytest.mark.parametrize("error", [KeyError("x"), MemoryError(), ZeroDivisionError("oh")])
def test_any_other_error_is_one_sentence_too(runner, qtbot, error, caplog):
    def work(job):
        raise error

    job = runner.start("Breaking", work)
    told = outcome_of(job)
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    kind, sentence = told[0]
    assert kind == "failed"
    assert sentence.endswith("try again.")
    assert "\n" not in sentence


def test_cancel_is_told_once(runner, qtbot):
    def work(job):
        while True:
            job.token.check()
            time.sleep(0.005)

    job = runner.start("Waiting", work)
    told = outcome_of(job)
    job.cancel()
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    assert told == [("cancelled",), ("ended",)]


def test_in_a_lane_the_latest_wins_and_two_never_run_together(runner, qtbot):
    running, most, results = [], [], []

    def work(number):
        def run(job):
            running.append(number)
            most.append(len(running))
            try:
                for _ in range(10):
                    job.token.check()
                    time.sleep(0.005)
            finally:
                running.remove(number)
            return number

        return run

    for number in range(6):
        job = runner.start("Head", work(number), lane="head")
        job.succeeded.connect(results.append)
        job.cancelled.connect(lambda: results.append("cancelled"))
    qtbot.waitUntil(lambda: job.done, timeout=WAIT)
    assert results == [5]
    assert max(most) == 1


def test_shutdown_waits_for_every_thread(qtbot):
    runner = JobRunner()

    def work(job):
        while not job.token.cancelled:
            time.sleep(0.005)
        time.sleep(0.1)

    for number in range(3):
        runner.start(f"Job {number}", work)
    runner.shutdown()
    assert not [t for t in threading.enumerate() if t.name.startswith("perchead Job")]
    with pytest.raises(RuntimeError):
        runner.start("Late", work)


class SlowRenderer:
    """Counts who draws; a picture takes 20 ms."""

    name = "slow"

    def __init__(self) -> None:
        self.order: list[str] = []
        self.inside = 0

    def render(self, gaussians, camera):
        self.inside += 1
        assert self.inside == 1
        time.sleep(0.02)
        self.order.append(camera)
        self.inside -= 1

    def render_rgba8(self, gaussians, camera, background=None):
        return self.render(gaussians, camera)


def test_the_preview_overtakes_exports_and_they_never_draw_together():
    slow = SlowRenderer()
    shared = SharedRenderer(lambda: slow)
    threads = [
        threading.Thread(target=shared.exports.render, args=(None, "export")) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    time.sleep(0.01)
    shared.preview.render(None, "preview")
    for thread in threads:
        thread.join()
    assert slow.order.index("preview") <= 2
    assert len(slow.order) == 7


@pytest.mark.parametrize("content", ["", "[]", "{", '{"theme": 3, "recent": "x"}', "\0"])
def test_damaged_preferences_are_the_defaults(tmp_path, content):
    path = tmp_path / "preferences.json"
    path.write_text(content)
    loaded = Preferences.load(path)
    assert (loaded.theme, loaded.recent, loaded.export_folder) == ("system", [], "")
