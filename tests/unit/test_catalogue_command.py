"""`perchead models` as typed, on a small table of its own; and what it says of the real one."""

import io
import json
import re

import pytest

from desktop.__main__ import main
from inference.catalogue.wording import duration_text, size_text
from inference.cli import build_parser
from inference.commands import models
from inference.errors import DownloadError, UsageError
from tests.unit.catalogue_helpers import CONFIG, WEIGHTS, entry_at, make_store, weights_path
from tests.unit.catalogue_server import serve


class Typed(io.StringIO):
    """A keyboard."""

    def isatty(self):
        return True


class Terminal(io.StringIO):
    """What a person watches."""

    def isatty(self):
        return True


@pytest.fixture
def publisher():
    with serve() as publisher:
        yield publisher


@pytest.fixture
def perchead(publisher, tmp_path, capsys):
    """Run `perchead models WORDS`: the status and what it printed."""
    catalogue = models.Catalogue((entry_at(publisher.url),), make_store(tmp_path))

    def run(*words):
        status = models.run(build_parser().parse_args(["models", *map(str, words)]), catalogue)
        return status, capsys.readouterr().out

    run.store = catalogue.store
    return run


def test_get_list_verify_remove(perchead):
    assert "[absent]" in perchead("list")[1]
    status, out = perchead("get", "tiny", "--accept-licence")
    assert status == 0
    assert "Licence: Apache-2.0, https://www.apache.org" in out
    assert "commercial use: yes" in out
    assert weights_path(perchead.store).read_bytes() == WEIGHTS
    assert "[here]" in perchead("list")[1]
    assert "here already" in perchead("get", "tiny")[1]
    assert perchead("verify") == (0, "tiny  config.json: good\ntiny  model.safetensors: good\n")
    assert "3.0 MB free again" in perchead("remove", "tiny")[1]
    assert "nothing of ours" in perchead("remove", "tiny")[1]
    assert perchead("verify") == (0, "No model is here.\n")


def test_the_licence_is_asked_for_once_and_no_is_no(perchead, publisher, monkeypatch):
    with pytest.raises(UsageError, match="--accept-licence"):
        perchead("get", "tiny")
    monkeypatch.setattr("sys.stdin", Typed("no\n"))
    with pytest.raises(UsageError, match="Nothing was fetched"):
        perchead("get", "tiny")
    assert publisher.requests == []
    monkeypatch.setattr("sys.stdin", Typed("yes\n"))
    assert perchead("get", "tiny")[0] == 0
    perchead("remove", "tiny")
    assert "Licence" not in perchead("get", "tiny")[1]


def test_import_tells_what_is_missing_and_verify_what_is_damaged(perchead, tmp_path):
    delivery = tmp_path / "delivery"
    delivery.mkdir()
    (delivery / "model.safetensors").write_bytes(WEIGHTS)
    assert "still needs config.json" in perchead("import", "tiny", delivery, "--accept-licence")[1]
    assert perchead("verify")[0] == 1
    (delivery / "config.json").write_bytes(CONFIG)
    assert "tiny is in" in perchead("import", "tiny", delivery)[1]
    assert perchead("verify", "tiny")[0] == 0
    weights_path(perchead.store).write_bytes(bytes(len(WEIGHTS)))
    status, out = perchead("verify", "tiny")
    assert status == 1
    assert "model.safetensors: damaged" in out


def test_list_as_json_has_every_column(perchead):
    (row,) = json.loads(perchead("list", "--json")[1])
    assert row["state"] == "absent"
    assert row["licence"]["commercial"] == "yes"
    assert row["files"][1]["size"] == len(WEIGHTS)
    assert row["memory"] == 10**6


def test_a_failed_download_is_the_usual_error(perchead, publisher):
    publisher.faults = [404]
    with pytest.raises(DownloadError):
        perchead("get", "tiny", "--accept-licence")


def test_a_person_at_a_terminal_sees_bytes_speed_and_time_left(perchead, publisher, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    publisher.faults = ["slow"]
    perchead("get", "tiny", "--accept-licence")
    lines = [line.strip() for line in re.split(r"[\r\n]", terminal.getvalue()) if line]
    coming = r"model\.safetensors [\d.]+ [kM]B of 3\.0 MB, [\d.]+ [kMG]B/s, \d+ s left"
    seen = [line for line in lines if re.fullmatch(coming, line)]
    assert len(seen) > 2
    assert len(set(seen)) > 2
    assert lines[-1] == "model.safetensors 3.0 MB of 3.0 MB compared with what was published"
    assert terminal.getvalue().endswith("\n")  # the next words begin on a line of their own


def test_a_log_file_gets_no_progress_lines(perchead, monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr("sys.stderr", log)
    perchead("get", "tiny", "--accept-licence")
    assert log.getvalue() == ""


def test_the_real_table_and_bad_use_in_a_sentence(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("PERCHEAD_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert main(["models", "list"]) == 0
    listing = capsys.readouterr().out
    assert "dinov2-giant  [absent]" in listing
    assert "embedded  [built in]" in listing
    assert main(["models", "remove", "embedded"]) == 0
    assert "stays" in capsys.readouterr().out
    assert main(["models", "verify"]) == 0
    assert "embedded.safetensors" in capsys.readouterr().out
    assert "4.5 GB; needs 6.0 GB of memory" in listing
    for words in (
        ["models"],
        ["models", "fetch"],
        ["models", "get"],
        ["models", "get", "dinov9"],
        ["models", "get", "flame", "--accept-licence"],
        ["models", "import", "flame", "nowhere.pkl", "--accept-licence"],
        ["models", "remove", "dinov9"],
        ["models", "import", "embedded", "nowhere", "--accept-licence"],
    ):
        assert main(words) == 2
        message = capsys.readouterr().err.strip()
        assert message.startswith("perchead: ")
        assert "\n" not in message


@pytest.mark.parametrize(
    ("size", "words"),
    [(None, "size unknown"), (12, "12 bytes"), (88_249_960, "88.2 MB"), (4.546e9, "4.5 GB")],
)
def test_sizes_for_people(size, words):
    assert size_text(size) == words


def test_durations_for_people():
    assert duration_text(40.4) == "40 s"
    assert duration_text(125) == "2 min 5 s"
    assert duration_text(4200) == "1 h 10 min"
