"""The held-out set is made of what training never sees, and a changed one is noticed."""

import json

import numpy as np
import pytest

from inference.errors import UsageError
from inference.rendering.camera import Camera
from training.data.shards import ShardDataset
from training.evaluation.ablation_data import write_synthetic_shards
from training.evaluation.held_out import (
    YAWS,
    held_out_cameras,
    main,
    make_held_out_head,
    reserved_styles,
)
from training.evaluation.held_out_lights import held_out_panoramas
from training.evaluation.held_out_subjects import HeldOutSubjects
from training.evaluation.manifest import Manifest, hash_arrays, verify, write_manifest
from training.evaluation.signature import check_frozen, signature_of, write_frozen
from training.evaluation.view_selection import select_views, yaw_and_elevation
from training.synthetic.dataset import load_sample
from training.synthetic.reserved import (
    FIRST_HELD_OUT_SEED,
    RESERVED_ENVIRONMENTS,
    RESERVED_HAIR_STYLES,
    is_reserved_seed,
)


def _folder(tmp_path, count: int = 2):
    """A set as the command writes it, of plain pictures."""
    rng = np.random.default_rng(0)
    hashes = {}
    for number in range(count):
        path = tmp_path / f"head_{FIRST_HELD_OUT_SEED + number:07d}.npz"
        cameras = held_out_cameras(rng, 16)
        np.savez_compressed(
            path,
            rgb=rng.integers(0, 255, (16, 16, 16, 3), np.uint8),
            straight=rng.integers(0, 255, (16, 16, 16, 3), np.uint8),
            alpha=rng.integers(0, 255, (16, 16, 16), np.uint8),
            label=np.zeros((16, 16, 16), np.uint8),
            K=np.stack([c.intrinsics for c in cameras]),
            w2c=np.stack([c.world_to_camera for c in cameras]),
            positions=np.zeros((8, 3), np.float16),
            colours=np.zeros((8, 3), np.uint8),
            kind=np.zeros(8, np.uint8),
            attributes=json.dumps({"seed": number, "male": 0.1, "skin_tone": [0.5, 0.4, 0.3]}),
        )
        hashes[path.name] = hash_arrays(load_sample(path))
    write_manifest(tmp_path, Manifest(count, 16, 16, "test", hashes))
    return tmp_path


def test_sixteen_views_each_with_its_opposite():
    cameras = held_out_cameras(np.random.default_rng(1), 64)
    yaws = sorted(yaw_and_elevation(camera)[0] for camera in cameras)
    assert len(cameras) == 16
    assert yaws == pytest.approx([*(-y for y in reversed(YAWS)), *YAWS], abs=0.1)
    assert all(select_views(cameras, HeldOutSubjects.protocol, n)[0].extreme for n in range(64))


def test_reserved_names_exist_and_leave_training_enough():
    from training.synthetic.hair_styles import STYLES

    assert {style.name for style in reserved_styles()} == set(RESERVED_HAIR_STYLES)
    assert len({style.name for style in STYLES} - set(RESERVED_HAIR_STYLES)) >= 10
    assert {panorama.name for panorama in held_out_panoramas()} <= set(RESERVED_ENVIRONMENTS)
    assert is_reserved_seed(FIRST_HELD_OUT_SEED)
    assert not is_reserved_seed(FIRST_HELD_OUT_SEED - 1)


def test_training_heads_never_wear_a_reserved_style():
    from training.synthetic.traits import choose_style, sample_traits

    worn = {choose_style(seed, sample_traits(seed)).name for seed in range(400)}
    assert len(worn) >= 10
    assert not worn & set(RESERVED_HAIR_STYLES)


def test_held_out_lights_are_light_and_differ():
    first, second = (panorama.sharp for panorama in held_out_panoramas())
    for picture in (first, second):
        assert picture.shape == (64, 128, 3)
        assert np.isfinite(picture).all()
        assert picture.min() > 0
        assert 0.2 < picture.mean() < 3
    assert np.abs(first - second).mean() > 0.1


def test_held_out_heads_wear_and_stand_in_reserved_things_only(assets):
    for number in range(2):
        head = make_held_out_head(number, assets)
        assert head.seed == FIRST_HELD_OUT_SEED + number
        assert head.style.name in RESERVED_HAIR_STYLES
        assert head.light.name in RESERVED_ENVIRONMENTS


def test_subjects_are_read_with_cameras_targets_and_groups(tmp_path):
    subjects = HeldOutSubjects(_folder(tmp_path))
    assert len(subjects) == 2
    first = next(iter(subjects))
    assert len(first.views) == 16
    assert isinstance(first.views[0].camera, Camera)
    assert first.views[0].rgb.dtype == np.float32
    assert first.targets is not None
    # Compared is the head itself, seen is the head before its background.
    stored = load_sample(tmp_path / f"head_{FIRST_HELD_OUT_SEED:07d}.npz")
    assert np.array_equal(first.truth(2).rgb * 255, stored["straight"][2])
    assert np.array_equal(first.views[2].rgb * 255, stored["rgb"][2])
    assert first.groups["sex"] == "female"
    assert subjects.fingerprint == HeldOutSubjects(tmp_path).fingerprint


def test_a_changed_or_missing_head_is_noticed(tmp_path, capsys):
    folder = _folder(tmp_path)
    assert main(["--out", str(folder), "--check"]) == 0
    path = folder / f"head_{FIRST_HELD_OUT_SEED:07d}.npz"
    with np.load(path) as stored:
        content = dict(stored)
    content["rgb"][0, 0, 0, 0] ^= 1
    np.savez_compressed(path, **content)
    with pytest.raises(UsageError, match="manifest"):
        HeldOutSubjects(folder)
    assert main(["--out", str(folder), "--check"]) == 2
    assert "make the set again" in capsys.readouterr().err
    path.unlink()
    with pytest.raises(UsageError, match="missing"):
        verify(folder)


def test_a_frozen_set_refuses_heads_that_look_different(tmp_path):
    folder, frozen = _folder(tmp_path), tmp_path / "frozen.json"
    signatures = {p.name: signature_of(load_sample(p)) for p in folder.glob("*.npz")}
    assert not check_frozen(signatures, frozen)
    write_frozen(signatures, frozen)
    assert check_frozen(signatures, frozen)
    name = next(iter(signatures))
    # Another device's rounding passes, another picture does not.
    nearly = {name: [[x + 0.004 for x in row] for row in signatures[name]]}
    assert check_frozen(nearly, frozen)
    other = {name: [[x + 0.05 for x in row] for row in signatures[name]]}
    with pytest.raises(UsageError, match="freeze"):
        check_frozen(other, frozen)
    with pytest.raises(UsageError, match="freeze"):
        check_frozen({"head_9.npz": signatures[name]}, frozen)


def test_only_the_whole_set_can_be_frozen(tmp_path, capsys):
    assert main(["--out", str(_folder(tmp_path)), "--check", "--freeze"]) == 2
    assert "64 heads" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"hashes": 3}', "[" * 10000])
def test_a_damaged_manifest_is_the_users_error(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(UsageError, match="manifest"):
        verify(tmp_path)


def test_the_hash_sees_values_types_and_names():
    array = np.arange(6, dtype=np.uint8)
    plain = hash_arrays({"a": array, "b": {"x": 1}})
    assert plain == hash_arrays({"b": {"x": 1}, "a": array.copy()})
    others = (
        {"a": array + 1, "b": {"x": 1}},
        {"a": array.astype(np.int8), "b": {"x": 1}},
        {"a": array.reshape(2, 3), "b": {"x": 1}},
        {"a": array, "b": {"x": 2}},
        {"c": array, "b": {"x": 1}},
    )
    assert len({plain, *map(hash_arrays, others)}) == 6


def test_synthetic_heads_become_both_kinds_of_shards(tmp_path):
    heads = tmp_path / "heads"
    heads.mkdir()
    _folder(heads)
    (heads / "manifest.json").unlink()
    assert write_synthetic_shards(heads, tmp_path / "many", single_views=False) == 2
    assert write_synthetic_shards(heads, tmp_path / "single", single_views=True) == 32
    many = ShardDataset(tmp_path / "many").sample(0, np.random.default_rng(0))
    single = ShardDataset(tmp_path / "single").sample(0, np.random.default_rng(0))
    assert len(many.targets) == 3
    assert len(single.targets) == 1
    assert np.array_equal(single.targets[0].rgb, single.input.rgb)
