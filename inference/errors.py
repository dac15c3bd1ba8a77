"""The one family of errors that a user can cause."""


class PercHeadError(Exception):
    """Something the user can mend; the message is one sentence that says how.

    The application shows the message, the command line prints it and exits with 2.
    """


class InvalidImageError(PercHeadError):
    """A file is no image that can be read, or too large a one."""


class InvalidVideoError(PercHeadError):
    """A file is no video that can be decoded, or one without moving pictures."""


class NoFaceError(PercHeadError):
    """No face was found and no box was placed by hand."""


class InvalidFaceMapError(PercHeadError):
    """A file is no map of the 19 classes of a face."""


class InvalidSplatError(PercHeadError):
    """A splat file is damaged, or holds values that no Gaussian has."""


class InvalidModelError(PercHeadError):
    """A template or checkpoint is missing, damaged or does not fit the preset."""


class DownloadError(PercHeadError):
    """A published file cannot be fetched, or what came is not that file."""


class OutputError(PercHeadError):
    """A result cannot be written where the user wants it."""


class UsageError(PercHeadError):
    """The command line or an option was used in a way that cannot work."""
