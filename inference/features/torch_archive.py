"""Read the tensors of a .pt file without running anything that the file asks for.

Both kinds of .pt are a zip with a pickle and one entry for each block of numbers: what torch.save
writes, and a TorchScript program (OpenAI's CLIP), which torch.load refuses and torch.jit.load
would run. This reader answers every name in the pickle with inert stand-ins or refuses it.
https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

import math
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from inference.errors import InvalidModelError

_DTYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
_MAX_PICKLE = 64 * 2**20  # bytes; CLIP ViT-L/14's has 0.2 MB


class _Module:
    """A module of a TorchScript program: remembers its attributes, knows no code."""

    def __new__(cls, *_arguments: object) -> "_Module":
        return super().__new__(cls)

    def __init__(self, *_arguments: object) -> None:
        self.attributes: dict[str, object] = {}

    def __setstate__(self, state: object) -> None:
        # Hostile pickles may skip __init__ or give another state than a dictionary.
        self.attributes = state if isinstance(state, dict) else {}


class _Names(dict[str, object]):
    """A state dictionary; what torch.save notes about its versions is of no use here."""

    def __setstate__(self, state: object) -> None:
        pass


def _rebuild_tensor(
    storage: object, offset: Any, size: Any, stride: Any, *_more: object
) -> torch.Tensor:
    """A tensor on its block of numbers; stands for torch._utils._rebuild_tensor_v2."""
    if not isinstance(storage, torch.Tensor) or storage.ndim != 1 or not _is_count(offset):
        raise pickle.UnpicklingError("a tensor is damaged")
    for numbers in (size, stride):
        if not isinstance(numbers, tuple) or not all(map(_is_count, numbers)):
            raise pickle.UnpicklingError("a tensor has no shape")
    # torch sees to it that no number lies outside the block; strides of 0 could still repeat some.
    if math.prod(size) > len(storage):
        raise pickle.UnpicklingError("a tensor is larger than its numbers")
    return storage.as_strided(size, stride, offset)


def _rebuild_parameter(data: object, *_more: object) -> object:
    """Stands for torch._utils._rebuild_parameter."""
    return data


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


class _Reader(pickle.Unpickler):
    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(archive.open(f"{folder}/data.pkl"))
        self._archive, self._folder = archive, folder
        self._blocks: dict[str, torch.Tensor] = {}

    def find_class(self, module: str, name: str) -> object:
        if module.split(".")[0] == "__torch__":
            return _Module
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if (module, name) == ("collections", "OrderedDict"):
            return _Names
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return _rebuild_parameter
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")

    def persistent_load(self, pid: object) -> torch.Tensor:
        match pid:
            case ("storage", torch.dtype() as dtype, str() as key, str(), int() as count, *_):
                pass
            case _:
                raise pickle.UnpicklingError("it refers to something else than numbers")
        if key not in self._blocks:
            # bytearray: torch wants numbers that it could write to.
            data = bytearray(self._archive.read(f"{self._folder}/data/{key}"))
            if len(data) != count * dtype.itemsize:
                raise pickle.UnpicklingError("a block of numbers has another size than it says")
            empty = torch.empty(0, dtype=dtype)
            self._blocks[key] = torch.frombuffer(data, dtype=dtype) if data else empty
        return self._blocks[key]


def read_torch_archive(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a .pt file by their dotted names.

    Args:
        path: a TorchScript program, or what torch.save wrote of a state dictionary (also one
            under the key "state_dict").

    Returns:
        Its tensors, in the file's precision.

    Raises:
        InvalidModelError: the file is missing, damaged, or asks for anything but tensors.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entry = _pickle_entry(archive)
            content: Any = _Reader(archive, entry.filename.removesuffix("/data.pkl")).load()
        if isinstance(content, dict) and isinstance(content.get("state_dict"), dict):
            content = content["state_dict"]
        tensors: dict[str, torch.Tensor] = {}
        _collect(content, "", tensors)
    except (
        *(OSError, zipfile.BadZipFile, NotImplementedError, pickle.UnpicklingError, EOFError),
        *(KeyError, ValueError, TypeError, AttributeError, IndexError, RuntimeError),
        *(OverflowError, MemoryError, ImportError, RecursionError),
    ) as error:
        raise InvalidModelError(
            f"{path.name} is missing, damaged or holds no weights: download it again."
        ) from error
    return tensors


def _pickle_entry(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    for entry in archive.infolist():
        if entry.filename.count("/") == 1 and entry.filename.endswith("/data.pkl"):
            if entry.file_size > _MAX_PICKLE:
                raise ValueError("its list of tensors is too long")
            return entry
    raise ValueError("it has no list of tensors")


def _collect(node: object, name: str, tensors: dict[str, torch.Tensor]) -> None:
    """Gather the tensors of modules within modules."""
    if isinstance(node, torch.Tensor):
        tensors[name] = node
        return
    inner = node.attributes if isinstance(node, _Module) else node
    if isinstance(inner, dict):
        for key, value in inner.items():
            _collect(value, f"{name}.{key}" if name else str(key), tensors)
