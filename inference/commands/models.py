"""`perchead models`: the published networks - which there are, getting and removing them."""

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.catalogue.entries import ModelEntry
from inference.catalogue.store import ModelStore, default_store
from inference.catalogue.table import MODELS, model_entry
from inference.catalogue.wording import duration_text, size_text
from inference.errors import UsageError
from inference.version import program_name

if TYPE_CHECKING:
    from inference.catalogue.download import DownloadState

NAME = "models"


@dataclass(frozen=True)
class Catalogue:
    """What the sub-commands work on.

    Attributes:
        models: the table.
        store: where the files are.
    """

    models: tuple[ModelEntry, ...]
    store: ModelStore


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Describe the sub-command and its own."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        NAME,
        help="list, get, import, remove or verify published networks",
        description="Published networks. Nothing is fetched without your word, and your portraits "
        "never leave this computer. What is built in needs none of the others; each says what "
        "it is for.",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="which there are, their licences, which are here")
    listing.add_argument("--json", action="store_true", help="the same for programs")
    get = actions.add_parser("get", help="fetch models from their publishers")
    get.add_argument("ids", nargs="+", metavar="ID")
    bring = actions.add_parser("import", help="take a model from a file or folder of yours")
    bring.add_argument("id", metavar="ID")
    bring.add_argument("source", type=Path, metavar="PATH")
    for words in (get, bring):
        words.add_argument(
            "--accept-licence", action="store_true", help="you have read the licence and accept it"
        )
    remove = actions.add_parser("remove", help="delete models from this computer")
    remove.add_argument("ids", nargs="+", metavar="ID")
    verify = actions.add_parser("verify", help="compare files with what was published")
    verify.add_argument("ids", nargs="*", metavar="ID", help="all that are here, if none is given")
    return parser


def run(arguments: argparse.Namespace, catalogue: Catalogue | None = None) -> int:
    """Do what was asked.

    Returns:
        0, or 1 when verify found something damaged or missing.

    Raises:
        UsageError: an unknown model, or a licence that was not accepted.
        PercHeadError: see download_model, import_model and ModelStore.
    """
    catalogue = catalogue or Catalogue(MODELS, default_store())
    if arguments.action == "list":
        _list(catalogue, arguments.json)
    elif arguments.action == "get":
        _get(catalogue, _entries(catalogue, arguments.ids), arguments.accept_licence)
    elif arguments.action == "import":
        entry = model_entry(arguments.id, catalogue.models)
        _import(catalogue, entry, arguments.source, arguments.accept_licence)
    elif arguments.action == "remove":
        _remove(catalogue, _entries(catalogue, arguments.ids))
    else:
        return _verify(catalogue, arguments.ids)
    return 0


def _entries(catalogue: Catalogue, ids: list[str]) -> list[ModelEntry]:
    return [model_entry(model_id, catalogue.models) for model_id in ids]


def _list(catalogue: Catalogue, as_json: bool) -> None:
    states = {entry.id: catalogue.store.state(entry) for entry in catalogue.models}
    if as_json:
        rows = [asdict(entry) | {"state": states[entry.id]} for entry in catalogue.models]
        print(json.dumps(rows, indent=2))
        return
    for entry in catalogue.models:
        licence = entry.licence
        print(f"{entry.id}  [{states[entry.id]}]")
        print(f"  {entry.purpose}; {entry.publisher}")
        size = "comes with PercHead" if entry.built_in else size_text(entry.size)
        print(f"  {size}; needs {size_text(entry.memory)} of memory")
        print(f"  {licence.name}; commercial use: {licence.commercial}  {licence.url}")
        if licence.remark:
            print(f"  {licence.remark}")


def _get(catalogue: Catalogue, entries: list[ModelEntry], accepted: bool) -> None:
    from inference.catalogue.download import download_model

    for entry in entries:
        if catalogue.store.folder(entry) is not None:
            print(f"{entry.id} is here already.")
            continue
        if entry.can_be_fetched:
            _ask_licence(catalogue.store, entry, accepted)
        download_model(catalogue.store, entry, _show)
        print(f"{entry.id} is in {catalogue.store.folder(entry)}.")


def _import(catalogue: Catalogue, entry: ModelEntry, source: Path, accepted: bool) -> None:
    from inference.catalogue.importing import import_model

    _ask_licence(catalogue.store, entry, accepted)
    missing = import_model(catalogue.store, entry, source)
    if missing:
        names = ", ".join(file.name for file in missing)
        print(f"Copied. {entry.id} still needs {names}: import them too.")
    else:
        print(f"{entry.id} is in {catalogue.store.folder(entry)}.")


def _remove(catalogue: Catalogue, entries: list[ModelEntry]) -> None:
    for entry in entries:
        if entry.built_in:
            print(f"{entry.id} is part of PercHead and stays.")
            continue
        freed = catalogue.store.remove(entry)
        print(f"{entry.id}: removed, {size_text(freed)} free again." if freed else _absent(entry))
        shared = catalogue.store.folder(entry)
        if shared is not None:
            print(f"  A copy stays in the shared cache, {shared}: other programs may use it.")


def _absent(entry: ModelEntry) -> str:
    return f"{entry.id}: there was nothing of ours to remove."


def _verify(catalogue: Catalogue, ids: list[str]) -> int:
    store = catalogue.store
    chosen = _entries(catalogue, ids) or [
        entry for entry in catalogue.models if store.state(entry) != "absent"
    ]
    if not chosen:
        print("No model is here.")
    bad = False
    for entry in chosen:
        for file, verdict in store.verify(entry).items():
            print(f"{entry.id}  {file.name}: {verdict}")
            bad = bad or verdict in ("damaged", "missing")
    if bad:
        again = f"{program_name()} models remove ID"
        print(
            f"Remove what is damaged and get it again: '{again}'; in the shared cache, "
            f"{store.shared}, delete it by hand."
        )
    return int(bad)


def _ask_licence(store: ModelStore, entry: ModelEntry, accepted: bool) -> None:
    """Show the terms and record the user's yes.

    Raises:
        UsageError: the user did not accept, or nobody is there to ask.
    """
    if store.has_accepted(entry):
        return
    licence = entry.licence
    print(f"{entry.id} ({size_text(entry.size)}) by {entry.publisher}, {entry.page}")
    print(f"Licence: {licence.name}, {licence.url}; commercial use: {licence.commercial}.")
    for sentence in filter(None, (licence.gist, licence.remark)):
        print(sentence)
    if not accepted:
        if not sys.stdin.isatty():
            raise UsageError(f"Read {licence.url}, then say --accept-licence.")
        if input("Type yes to accept: ").strip().lower() != "yes":
            raise UsageError("Nothing was fetched, for the licence was not accepted.")
    store.accept_licence(entry)


def _show(state: "DownloadState") -> None:
    if not sys.stderr.isatty():
        return
    whole = f" of {size_text(state.total)}" if state.total is not None else ""
    left = f", {duration_text(state.seconds_left)} left" if state.seconds_left is not None else ""
    line = f"  {state.file} {size_text(state.done)}{whole}, {size_text(state.speed)}/s{left}"
    if state.checking:
        line = f"  {state.file} {size_text(state.done)}{whole} compared with what was published"
    end = "\n" if state.done == state.total else ""
    print(f"\r{line:78.78}", end=end, file=sys.stderr, flush=True)
