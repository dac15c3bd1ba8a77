"""Where a loader finds a published model, or the sentence that says how to get it."""

from importlib.util import find_spec
from pathlib import Path

from inference.catalogue.store import ModelStore, default_store
from inference.catalogue.table import model_entry
from inference.errors import InvalidModelError, UsageError
from inference.torchvision_repair import repair_torchvision
from inference.version import program_name

SEMANTIC_EXTRA = "semantic"
"""The extra of pyproject.toml with the packages of the editing model's published networks."""


def published_folder(model_id: str, store: ModelStore | None = None) -> Path:
    """The folder that holds all files of a model of the table.

    Args:
        model_id: a name of the table.
        store: where to look; the user's.

    Raises:
        UsageError: the table has no such model.
        InvalidModelError: it is not on this computer.
    """
    entry = model_entry(model_id)
    folder = (store or default_store()).folder(entry)
    if folder is None:
        verb = "get" if entry.can_be_fetched else "import"
        raise InvalidModelError(
            f"The model {model_id} is not on this computer: "
            f"run '{program_name()} models {verb} {model_id}'."
        )
    return folder


def published_file(model_id: str, store: ModelStore | None = None) -> Path:
    """The weights of a model of the table that is one file; raises as published_folder does."""
    return published_folder(model_id, store) / model_entry(model_id).files[-1].name


def missing_package(purpose: str, package: str, extra: str = SEMANTIC_EXTRA) -> UsageError:
    """What to raise when a published network's package is absent."""
    return UsageError(
        f"{purpose} needs the package {package}: install it with pip install 'perchead[{extra}]'."
    )


def make_torchvision_fit(purpose: str) -> None:
    """Call this before importing a package that needs torchvision.

    Raises:
        UsageError: torchvision is there, but of another build than torch, and beyond repair.
    """
    if not repair_torchvision() and find_spec("torchvision") is not None:
        raise UsageError(
            f"{purpose} needs torchvision, and the one that is installed does not fit torch: "
            "install both anew with pip install --force-reinstall torch torchvision."
        )
