"""The table says what it must, and the store finds, checks, imports and removes files."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.catalogue.download import download_model
from inference.catalogue.entries import file_url
from inference.catalogue.form import has_its_form
from inference.catalogue.importing import import_model
from inference.catalogue.store import default_store, shared_cache
from inference.catalogue.table import MODELS, model_entry
from inference.errors import InvalidModelError, OutputError, UsageError
from inference.files import resource_path
from inference.progress import CancelToken
from tests.unit.catalogue_helpers import CONFIG, WEIGHTS, entry_at, make_store, weights_path

ROOT = Path(__file__).resolve().parents[2]
ENTRY = entry_at("http://127.0.0.1:9")
HUB_ENTRY = replace(ENTRY, repository="nobody/tiny", revision="c" * 40)


@pytest.fixture
def delivery(tmp_path):
    folder = tmp_path / "delivery"
    folder.mkdir()
    (folder / "config.json").write_bytes(CONFIG)
    (folder / "model.safetensors").write_bytes(WEIGHTS)
    return folder


@pytest.mark.parametrize("entry", MODELS, ids=lambda entry: entry.id)
def test_every_row_is_pinned_and_says_its_terms(entry):
    assert re.fullmatch(r"[a-z0-9.-]+", entry.id)
    assert entry.licence.name
    assert entry.licence.url.startswith("https://")
    if entry.built_in:
        assert resource_path(entry.page.removeprefix("resources/")).is_file()
    else:
        assert entry.page.startswith("https://")
    assert entry.memory >= (entry.size or 0)
    if entry.repository:
        assert re.fullmatch(r"[0-9a-f]{40}", entry.revision)
    for file in entry.files:
        assert file.name == Path(file.name).name
        assert file.sha256 is None or re.fullmatch(r"[0-9a-f]{64}", file.sha256)
        url = file_url(entry, file)
        assert entry.id == "flame" or entry.built_in or url.startswith("https://")


def test_every_model_that_ships_has_a_row_and_every_such_row_its_file():
    shipped = {path.name for path in resource_path("models").glob("*.safetensors")}
    assert shipped == {file.name for entry in MODELS if entry.built_in for file in entry.files}


@pytest.mark.parametrize("model_id", ["embedded", "editing", "sharpening", "style-space", "parser"])
def test_what_comes_with_perchead_is_there_and_stays(tmp_path, model_id):
    entry = model_entry(model_id)
    store = make_store(tmp_path, entry)
    assert store.state(entry) == "built in"
    assert (store.folder(entry) / entry.files[0].name).is_file()
    assert list(store.verify(entry).values()) == ["no checksum published"]
    assert store.remove(entry) == 0
    for change in (
        lambda: import_model(store, entry, store.folder(entry)),
        lambda: download_model(store, entry),
    ):
        with pytest.raises(UsageError, match="comes with PercHead"):
            change()
    assert not (store.root / model_id).exists()


def test_ids_and_what_the_issue_names_are_there():
    ids = [entry.id for entry in MODELS]
    assert len(ids) == len(set(ids))
    assert {"dinov2-giant", "dinov2-small", "clip-vit-l-14", "farl-celebm-448", "flame"} <= set(ids)
    with pytest.raises(UsageError, match="dinov2-giant"):
        model_entry("dinov9")


@pytest.mark.parametrize(
    ("model_id", "where", "weights"),
    [
        ("dinov2-giant", "facebook/dinov2-giant", "model.safetensors"),
        ("dinov2-small", "facebook/dinov2-small", "model.safetensors"),
        (
            "dinov2-with-registers-giant",
            "facebook/dinov2-with-registers-giant",
            "model.safetensors",
        ),
        (
            "dinov2-with-registers-small",
            "facebook/dinov2-with-registers-small",
            "model.safetensors",
        ),
        ("sam2.1-hiera-small", "facebook/sam2.1-hiera-small", "model.safetensors"),
        ("clip-vit-l-14", "openaipublic.azureedge.net/clip", "ViT-L-14.pt"),
        ("clip-vit-b-32", "openaipublic.azureedge.net/clip", "ViT-B-32.pt"),
        (
            "farl-celebm-448",
            "FacePerceiver/facer/releases",
            "face_parsing.farl.celebm.main_ema_181500_jit.pt",
        ),
        (
            "retinaface-mobilenet",
            "elliottzheng/face-detection/releases",
            "mobilenet0.25_Final.pth",
        ),
        ("vitmatte-small", "hustvl/vitmatte-small-composition-1k", "model.safetensors"),
    ],
)
def test_every_published_model_of_the_issue_is_fetched_from_its_publisher(model_id, where, weights):
    entry = model_entry(model_id)
    assert entry.can_be_fetched
    assert entry.files[-1].name == weights
    assert all(where in (file_url(entry, file) or "") for file in entry.files)


def test_flame_is_brought_by_the_user_and_ours_are_built_in():
    assert not model_entry("flame").can_be_fetched
    own = {entry.id for entry in MODELS if entry.built_in}
    assert own == {"embedded", "editing", "sharpening", "style-space", "parser"}


def test_hugging_face_urls_follow_its_layout_and_a_mirror(monkeypatch):
    entry = model_entry("dinov2-small")
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    path = f"facebook/dinov2-small/resolve/{entry.revision}/config.json"
    assert file_url(entry, entry.files[0]) == f"https://huggingface.co/{path}"
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert file_url(entry, entry.files[0]) == f"https://mirror.example/{path}"


def test_the_places_follow_the_environment(monkeypatch, tmp_path):
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "PERCHEAD_MODELS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert shared_cache() == tmp_path / "huggingface" / "hub"
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    assert shared_cache() == tmp_path / "home" / "hub"
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    assert shared_cache() == tmp_path / "cache"
    monkeypatch.setenv("PERCHEAD_MODELS", str(tmp_path / "mine"))
    assert default_store().root == tmp_path / "mine"


def test_a_model_in_the_shared_cache_is_found_and_never_removed(tmp_path):
    store = make_store(tmp_path)
    assert store.state(HUB_ENTRY) == "absent"
    snapshot = store.shared / "models--nobody--tiny" / "snapshots" / ("c" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_bytes(CONFIG)
    assert store.state(HUB_ENTRY) == "absent"
    (snapshot / "model.safetensors").write_bytes(WEIGHTS)
    assert store.state(HUB_ENTRY) == "shared"
    assert store.folder(HUB_ENTRY) == snapshot
    assert set(store.verify(HUB_ENTRY).values()) == {"good"}
    assert store.remove(HUB_ENTRY) == 0
    assert store.state(HUB_ENTRY) == "shared"
    (snapshot / "model.safetensors").write_bytes(WEIGHTS[:-1])
    assert store.folder(HUB_ENTRY) is None


@pytest.mark.skipif(sys.platform == "win32", reason="links want a privilege")
def test_the_cache_s_links_to_its_blobs_are_followed(tmp_path):
    store = make_store(tmp_path)
    home = store.shared / "models--nobody--tiny"
    snapshot, blobs = home / "snapshots" / ("c" * 40), home / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for file, content in zip(HUB_ENTRY.files, (CONFIG, WEIGHTS), strict=True):
        (blobs / file.sha256).write_bytes(content)
        (snapshot / file.name).symlink_to(Path("..", "..", "blobs", file.sha256))
    assert store.state(HUB_ENTRY) == "shared"
    assert store.folder(HUB_ENTRY) == snapshot
    assert set(store.verify(HUB_ENTRY).values()) == {"good"}
    assert store.remove(HUB_ENTRY) == 0
    blob = blobs / HUB_ENTRY.files[1].sha256
    blob.unlink()  # as when another program tidied up
    assert store.folder(HUB_ENTRY) is None
    assert store.state(HUB_ENTRY) == "absent"


def test_a_part_of_ours_beside_a_whole_copy_in_the_cache_uses_the_cache(tmp_path, delivery):
    store = make_store(tmp_path, HUB_ENTRY)
    import_model(store, HUB_ENTRY, delivery / "config.json")
    assert store.state(HUB_ENTRY) == "partly"
    snapshot = store.shared / "models--nobody--tiny" / "snapshots" / ("c" * 40)
    snapshot.parent.mkdir(parents=True)
    delivery.rename(snapshot)
    assert store.folder(HUB_ENTRY) == snapshot


def test_import_from_a_folder_then_verify_then_remove(tmp_path, delivery):
    store = make_store(tmp_path, ENTRY)
    assert import_model(store, ENTRY, delivery) == []
    assert store.state(ENTRY) == "here"
    assert weights_path(store).read_bytes() == WEIGHTS
    assert set(store.verify(ENTRY).values()) == {"good"}
    assert (delivery / "model.safetensors").exists()
    assert store.remove(ENTRY) == len(WEIGHTS) + len(CONFIG)
    assert store.state(ENTRY) == "absent"
    assert store.remove(ENTRY) == 0


def test_import_file_by_file_says_what_is_missing(tmp_path, delivery):
    store = make_store(tmp_path, ENTRY)
    missing = import_model(store, ENTRY, delivery / "model.safetensors")
    assert [file.name for file in missing] == ["config.json"]
    assert store.state(ENTRY) == "partly"
    assert import_model(store, ENTRY, delivery / "config.json") == []


def test_the_only_file_of_a_model_may_have_any_name(tmp_path, delivery):
    entry = replace(ENTRY, files=ENTRY.files[1:])
    store = make_store(tmp_path, entry)
    renamed = (delivery / "model.safetensors").rename(tmp_path / "download (3).bin")
    assert import_model(store, entry, renamed) == []


def test_a_wrong_file_is_not_imported(tmp_path, delivery):
    store = make_store(tmp_path, ENTRY)
    (delivery / "model.safetensors").write_bytes(WEIGHTS[:-1] + b"!")
    with pytest.raises(InvalidModelError, match="not the published"):
        import_model(store, ENTRY, delivery)
    assert not weights_path(store).exists()
    assert [p.name for p in (store.root / "tiny").iterdir()] == ["config.json"]


IMPORTING = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))  # as a disk that fills up
from inference.catalogue.importing import import_model
from inference.errors import PercHeadError
from tests.unit.test_catalogue_store import ENTRY, make_store
try:
    import_model(make_store(Path(sys.argv[1])), ENTRY, Path(sys.argv[2]))
except PercHeadError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no RLIMIT_FSIZE")
def test_a_disk_that_fills_up_while_importing_is_said_and_nothing_half_stays(tmp_path, delivery):
    store = make_store(tmp_path, ENTRY)
    run = subprocess.run(
        [sys.executable, "-c", IMPORTING, str(tmp_path), str(delivery)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.stdout.startswith("OutputError Cannot write"), run.stderr
    assert "free some space" in run.stdout
    assert run.stdout.count("\n") == 1
    assert [path.name for path in (store.root / "tiny").iterdir()] == ["config.json"]
    assert import_model(store, ENTRY, delivery) == []  # with space it goes on


def test_what_is_no_flame_model_is_not_imported(tmp_path):
    entry = model_entry("flame")
    store = make_store(tmp_path, entry)
    wrong = tmp_path / "flame2023.pkl"
    wrong.write_bytes(b"not a pickle")
    with pytest.raises(InvalidModelError):
        import_model(store, entry, wrong)
    assert store.folder(entry) is None


def test_import_wants_the_licence_and_something_to_import(tmp_path, delivery):
    store = make_store(tmp_path)
    with pytest.raises(UsageError, match=r"apache\.org"):
        import_model(store, ENTRY, delivery)
    store.accept_licence(ENTRY)
    for place in (tmp_path, tmp_path / "nowhere", Path(__file__)):
        with pytest.raises(UsageError):
            import_model(store, ENTRY, place)


def test_changed_terms_are_asked_for_again(tmp_path):
    store = make_store(tmp_path, ENTRY)
    assert store.has_accepted(ENTRY)
    changed = replace(ENTRY, licence=replace(ENTRY.licence, name="CC-BY-NC-4.0"))
    assert not store.has_accepted(changed)
    record = next((store.root / ".accepted").iterdir())
    assert json.loads(record.read_text())["accepted"].startswith("20")
    record.write_text("[]")
    assert not store.has_accepted(ENTRY)


def test_verify_tells_damaged_missing_and_unpublished_apart(tmp_path, delivery):
    store = make_store(tmp_path, ENTRY)
    import_model(store, ENTRY, delivery)
    damaged = bytearray(WEIGHTS)
    damaged[1_000_000] ^= 1
    weights_path(store).write_bytes(damaged)
    assert list(store.verify(ENTRY).values()) == ["good", "damaged"]
    weights_path(store).write_bytes(WEIGHTS[:5])
    assert list(store.verify(ENTRY).values()) == ["good", "damaged"]
    weights_path(store).unlink()
    assert list(store.verify(ENTRY).values()) == ["good", "missing"]
    bare = entry_at("http://127.0.0.1:9", published=False)
    weights_path(store).write_bytes(WEIGHTS)
    read = []
    verdicts = store.verify(bare, on_bytes=lambda file, done: read.append((file, done)))
    assert list(verdicts.values()) == ["good", "no checksum published"]
    assert read == [("config.json", len(CONFIG))]  # there is no checksum to read the other for
    weights_path(store).write_bytes(WEIGHTS[:-1])
    assert list(store.verify(bare).values()) == ["good", "damaged"]


def test_copying_is_told_and_a_wrong_length_is_refused_before_it(tmp_path, delivery):
    store = make_store(tmp_path, ENTRY)
    (delivery / "model.safetensors").write_bytes(WEIGHTS + b"!")
    copied = []
    with pytest.raises(InvalidModelError, match="not the published"):
        import_model(store, ENTRY, delivery, on_bytes=lambda *word: copied.append(word))
    assert {file for file, _ in copied} == {"config.json"}
    (delivery / "model.safetensors").write_bytes(WEIGHTS)
    import_model(store, ENTRY, delivery, on_bytes=lambda *word: copied.append(word))
    assert copied[-1] == ("model.safetensors", len(WEIGHTS))


HEADER = b'{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"__metadata__":{"format":"pt"}}'


@pytest.mark.parametrize(
    ("name", "content", "good"),
    [
        ("config.json", b'{"a": 1}', True),
        ("config.json", b"<html></html>", False),
        ("config.json", b"\xff\xfe\x00", False),
        ("config.json", b"[" * 100_000, False),
        ("a.safetensors", (100_000).to_bytes(8, "little") + b"[" * 100_000, False),
        ("a.safetensors", len(HEADER).to_bytes(8, "little") + HEADER + b"xyz", True),
        ("a.safetensors", len(HEADER).to_bytes(8, "little") + HEADER + b"xy", False),
        ("a.safetensors", len(HEADER).to_bytes(8, "little") + HEADER + b"xyz!", False),
        ("a.safetensors", len(HEADER).to_bytes(8, "little") + HEADER[:-1], False),
        ("a.safetensors", (2).to_bytes(8, "little") + b"{}", False),
        ("a.safetensors", (2).to_bytes(8, "little") + b"[]", False),
        ("a.safetensors", b"<html><body>log in</body></html>", False),
        ("a.safetensors", b"", False),
        ("ViT-L-14.pt", b"anything", True),
    ],
)
def test_the_form_of_files_without_a_checksum(tmp_path, name, content, good):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert has_its_form(path, name) is good


@given(content=st.binary(max_size=60))
def test_no_bytes_are_too_strange_for_the_form(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "strange"
    path.write_bytes(content)
    assert has_its_form(path, "a.safetensors") in (True, False)
    assert has_its_form(path, "a.json") in (True, False)


def test_a_model_that_another_program_works_on_is_not_removed(tmp_path, delivery):
    store = make_store(tmp_path, ENTRY)
    import_model(store, ENTRY, delivery)
    with store.locked(ENTRY, CancelToken()), pytest.raises(OutputError, match="Another program"):
        store.remove(ENTRY)
    assert store.state(ENTRY) == "here"
