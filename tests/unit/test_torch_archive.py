"""Weights come out of .pt files of both kinds; no code of a hostile one is ever run."""

import io
import os
import pickle
import zipfile

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from inference.errors import InvalidModelError
from inference.features.torch_archive import read_torch_archive


class Small(nn.Module):
    """Every kind of entry: parts in parts, a half transposed parameter, a count, shared numbers."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 3))
        self.turned = nn.Parameter(torch.randn(2, 3).half().t())
        self.register_buffer("count", torch.tensor(7))
        self.register_buffer("empty", torch.zeros(0, 4))

    def forward(self, x):
        return self.inner(x) @ self.turned.float()


@pytest.fixture(scope="module")
def module():
    torch.manual_seed(0)
    return Small().eval()


def save(module, path, kind):
    if kind == "traced":
        torch.jit.save(torch.jit.trace(module, torch.zeros(1, 3)), path)
    elif kind == "scripted":
        torch.jit.save(torch.jit.script(module), path)
    elif kind == "nested":
        torch.save({"state_dict": module.state_dict()}, path)
    else:
        torch.save(module.state_dict(), path)


@pytest.mark.parametrize("kind", ["traced", "scripted", "state dictionary", "nested"])
def test_tensors_are_those_that_were_saved(module, tmp_path, kind):
    path = tmp_path / "weights.pt"
    save(module, path, kind)
    read = read_torch_archive(path)
    wanted = module.state_dict()
    assert set(read) == set(wanted)
    for name, tensor in wanted.items():
        assert read[name].dtype == tensor.dtype
        assert torch.equal(read[name], tensor), name


class Runs:
    """Pickles as a call of any function."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def write_pickle(path, data):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights/data.pkl", data)
        archive.writestr("weights/data/0", bytes(16))


@pytest.mark.parametrize("protocol", [2, 4])
def test_nothing_in_a_hostile_file_is_run(tmp_path, protocol):
    mark = tmp_path / "mark"
    path = tmp_path / "weights.pt"
    write_pickle(path, pickle.dumps({"w": Runs(os.mkdir, str(mark))}, protocol))
    with pytest.raises(InvalidModelError, match="download it again"):
        read_torch_archive(path)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [((2, 3), (3, 1), 0), ((4,), (1,), 1), ((2, 2), (9, 1), 0), ((10**9,), (0,), 0)],
    ids=["too large", "beyond the end", "strides beyond the end", "repeated without end"],
)
def test_a_tensor_stays_within_its_numbers(tmp_path, size, stride, offset):
    class Storage:
        pass

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return ("storage", torch.FloatStorage, "0", "cpu", 4) if thing is Storage else None

    buffer = io.BytesIO()
    rebuild = Runs(torch._utils._rebuild_tensor_v2, Storage, offset, size, stride, False, {})
    Pickler(buffer, 2).dump({"w": rebuild})
    path = tmp_path / "weights.pt"
    write_pickle(path, buffer.getvalue())
    with pytest.raises(InvalidModelError):
        read_torch_archive(path)


@pytest.fixture(scope="module")
def whole(module, tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "weights.pt"
    save(module, path, "traced")
    return path.read_bytes()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_are_told(whole, tmp_path_factory, data):
    """Any byte changed, or the end cut off: read, or told in a sentence."""
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    del broken[data.draw(st.integers(len(broken) // 2, len(broken))) :]
    path = tmp_path_factory.getbasetemp() / "broken.pt"
    path.write_bytes(broken)
    told = None
    try:
        tensors = read_torch_archive(path)
    except InvalidModelError as error:
        told = str(error)
    if told is None:
        assert all(isinstance(tensor, torch.Tensor) for tensor in tensors.values())
    else:
        assert told.endswith("download it again.")


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_what_is_no_archive_is_told(tmp_path, content):
    path = tmp_path / "weights.pt"
    path.write_bytes(content)
    with pytest.raises(InvalidModelError):
        read_torch_archive(path)
    with pytest.raises(InvalidModelError):
        read_torch_archive(tmp_path / "absent.pt")
