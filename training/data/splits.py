"""Which identities are for training and which are held out for evaluation."""

import hashlib
from typing import Literal

Split = Literal["train", "test", "all"]

NERSEMBLE_TEST = ("059", "070", "370", "373", "374")
"""Participants of NeRSemble (appendix F.1)."""

AVA256_TEST = (
    "20220809--1034--BJM420",
    "20220815--1307--BMP511",
    "20220831--0751--CMS162",
    "20230224--1359--CMZ386",
    "20230308--1352--BDF920",
    "20230316--1103--BHK376",
    "20230324--0820--AEY864",
    "20230328--0800--BLY735",
    "20230405--1635--AAN112",
    "20230810--1630--ANX726",
    "20230914--1105--BXQ083",
)
"""Captures of Ava-256 (appendix F.1). The paper trains on none of Ava-256."""

_AVA256_PEOPLE = frozenset(capture.rpartition("--")[2] for capture in AVA256_TEST)


def identity_of(dataset: str, person: str) -> str:
    """An identity that is unique across data sets, for example "nersemble/059"."""
    return f"{dataset}/{person}"


def is_test(identity: str, held_out_share: float = 0.0) -> bool:
    """Whether a person is held out.

    Args:
        identity: as identity_of makes it. The test people of Ava-256 are held out in whatever
            other capture they appear too.
        held_out_share: share of the other people that is held out as well, chosen by a hash of
            their name, for data sets without published test identities; 0 as in the paper.
    """
    dataset, _, person = identity.partition("/")
    if dataset == "nersemble" and person in NERSEMBLE_TEST:
        return True
    if dataset == "ava256" and person.rpartition("--")[2] in _AVA256_PEOPLE:
        return True
    return _unit_hash(identity) < held_out_share


def in_split(identity: str, split: Split, held_out_share: float = 0.0) -> bool:
    """Whether a person belongs to a split; everybody belongs to "all"."""
    return split == "all" or is_test(identity, held_out_share) == (split == "test")


def _unit_hash(text: str) -> float:
    """A number in 0..1 that looks random and is always the same for a text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2**64
