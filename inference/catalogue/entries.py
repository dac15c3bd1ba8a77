"""What the table of models says about each of them: plain data."""

import os
from dataclasses import dataclass
from typing import Literal

Commercial = Literal["yes", "no", "unclear"]

Group = Literal[
    "Heads", "Image features", "Style", "Face regions", "Foreground", "Head mesh", "Training"
]

HUGGING_FACE = "https://huggingface.co"


@dataclass(frozen=True)
class Licence:
    """Under what terms a publisher gives a model away.

    Attributes:
        name: SPDX identifier where there is one.
        url: where the text is.
        commercial: whether the terms allow commercial use; "unclear" where the terms of the
            weights and those of what they were trained on disagree.
        remark: what a user should know beyond the name; empty for nothing.
        gist: the terms in a sentence; the text itself counts. Empty where there is no short way
            to say them.
    """

    name: str
    url: str
    commercial: Commercial
    remark: str = ""
    gist: str = ""


@dataclass(frozen=True)
class ModelFile:
    """One file of a model.

    Attributes:
        name: its name in the repository and in our folder.
        size: bytes; None where it is not published.
        sha256: lower-case hexadecimal; None where it is not published.
        url: where it is; None for "in the entry's repository".
    """

    name: str
    size: int | None = None
    sha256: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class ModelEntry:
    """One row of the table.

    Attributes:
        id: the word for it on the command line, and its folder's name.
        group: what kind of thing it is for, under which a list shows it.
        purpose: what it does here, in a few words.
        publisher: who made it.
        licence: the terms that the user accepts.
        files: what is fetched, in this order.
        memory: bytes that using it takes at least (float32, one picture; our estimate).
        page: where a person reads about it: on the net, or a file of PercHead where it is built in.
        repository: on Hugging Face, as owner/name; None when each file has its URL, or none.
        revision: the repository's commit, so that the files can never change.
        built_in: its files come with PercHead, in resources/models.
    """

    id: str
    group: Group
    purpose: str
    publisher: str
    licence: Licence
    files: tuple[ModelFile, ...]
    memory: int
    page: str
    repository: str | None = None
    revision: str | None = None
    built_in: bool = False

    @property
    def size(self) -> int | None:
        """Bytes of all files; None where that of the weights is not published."""
        sizes = [file.size for file in self.files if not file.name.endswith(".json")]
        known = [size for size in sizes if size is not None]
        if len(known) < len(sizes):
            return None
        return sum(known) + sum(f.size or 0 for f in self.files if f.name.endswith(".json"))

    @property
    def can_be_fetched(self) -> bool:
        """False where the files come with PercHead, or the publisher hands them out in person."""
        return all(file_url(self, file) is not None for file in self.files)


def file_url(entry: ModelEntry, file: ModelFile) -> str | None:
    """Where a file is on the net; HF_ENDPOINT may name a mirror of Hugging Face."""
    if file.url is not None or entry.repository is None:
        return file.url
    endpoint = (os.environ.get("HF_ENDPOINT") or HUGGING_FACE).rstrip("/")
    return f"{endpoint}/{entry.repository}/resolve/{entry.revision}/{file.name}"
