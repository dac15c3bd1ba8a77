"""What can be wrong with a data set on someone's disk."""

from inference.errors import PercHeadError


class BrokenSampleError(PercHeadError):
    """One sample's files are missing, damaged or contradictory; the rest can be used."""
