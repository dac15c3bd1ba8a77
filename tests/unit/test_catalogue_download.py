"""Downloads against a server that misbehaves: in the end the file is right, or not there."""

import os
import subprocess
import sys
import threading
import urllib.request
from collections import namedtuple
from dataclasses import replace
from email.message import Message
from pathlib import Path

import pytest

from inference.catalogue.download import download_model
from inference.catalogue.http_stream import Refused, SafeRedirects
from inference.catalogue.speed import SpeedMeter
from inference.catalogue.table import model_entry
from inference.errors import DownloadError, OutputError, UsageError
from inference.progress import Cancelled, CancelToken
from tests.unit.catalogue_helpers import (
    CONFIG,
    WEIGHTS,
    entry_at,
    make_store,
    part_path,
    weights_path,
)
from tests.unit.catalogue_server import HASTY, serve

ROOT = Path(__file__).resolve().parents[2]
Case = namedtuple("Case", "publisher entry store")


@pytest.fixture
def case(tmp_path):
    with serve() as publisher:
        entry = entry_at(publisher.url)
        yield Case(publisher, entry, make_store(tmp_path, entry))


def fetch(case, **options):
    download_model(case.store, case.entry, patience=HASTY, **options)


def weight_requests(case):
    return [asked for path, asked in case.publisher.requests if path.endswith("safetensors")]


def assert_whole(case):
    assert case.store.state(case.entry) == "here"
    assert weights_path(case.store).read_bytes() == WEIGHTS
    names = {path.name for path in (case.store.root / "tiny").iterdir()}
    assert names == {"config.json", "model.safetensors"}


def assert_nothing_placed(case):
    assert not weights_path(case.store).exists()
    assert case.store.folder(case.entry) is None


def test_both_files_come_and_progress_is_told(case):
    states = []
    fetch(case, report=states.append)
    assert_whole(case)
    last = [state for state in states if not state.checking][-1]
    assert (last.file, last.done, last.total) == ("model.safetensors", len(WEIGHTS), len(WEIGHTS))
    assert last.speed > 0
    assert last.seconds_left == 0
    for checking in (False, True):
        own = [s.done for s in states if (s.file, s.checking) == (last.file, checking)]
        assert own == sorted(own)
        assert own[-1] == len(WEIGHTS)
    asked = len(case.publisher.requests)
    fetch(case)
    assert len(case.publisher.requests) == asked


def test_nothing_is_fetched_before_the_licence_is_accepted(tmp_path):
    with serve() as publisher:
        entry = entry_at(publisher.url)
        with pytest.raises(UsageError, match=r"apache\.org"):
            download_model(make_store(tmp_path), entry)
        assert publisher.requests == []


def test_what_is_handed_out_in_person_is_said_so(tmp_path):
    entry = model_entry("flame")
    with pytest.raises(UsageError, match="import flame"):
        download_model(make_store(tmp_path, entry), entry)


def test_a_broken_connection_goes_on_where_it_stopped(case):
    case.publisher.faults = ["break"]
    fetch(case)
    assert_whole(case)
    first, second = weight_requests(case)
    assert first is None
    assert int(second.removeprefix("bytes=").removesuffix("-")) > 0


def test_progress_on_a_bad_line_is_not_counted_as_failure(case):
    case.publisher.faults = ["break"] * 8
    fetch(case)
    assert_whole(case)
    assert len(weight_requests(case)) == 9


def test_a_later_program_goes_on_where_an_earlier_one_gave_up(case):
    case.publisher.faults = ["break", 500, 500, 500]
    with pytest.raises(DownloadError, match="start again"):
        fetch(case)
    assert_nothing_placed(case)
    arrived = part_path(case.store).stat().st_size
    assert arrived > 0
    case.publisher.requests.clear()
    fetch(case)
    assert_whole(case)
    assert weight_requests(case) == [f"bytes={arrived}-"]
    assert "/config.json" not in [path for path, _ in case.publisher.requests]


@pytest.mark.parametrize("faults", [[], ["careless"]])
def test_a_new_version_on_the_server_is_fetched_from_its_start(case, faults):
    case.publisher.body = bytes(len(WEIGHTS))
    case.publisher.faults = ["break", 500, 500, 500]
    with pytest.raises(DownloadError):
        fetch(case)
    case.publisher.body, case.publisher.etag = WEIGHTS, '"v2"'
    case.publisher.faults = faults  # careless: goes on with other bytes than it began with
    fetch(case)
    assert_whole(case)


@pytest.mark.parametrize("etag", [None, 'W/"weak"'])
def test_without_a_strong_etag_it_starts_over(case, etag):
    case.publisher.etag = etag
    case.publisher.faults = ["break"]
    fetch(case)
    assert_whole(case)
    assert weight_requests(case) == [None, None]


def test_a_server_that_knows_no_ranges_is_read_from_the_start(case):
    case.publisher.faults = ["break", "no ranges"]
    fetch(case)
    assert_whole(case)


def test_a_server_that_breaks_at_the_same_place_is_given_up(case):
    case.publisher.faults = ["no ranges, break"] * 20
    with pytest.raises(DownloadError, match="breaks off"):
        fetch(case)
    assert len(weight_requests(case)) == HASTY.tries + 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(case, status):
    case.publisher.faults = [status, status]
    fetch(case)
    assert_whole(case)


@pytest.mark.parametrize("status", [429, 500])
def test_a_server_that_stays_busy_is_given_up(case, status):
    case.publisher.faults = [status] * 20
    with pytest.raises(DownloadError, match=str(status)):
        fetch(case)
    assert len(weight_requests(case)) == HASTY.tries
    assert_nothing_placed(case)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_final_and_in_one_sentence(case, status):
    case.publisher.faults = [status]
    with pytest.raises(DownloadError, match=str(status)) as caught:
        fetch(case)
    assert "\n" not in str(caught.value)
    assert len(weight_requests(case)) == 1
    assert_nothing_placed(case)


def test_a_redirect_is_followed_and_a_circle_is_not(case):
    case.publisher.faults = ["redirect"]
    fetch(case)
    assert_whole(case)
    case.store.remove(case.entry)
    case.publisher.requests.clear()
    case.publisher.faults = ["redirect", "break", "redirect"]  # as from a hub to its store
    fetch(case)
    assert_whole(case)
    assert weight_requests(case)[-1].startswith("bytes=")
    case.store.remove(case.entry)
    case.publisher.faults = ["circle"]
    with pytest.raises(DownloadError, match="circle"):
        fetch(case)
    assert_nothing_placed(case)


def test_a_redirect_never_leaves_encryption():
    request = urllib.request.Request("https://publisher.example/file")
    follow = SafeRedirects().redirect_request
    with pytest.raises(Refused, match="encrypted"):
        follow(request, None, 302, "Found", Message(), "http://elsewhere.example/file")
    there = follow(request, None, 302, "Found", Message(), "https://elsewhere.example/file")
    assert there.full_url == "https://elsewhere.example/file"


@pytest.mark.parametrize("fault", ["too long", "too short"])
def test_a_length_that_is_not_the_published_one_is_refused_at_once(case, fault):
    case.publisher.faults = [fault] * 20
    with pytest.raises(DownloadError, match="were published"):
        fetch(case)
    assert_nothing_placed(case)
    assert not part_path(case.store).exists()


@pytest.mark.parametrize("fault", ["too long", "too short", "endless"])
def test_a_lie_about_a_length_that_nobody_published_is_found(case, fault):
    weights = replace(case.entry.files[1], size=None)
    entry = replace(case.entry, files=(case.entry.files[0], weights))
    case.publisher.faults = [fault] * 20
    with pytest.raises(DownloadError):
        download_model(case.store, entry, patience=HASTY)
    assert not weights_path(case.store).exists()


def test_more_than_the_published_length_is_cut_off(case):
    case.publisher.faults = ["endless"]
    with pytest.raises(DownloadError, match="more than the file"):
        fetch(case)
    assert not part_path(case.store).exists()


def test_no_length_at_all_is_no_obstacle(case):
    case.publisher.faults = ["unknown length"]
    fetch(case)
    assert_whole(case)


def test_wrong_bytes_are_removed_and_the_next_try_is_right(case):
    case.publisher.faults = ["wrong bytes"]
    with pytest.raises(DownloadError, match="content differs"):
        fetch(case)
    assert_nothing_placed(case)
    assert not part_path(case.store).exists()
    fetch(case)
    assert_whole(case)


@pytest.mark.parametrize("fault", ["log-in page", "break"])
def test_without_a_checksum_the_form_of_the_file_tells(case, fault):
    weights = replace(case.entry.files[1], size=None, sha256=None)
    entry = replace(case.entry, files=(case.entry.files[0], weights))
    case.publisher.etag = None
    case.publisher.faults = [fault, "unknown length"]
    if fault == "log-in page":
        with pytest.raises(DownloadError, match="not the published"):
            download_model(case.store, entry, patience=HASTY)
        assert not weights_path(case.store).exists()
    download_model(case.store, entry, patience=HASTY)
    assert_whole(case)


def test_an_end_that_nobody_announced_is_found_by_the_form(case):
    weights = replace(case.entry.files[1], size=None, sha256=None)
    entry = replace(case.entry, files=(case.entry.files[0], weights))
    case.publisher.faults = ["unknown length, break"]
    with pytest.raises(DownloadError, match="not the published"):
        download_model(case.store, entry, patience=HASTY)
    assert not weights_path(case.store).exists()


def test_what_was_refused_leaves_nothing_that_looks_like_a_part(case):
    case.publisher.faults = [404]
    files = case.entry.files[1:]
    entry = replace(case.entry, files=files)
    with pytest.raises(DownloadError):
        download_model(case.store, entry, patience=HASTY)
    assert case.store.state(entry) == "absent"
    assert case.store.arrived(entry) == 0
    case.publisher.faults = ["break", 404]
    with pytest.raises(DownloadError):
        download_model(case.store, entry, patience=HASTY)
    assert case.store.state(entry) == "partly"
    assert case.store.arrived(entry) == part_path(case.store).stat().st_size > 0


def test_a_part_that_rotted_on_the_disk_is_found(case):
    case.publisher.faults = ["break", 500, 500, 500]
    with pytest.raises(DownloadError):
        fetch(case)
    part = bytearray(part_path(case.store).read_bytes())
    part[1000] ^= 1
    part_path(case.store).write_bytes(part)
    with pytest.raises(DownloadError, match="content differs"):
        fetch(case)
    fetch(case)
    assert_whole(case)


def test_a_part_that_is_too_long_is_thrown_away(case):
    case.publisher.faults = ["break", 500, 500, 500]
    with pytest.raises(DownloadError):
        fetch(case)
    part_path(case.store).write_bytes(WEIGHTS + b"more")
    fetch(case)
    assert_whole(case)


def test_a_stalled_line_counts_as_broken(case):
    case.publisher.faults = ["stall"]
    download_model(case.store, case.entry, patience=replace(HASTY, timeout=0.3))
    assert_whole(case)


def test_cancelling_a_stalled_line_ends_at_once_and_keeps_what_came(case):
    case.publisher.faults = ["stall"]
    token = CancelToken()
    patience = replace(HASTY, timeout=600)

    def stop(state):
        if state.file == "model.safetensors" and state.done >= len(WEIGHTS) // 2:
            threading.Timer(0.2, token.cancel).start()

    with pytest.raises(Cancelled):
        download_model(case.store, case.entry, stop, token, patience)
    assert_nothing_placed(case)
    assert part_path(case.store).stat().st_size == len(WEIGHTS) // 2
    fetch(case)
    assert_whole(case)


def test_no_server_at_all_is_one_sentence(tmp_path):
    with serve() as publisher:
        entry = entry_at(publisher.url)
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1"):
        download_model(make_store(tmp_path, entry), entry, patience=HASTY)


def test_a_model_larger_than_the_disk_is_refused_before_the_first_byte(case):
    huge = replace(case.entry.files[1], size=10**18)
    entry = replace(case.entry, files=(case.entry.files[0], huge))
    with pytest.raises(OutputError, match="free some space"):
        download_model(case.store, entry, patience=HASTY)
    assert case.publisher.requests == []


PROGRAM = """
import sys
from pathlib import Path
from inference.catalogue.download import download_model
from inference.errors import PercHeadError
from tests.unit.catalogue_helpers import entry_at, make_store
from tests.unit.catalogue_server import HASTY
url, folder, limit = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
if limit:
    import resource
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))  # as a disk that fills up
entry = entry_at(url)
try:
    download_model(make_store(folder, entry), entry, patience=HASTY)
except PercHeadError as error:
    print(type(error).__name__, error)
"""


def start_program(case, limit=0):
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, case.publisher.url, case.store.root.parent, str(limit)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_a_disk_that_fills_up_is_said_and_the_download_goes_on_later(case):
    out, errors = start_program(case, limit=1_000_000).communicate(timeout=60)
    assert out.startswith("OutputError"), errors
    assert "goes on where it stopped" in out
    assert_nothing_placed(case)
    arrived = part_path(case.store).stat().st_size
    assert arrived == 1_000_000
    case.publisher.requests.clear()
    fetch(case)
    assert_whole(case)
    assert weight_requests(case) == [f"bytes={arrived}-"]


def test_two_programs_fetch_a_model_once(case):
    case.publisher.faults = ["slow"]
    programs = [start_program(case) for _ in range(2)]
    for program in programs:
        out, errors = program.communicate(timeout=60)
        assert (out, program.returncode) == ("", 0), errors
    assert_whole(case)
    assert [path for path, _ in case.publisher.requests] == ["/config.json", "/model.safetensors"]


def test_a_killed_program_leaves_neither_a_lock_nor_a_half_file(case):
    case.publisher.faults = ["stall"]
    program = start_program(case)
    while not weight_requests(case):
        assert program.poll() is None, program.communicate()
    program.kill()
    program.communicate(timeout=60)
    assert_nothing_placed(case)
    fetch(case)
    assert_whole(case)


def test_speed_is_that_of_the_last_seconds():
    meter = SpeedMeter()
    assert meter.add(0.0, 0) == 0
    assert meter.add(1.0, 100) == 100
    for second in range(2, 20):
        speed = meter.add(float(second), 100 + (second - 1) * 1000)
    assert speed == pytest.approx(1000)
    assert meter.add(20.0, 0) == 0


def test_the_config_is_what_was_published(case):
    fetch(case)
    assert (case.store.root / "tiny" / "config.json").read_bytes() == CONFIG
