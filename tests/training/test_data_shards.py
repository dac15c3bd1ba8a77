"""Shards: what is stored comes back, any view may be the input, damage is told."""

import json
import pickle
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.errors import UsageError
from tests.training.data_helpers import YAWS, same_camera, shards, view
from training.data.errors import BrokenSampleError
from training.data.shard_file import NamedView, read_shard, write_shard
from training.data.shards import ShardDataset, parse_index
from training.data.splits import AVA256_TEST, NERSEMBLE_TEST, identity_of, in_split, is_test

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def test_a_shard_gives_back_what_was_stored(tmp_path: Path) -> None:
    stored = [NamedView(f"c{i}", view(yaw, 48, label=i == 1)) for i, yaw in enumerate(YAWS)]
    write_shard(tmp_path / "a.zip", "anna", "anna", stored)
    for number, back in enumerate(read_shard(tmp_path / "a.zip")):
        given_view = stored[number].view
        assert back.name == f"c{number}"
        assert same_camera(back.view.camera, given_view.camera)
        assert np.abs(back.view.rgb - given_view.rgb).max() < 0.04  # JPEG
        assert np.abs(back.view.alpha - given_view.alpha).max() <= 0.5 / 255 + 1e-6
        assert (back.view.label is None) == (number != 1)
    np.testing.assert_array_equal(
        read_shard(tmp_path / "a.zip", [1])[0].view.label, stored[1].view.label
    )


def test_the_same_views_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        write_shard(tmp_path / name, "anna", "anna", [NamedView("c", view(10))])
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("keep", [0, 10, 200, -30])
def test_a_cut_off_shard_is_a_broken_sample(tmp_path: Path, keep: int) -> None:
    root = shards(tmp_path)
    file = root / "captures/anna/anna.zip"
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(BrokenSampleError, match="run prepare again"):
        ShardDataset(root).sample(0, np.random.default_rng(0))


@settings(max_examples=60, deadline=None)
@given(position=st.integers(0, 10**6), value=st.integers(0, 255))
def test_a_flipped_byte_never_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, position: int, value: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped.zip"
    write_shard(path, "anna", "anna", [NamedView("c", view(10, 16))])
    content = bytearray(path.read_bytes())
    content[position % len(content)] = value
    path.write_bytes(content)
    with suppress(BrokenSampleError):
        read_shard(path)


def test_every_view_is_input_once_and_targets_are_other_views(tmp_path: Path) -> None:
    dataset = ShardDataset(shards(tmp_path))
    assert (dataset.name, dataset.real, len(dataset)) == ("neutral", True, 2 * len(YAWS))
    seen = set()
    for index in range(len(dataset)):
        sample = dataset.sample(index, np.random.default_rng(index))
        seen.add(sample.source)
        positions = [tuple(v.camera.position) for v in (sample.input, *sample.targets)]
        assert len(set(positions)) == 4  # the input and three others, none twice
        assert sample.identity == identity_of("neutral", sample.source.split("/")[1])
    assert seen == {f"neutral/{p}/cam{i}" for p in ("anna", "ben") for i in range(len(YAWS))}


def test_targets_follow_the_generator_alone(tmp_path: Path) -> None:
    dataset = ShardDataset(shards(tmp_path))

    def targets(seed: int) -> list[bytes]:
        sample = dataset.sample(1, np.random.default_rng(seed))
        return [target.camera.world_to_camera.tobytes() for target in sample.targets]

    assert targets(3) == targets(3)
    assert len({tuple(targets(seed)) for seed in range(12)}) > 3


def test_a_lone_view_is_its_own_target_and_few_views_give_few_targets(tmp_path: Path) -> None:
    lone = ShardDataset(shards(tmp_path / "one", yaws=(0.0,)))
    sample = lone.sample(0, np.random.default_rng(0))
    assert len(sample.targets) == 1
    assert sample.targets[0] is sample.input
    two = ShardDataset(shards(tmp_path / "two", yaws=(0.0, 20.0)))
    assert len(two.sample(0, np.random.default_rng(0)).targets) == 1


def test_the_data_set_travels_to_workers(tmp_path: Path) -> None:
    dataset = pickle.loads(pickle.dumps(ShardDataset(shards(tmp_path))))
    assert dataset.sample(0, np.random.default_rng(0)).input.rgb.shape == (32, 32, 3)


def test_all_views_of_a_capture_by_camera(tmp_path: Path) -> None:
    dataset = ShardDataset(shards(tmp_path))
    views = dataset.views(dataset.entries[0])
    assert list(views) == [f"cam{i}" for i in range(len(YAWS))]


def test_an_unfinished_folder_says_what_to_do(tmp_path: Path) -> None:
    root = shards(tmp_path)
    (root / "shards.json").unlink()
    with pytest.raises(UsageError, match=r"training\.data\.prepare"):
        ShardDataset(root)


def test_a_shard_of_another_capture_is_refused(tmp_path: Path) -> None:
    root = shards(tmp_path)
    other = shards(tmp_path / "other", yaws=(0.0,))
    shutil.copy(other / "captures/anna/anna.zip", root / "captures/anna/anna.zip")
    with pytest.raises(BrokenSampleError):
        ShardDataset(root).sample(3, np.random.default_rng(0))


@settings(max_examples=100, deadline=None)
@given(JSON, st.sampled_from(["format", "dataset", "real", "size", "entries"]))
def test_an_index_is_read_or_refused(value: object, key: str) -> None:
    entry = {"file": "captures/a/a.zip", "person": "a", "capture": "a", "views": ["c"]}
    data = {"format": 1, "dataset": "x", "real": True, "size": 4, "entries": [entry]}
    assert parse_index(json.loads(json.dumps(data))).entries[0].views == ("c",)
    for damaged in ({**data, key: value}, value, {**data, "entries": [{**entry, "file": value}]}):
        with suppress(ValueError):
            parse_index(damaged)


@pytest.mark.parametrize("file", ["/etc/x.zip", "../x.zip", "captures/../../x.zip", "c:/x.zip"])
def test_an_index_never_leads_out_of_its_folder(file: str) -> None:
    entry = {"file": file, "person": "a", "capture": "a", "views": ["c"]}
    with pytest.raises(ValueError, match="leaves"):
        parse_index({"format": 1, "dataset": "x", "real": True, "size": 4, "entries": [entry]})


def test_the_papers_test_people_are_held_out(tmp_path: Path) -> None:
    assert NERSEMBLE_TEST == ("059", "070", "370", "373", "374")
    assert len(AVA256_TEST) == 11
    assert is_test("nersemble/059")
    assert not is_test("nersemble/058")
    assert not is_test("cafca/059")
    assert is_test("ava256/20220809--1034--BJM420")
    assert is_test("ava256/20230101--0000--BJM420")  # the same person on another day
    assert not is_test("ava256/20220809--1034--XYZ123")
    root = shards(tmp_path, "nersemble", ("058", "059", "370"))
    train, test = ShardDataset(root, "train"), ShardDataset(root, "test")
    assert {entry.person for entry in train.entries} == {"058"}
    assert {entry.person for entry in test.entries} == {"059", "370"}
    assert len(ShardDataset(root, "all")) == len(train) + len(test)
    with pytest.raises(UsageError, match="no shards"):
        ShardDataset(shards(tmp_path / "none", "cafca"), "test")


def test_a_share_of_other_people_can_be_held_out() -> None:
    people = [f"neutral/{number}" for number in range(1000)]
    held = [person for person in people if in_split(person, "test", 0.2)]
    assert 150 < len(held) < 250
    assert not set(held) & {p for p in people if in_split(p, "train", 0.2)}
