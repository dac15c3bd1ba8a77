"""Downloads over bad lines and from servers in a hurry; two programs that really overlap."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from inference.catalogue.download import download_model
from inference.catalogue.transfer import Patience
from inference.progress import Cancelled, CancelToken
from tests.unit.catalogue_helpers import WEIGHTS, entry_at, make_store, part_path, weights_path
from tests.unit.catalogue_server import HASTY, serve

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def publisher():
    with serve() as publisher:
        yield publisher


@pytest.fixture
def entry(publisher):
    return entry_at(publisher.url)


@pytest.fixture
def store(tmp_path, entry):
    return make_store(tmp_path, entry)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


def ranges(publisher):
    """What was asked of the weights, in order."""
    return [asked for path, asked in publisher.requests if path.endswith("safetensors")]


def assert_whole(store):
    assert weights_path(store).read_bytes() == WEIGHTS
    names = {path.name for path in (store.root / "tiny").iterdir()}
    assert names == {"config.json", "model.safetensors"}


@pytest.mark.parametrize(
    ("asked", "waited"),
    [("7", 7), ("600", 60), ("soon", 1), ("Wed, 21 Oct 2037 07:28:00 GMT", 1)],
)
def test_a_busy_server_is_given_the_time_that_it_asks_for(
    publisher, entry, store, monkeypatch, asked, waited
):
    clock = Clock()
    timer = SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep)
    monkeypatch.setattr("inference.catalogue.transfer.time", timer)
    publisher.retry_after = asked
    publisher.faults = [429]
    patience = Patience(first_wait=1, longest_wait=60)
    download_model(store, entry, patience=patience)
    assert_whole(store)
    assert clock.now == pytest.approx(waited, abs=0.1)


def test_a_part_that_begins_elsewhere_than_asked_is_never_joined(publisher, entry, store):
    publisher.faults = ["break", "wrong start"]
    download_model(store, entry, patience=HASTY)
    assert_whole(store)
    first, second, third = ranges(publisher)
    assert first is third is None  # after the wrong answer it starts over
    assert second.startswith("bytes=")


def test_a_server_that_says_nothing_at_all_counts_as_broken(publisher, entry, store):
    publisher.faults = ["silent"]
    download_model(store, entry, patience=replace(HASTY, timeout=0.3))
    assert_whole(store)
    assert len(ranges(publisher)) == 2


def test_cancelling_while_a_server_says_nothing_leaves_nothing_half(publisher, entry, store):
    publisher.faults = ["silent"]
    token = CancelToken()

    def stop():
        while not ranges(publisher):
            time.sleep(0.01)
        token.cancel()

    stopper = threading.Thread(target=stop)
    stopper.start()
    with pytest.raises(Cancelled):
        download_model(store, entry, cancel=token, patience=replace(HASTY, timeout=600))
    stopper.join()
    assert not weights_path(store).exists()
    assert not part_path(store).exists()


def test_a_redirect_to_another_host_is_followed_and_resumed_there(publisher, entry, store):
    with serve() as other:
        publisher.elsewhere = f"{other.url}/model.safetensors"
        publisher.faults = ["redirect", "redirect"]
        other.faults = ["break"]
        download_model(store, entry, patience=HASTY)
        assert_whole(store)
        first, second = ranges(other)
        assert first is None
        assert second.startswith("bytes=")
        assert len(ranges(publisher)) == 2  # each time by the publisher's own address


PROGRAM = """
import sys
from pathlib import Path
from inference.catalogue.download import download_model
from inference.progress import CancelToken
from tests.unit.catalogue_helpers import entry_at, make_store
from tests.unit.catalogue_server import HASTY
from dataclasses import replace

class TellingToken(CancelToken):
    looks = 0
    def check(self):  # a program that waits for another one looks again and again
        self.looks += 1
        print("looked", self.looks, flush=True)
        super().check()

entry = entry_at(sys.argv[1])
store = make_store(Path(sys.argv[2]), entry)
download_model(store, entry, cancel=TellingToken(), patience=replace(HASTY, timeout=60))
print("done", flush=True)
"""


def start(publisher, folder):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, publisher.url, str(folder)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_second_program_waits_while_the_first_one_downloads(publisher, entry, store, tmp_path):
    publisher.faults = ["held"]
    first = start(publisher, tmp_path)
    while not ranges(publisher):
        assert first.poll() is None, first.communicate()
        time.sleep(0.01)
    second = start(publisher, tmp_path)
    seen = [second.stdout.readline().strip() for _ in range(4)]
    assert seen == ["looked 1", "looked 2", "looked 3", "looked 4"]  # it tried and had to wait
    assert second.poll() is None
    assert not weights_path(store).exists()
    publisher.release.set()
    for program in (first, second):
        out, errors = program.communicate(timeout=60)
        assert program.returncode == 0, errors
        assert out.endswith("done\n")
    assert_whole(store)
    assert [path for path, _ in publisher.requests] == ["/config.json", "/model.safetensors"]
