"""Arrays come out of honest pickles; no code of a hostile one is ever run."""

import io
import os
import pickle
import pickletools
import struct
import sys
import tracemalloc
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference.errors import InvalidModelError
from inference.head.inert_pickle import read_arrays

VERTICES = np.random.default_rng(0).normal(size=(40, 3))
FACES = np.random.default_rng(1).integers(0, 40, (60, 3)).astype(np.uint32)


class Runs:
    """Pickles as a call of any function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def stand_in_class(module, name, monkeypatch):
    """A class that pickles under another package's name."""
    made = type(name, (), {"__module__": module, "__qualname__": name})
    parts = module.split(".")
    for depth in range(1, len(parts) + 1):
        if ".".join(parts[:depth]) not in sys.modules:
            path = ".".join(parts[:depth])
            monkeypatch.setitem(sys.modules, path, types.ModuleType(path))
    monkeypatch.setattr(sys.modules[module], name, made, raising=False)
    return made


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4])
@pytest.mark.parametrize(
    "array",
    [
        VERTICES,
        np.asfortranarray(VERTICES),
        VERTICES.astype(">f4"),
        FACES,
        np.zeros((0, 3)),
        np.arange(5, dtype=np.int16),
    ],
)
def test_arrays_of_numbers_are_read_as_numpy_would(protocol, array):
    data = pickle.dumps({"v_template": array, "gender": "neutral"}, protocol)
    (read,) = read_arrays(data, "v_template")
    assert read.dtype == array.dtype
    assert np.array_equal(read, array)


def test_chumpy_and_scipy_objects_are_inert(monkeypatch):
    chumpy = stand_in_class("chumpy.ch", "Ch", monkeypatch)()
    chumpy.x = VERTICES
    sparse = stand_in_class("scipy.sparse_stand_in", "csc_matrix", monkeypatch)()
    sparse.data, sparse.indices = VERTICES, FACES
    data = pickle.dumps({"v_template": chumpy, "f": FACES, "J_regressor": sparse}, 2)
    vertices, faces = read_arrays(data, "v_template", "f")
    assert np.array_equal(vertices, VERTICES)
    assert np.array_equal(faces, FACES)
    with pytest.raises(InvalidModelError):
        read_arrays(data, "J_regressor")


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.system, ("touch hacked",)),
        (eval, ("open('hacked', 'w')",)),
        (exec, ("open('hacked', 'w')",)),
        (open, ("hacked", "w")),
        (getattr, (os, "system")),
        (np.load, ("hacked",)),
        (bytearray, (10,)),
        (pickle.loads, (pickle.dumps(1),)),
    ],
)
def test_nothing_that_a_file_asks_for_is_run(function, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if function is getattr:
        data = b"cos\nsystem\n(S'touch hacked'\ntR."
    else:
        data = pickle.dumps({"v_template": VERTICES, "x": Runs(function, *arguments)}, 2)
    with pytest.raises(InvalidModelError, match="it asks for"):
        read_arrays(data, "v_template")
    assert not (tmp_path / "hacked").exists()


def test_names_inside_allowed_packages_are_not_imported(monkeypatch):
    monkeypatch.delitem(sys.modules, "scipy.io", raising=False)
    data = b"\x80\x02}q\x00X\x01\x00\x00\x00fcscipy.io.loadmat\nloadmat\n(tRs."
    pickletools.dis(data, out=io.StringIO())
    with pytest.raises(InvalidModelError):
        read_arrays(data, "f")
    assert "scipy.io" not in sys.modules


def test_arrays_of_objects_are_refused():
    data = pickle.dumps({"f": np.array([{}, []], object)}, 2)
    with pytest.raises(InvalidModelError, match="numbers"):
        read_arrays(data, "f")


def test_a_missing_entry_is_named():
    with pytest.raises(InvalidModelError, match="v_template"):
        read_arrays(pickle.dumps({"f": FACES}), "v_template")


@pytest.mark.parametrize("data", [b"", b"\x80", pickle.dumps([1, 2]), b"hello", b"\x00" * 50])
def test_other_files_are_refused(data):
    with pytest.raises(InvalidModelError):
        read_arrays(data, "f")


GOOD = pickle.dumps({"v_template": VERTICES[:3], "f": FACES[:3]}, 2)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD)), st.binary(max_size=6), st.integers(0, 8))
def test_damage_gives_an_error_or_numbers(position, patch, cut):
    data = GOOD[:position] + patch + GOOD[position + cut :]
    try:
        vertices, faces = read_arrays(data, "v_template", "f")
    except InvalidModelError:
        return
    assert vertices.dtype.kind in "fiub"
    assert faces.dtype.kind in "fiub"


def test_a_few_bytes_cannot_take_all_memory():
    far = struct.pack("<I", 2**31 - 1)
    for bomb in (pickle.LONG_BINPUT + far, pickle.BYTEARRAY8 + struct.pack("<Q", 2**40)):
        data = pickle.PROTO + b"\x05" + pickle.EMPTY_DICT + bomb + pickle.STOP
        tracemalloc.start()
        try:
            with pytest.raises(InvalidModelError):
                read_arrays(data, "v_template")
            assert tracemalloc.get_traced_memory()[1] < 2**20
        finally:
            tracemalloc.stop()
