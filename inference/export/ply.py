"""3D Gaussian splats in the PLY layout of the 3DGS reference code.

Per vertex x y z nx ny nz f_dc_0..2 opacity scale_0..2 rot_0..3, before activation: opacity is
a logit, scale a logarithm, f_dc = (rgb - 0.5) / 0.28209479, rot is wxyz.
Source: https://github.com/graphdeco-inria/gaussian-splatting, scene/gaussian_model.py.

Viewers take these files as y-down, the axes of the cameras they were trained with. So a head is
turned by 180 degrees about x on its way out, and every file is turned back on its way in: what
stands upright in other viewers stands upright here.

The sharpening network is a filter on pictures; no splat file can hold it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from inference.errors import InvalidSplatError
from inference.export.ply_header import PlyHeader, open_start, parse_header
from inference.files import atomic_write
from inference.head.gaussians import FloatArray, Gaussians
from inference.progress import CancelToken, Progress, no_progress

SH_C0 = 0.28209479177387814
"""The constant spherical harmonic, 1 / (2 sqrt(pi))."""

OPACITY_MARGIN = 1e-3
"""Opacities are kept this far from 0 and 1, where the logit has no value."""

MAX_POSITION = 1e6
"""Centres farther than this from the origin are damage, not splats."""

LOG_SCALE_RANGE = (-20.0, 12.0)
"""Natural logarithms of scales are clamped to this: 2e-9 to 1.6e5."""

_COMMENT = "comment PercHead head, metres, y down as splat viewers expect"
_POSITIONS = ("x", "y", "z")
_NORMALS = ("nx", "ny", "nz")
_COLOURS = ("f_dc_0", "f_dc_1", "f_dc_2")
_SCALES = ("scale_0", "scale_1", "scale_2")
_ROTATIONS = ("rot_0", "rot_1", "rot_2", "rot_3")
PROPERTIES = (*_POSITIONS, *_NORMALS, *_COLOURS, "opacity", *_SCALES, *_ROTATIONS)
"""The order in which they are written."""

_NEEDED = (*_POSITIONS, *_COLOURS, "opacity", *_SCALES, *_ROTATIONS)
MAX_LINE_BYTES = 64 * 1024
"""A vertex written as text is under 2 kB."""

_CHUNK = 8192  # Gaussians between two looks at the cancel token


@dataclass(frozen=True)
class PlySplats:
    """What a file held.

    Attributes:
        gaussians: the usable Gaussians, in our frame, in the file's order.
        dropped: number of rows left out because a value is not finite, the centre is
            farther than MAX_POSITION or the rotation has no length.
    """

    gaussians: Gaussians
    dropped: int


def write_ply(
    gaussians: Gaussians,
    path: Path,
    progress: Progress = no_progress,
    cancel: CancelToken | None = None,
) -> None:
    """Write a binary little-endian 3DGS PLY.

    Positions, rotations and colours come back exactly or to float precision; opacities
    are clamped to OPACITY_MARGIN..1 - OPACITY_MARGIN.

    Raises:
        OutputError: it cannot be written there.
        Cancelled: nothing is left behind, an older file stays.
    """
    cancel = cancel or CancelToken()
    header = "\n".join(
        [
            "ply",
            "format binary_little_endian 1.0",
            _COMMENT,
            f"element vertex {len(gaussians)}",
            *(f"property float {name}" for name in PROPERTIES),
            "end_header\n",
        ]
    )
    with atomic_write(Path(path)) as temporary, open(temporary, "wb") as handle:
        handle.write(header.encode("ascii"))
        for start in range(0, len(gaussians), _CHUNK):
            cancel.check()
            progress("Writing PLY", start / len(gaussians))
            handle.write(_rows(gaussians, slice(start, start + _CHUNK)).tobytes())
        cancel.check()
    progress("Writing PLY", 1.0)


def is_own_head(path: Path) -> bool:
    """Whether the file is a head as write_ply wrote it, and no splat of other origin.

    Raises:
        InvalidSplatError: it cannot be read.
    """
    return _COMMENT.encode() in open_start(Path(path))


def read_ply(path: Path) -> Gaussians:
    """Read any 3DGS PLY: see read_ply_splats, which also counts what was dropped."""
    return read_ply_splats(path).gaussians


def read_ply_splats(path: Path) -> PlySplats:
    """Read any 3DGS PLY: any property order and number type, ascii or binary.

    View-dependent colour (f_rest), normals and unknown properties are ignored. Memory is
    bounded by the file's size. Rows with unusable values are dropped and counted;
    opacities and colours are clamped to 0..1, log scales to LOG_SCALE_RANGE.

    Raises:
        InvalidSplatError: no splat file, damaged, or without a single usable Gaussian.
    """
    path = Path(path)
    header = parse_header(open_start(path), path.name)
    names = header.dtype.names or ()
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        hint = "an uncompressed PLY" if "packed_position" in names else "a 3D Gaussian splat"
        raise InvalidSplatError(f"{path.name} has no property {missing[0]}: choose {hint}.")
    if header.count == 0:
        raise InvalidSplatError(f"{path.name} holds no Gaussians: choose another file.")
    try:
        with np.errstate(over="ignore", invalid="ignore"):  # a double too large becomes inf
            columns = (_ascii_columns if header.ascii else _binary_columns)(path, header)
    except OSError as error:
        raise InvalidSplatError(
            f"{path.name} cannot be read ({error.strerror}): check that you may open it."
        ) from error
    return _activate(columns, path.name)


def _rows(gaussians: Gaussians, part: slice) -> FloatArray:
    """Some Gaussians as rows [n, 17] in the order of PROPERTIES."""
    x, y, z = gaussians.means[part].T
    qw, qx, qy, qz = gaussians.quaternions[part].T
    opacity = np.clip(
        gaussians.opacities[part].astype(np.float64), OPACITY_MARGIN, 1 - OPACITY_MARGIN
    )
    zero = np.zeros_like(x)
    columns = [
        *(x, -y, -z),
        *(zero, zero, zero),
        *((gaussians.colours[part].astype(np.float64) - 0.5) / SH_C0).T,
        np.log(opacity / (1 - opacity)),
        *np.log(gaussians.scales[part].astype(np.float64)).T,
        *(-qx, qw, -qz, qy),  # (0, 1, 0, 0) times q
    ]
    return np.stack(columns, axis=1).astype("<f4")


def _binary_columns(path: Path, header: PlyHeader) -> FloatArray:
    """The needed properties [n, 14], a chunk at a time."""
    offset = header.header_bytes + header.bytes_before
    if path.stat().st_size < offset + header.count * header.dtype.itemsize:
        raise _truncated(path.name)
    columns = np.empty((header.count, len(_NEEDED)), np.float32)
    with open(path, "rb") as handle:
        handle.seek(offset)
        for start in range(0, header.count, _CHUNK):
            count = min(_CHUNK, header.count - start)
            data = handle.read(count * header.dtype.itemsize)
            if len(data) < count * header.dtype.itemsize:
                raise _truncated(path.name)
            rows = np.frombuffer(data, header.dtype)
            for column, name in enumerate(_NEEDED):
                columns[start : start + count, column] = rows[name]
    return columns


def _ascii_columns(path: Path, header: PlyHeader) -> FloatArray:
    """The needed properties [n, 14] from text, one vertex a line."""
    names = list(header.dtype.names or ())
    if path.stat().st_size < header.header_bytes + header.count * 2 * len(names) - 1:
        raise _truncated(path.name)
    take = [names.index(name) for name in _NEEDED]
    columns = np.empty((header.count, len(_NEEDED)), np.float32)
    with open(path, "rb") as handle:
        handle.seek(header.header_bytes)
        for _ in range(header.rows_before):
            if not handle.readline(MAX_LINE_BYTES):
                raise _truncated(path.name)
        for number in range(header.count):
            words = handle.readline(MAX_LINE_BYTES).split()
            if len(words) != len(names):
                raise _truncated(path.name)
            try:
                columns[number] = [float(words[i]) for i in take]
            except ValueError:
                raise InvalidSplatError(
                    f"{path.name} is damaged (vertex {number} holds a word that is no number): "
                    "export it again."
                ) from None
    return columns


def _activate(columns: FloatArray, name: str) -> PlySplats:
    """From stored values [n, 14] in the order of _NEEDED to Gaussians in our frame."""
    total = len(columns)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(columns[:, 10:14], axis=1)
        usable = np.isfinite(columns).all(axis=1) & np.isfinite(lengths) & (lengths > 1e-12)
        usable &= (np.abs(columns[:, :3]) <= MAX_POSITION).all(axis=1)
    if not usable.all():
        columns, lengths = columns[usable], lengths[usable]
    if not len(columns):
        raise InvalidSplatError(f"{name} holds no usable Gaussian: export it again.")
    rotations = columns[:, 10:14] / lengths[:, None]
    odds = np.exp(np.clip(columns[:, 6], -80, 80))
    gaussians = Gaussians(
        means=columns[:, :3] * np.array([1, -1, -1], np.float32),
        quaternions=rotations[:, [1, 0, 3, 2]] * np.array([1, -1, 1, -1], np.float32),
        scales=np.exp(np.clip(columns[:, 7:10], *LOG_SCALE_RANGE)),
        opacities=odds / (1 + odds),
        colours=np.clip(0.5 + SH_C0 * np.clip(columns[:, 3:6], -4, 4), 0, 1),
    )
    return PlySplats(gaussians, total - len(columns))


def _truncated(name: str) -> InvalidSplatError:
    return InvalidSplatError(f"{name} is shorter than its header says: download or copy it again.")
