"""What users rely on: a splat file comes back as it was, stands upright elsewhere, and a broken
one gets a sentence."""

import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inference.errors import InvalidSplatError, PercHeadError
from inference.export.ply import PROPERTIES, read_ply, read_ply_splats, write_ply
from inference.head.gaussians import Gaussians
from inference.progress import Cancelled, CancelToken

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def random_gaussians(count: int, seed: int = 0) -> Gaussians:
    rng = np.random.default_rng(seed)
    quaternions = rng.normal(size=(count, 4))
    return Gaussians(
        means=rng.normal(0, 0.1, (count, 3)),
        quaternions=quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True),
        scales=np.exp(rng.uniform(-9, -3, (count, 3))),
        opacities=rng.uniform(0, 1, count),
        colours=rng.uniform(0, 1, (count, 3)),
    )


def assert_same(got: Gaussians, expected: Gaussians) -> None:
    np.testing.assert_array_equal(got.means, expected.means)
    np.testing.assert_allclose(got.quaternions, expected.quaternions, atol=2e-7)
    np.testing.assert_allclose(got.scales, expected.scales, rtol=2e-6)
    clamped = np.clip(expected.opacities, 1e-3, 1 - 1e-3)
    np.testing.assert_allclose(got.opacities, clamped, atol=1e-6)
    np.testing.assert_allclose(got.colours, expected.colours, atol=2e-7)


def table(rows: list[list[float]], names=PROPERTIES, types=None, form="binary_little_endian"):
    """A PLY file's bytes, written independently of the exporter."""
    types = types or ["float"] * len(names)
    head = f"ply\nformat {form} 1.0\nelement vertex {len(rows)}\n"
    head += "".join(f"property {t} {n}\n" for t, n in zip(types, names, strict=True))
    codes = {"float": "f", "double": "d", "uchar": "B", "int": "i"}
    if form == "ascii":
        body = "".join(" ".join(repr(v) for v in row) + "\n" for row in rows).encode()
    else:
        order = "<" if "little" in form else ">"
        body = b"".join(struct.pack(order + "".join(codes[t] for t in types), *r) for r in rows)
    return head.encode() + b"end_header\n" + body


GOOD_ROW = [0.1, 0.2, 0.3, 0, 0, 0, 1.0, 0.0, -1.0, 2.0, -5.0, -6.0, -7.0, 1.0, 0.0, 0.0, 0.0]


@quick
@given(count=st.integers(1, 40), seed=st.integers(0, 2**31))
def test_round_trip(tmp_path: Path, count: int, seed: int) -> None:
    gaussians = random_gaussians(count, seed)
    write_ply(gaussians, tmp_path / "head.ply")
    assert_same(read_ply(tmp_path / "head.ply"), gaussians)


def test_extreme_opacities_and_scales_come_back_near(tmp_path: Path) -> None:
    base = random_gaussians(3)
    gaussians = Gaussians(
        base.means, base.quaternions, np.full((3, 3), 1e-8), np.array([0, 1, 0.5]), base.colours
    )
    write_ply(gaussians, tmp_path / "head.ply")
    assert_same(read_ply(tmp_path / "head.ply"), gaussians)


def test_file_stands_upright_for_viewers_that_take_y_as_down(tmp_path: Path) -> None:
    """The stored points and covariances are ours, turned by 180 degrees about x."""
    from scipy.spatial.transform import Rotation

    gaussians = random_gaussians(20)
    write_ply(gaussians, tmp_path / "head.ply")
    data = (tmp_path / "head.ply").read_bytes()
    stored = np.frombuffer(data.split(b"end_header\n", 1)[1], "<f4").reshape(20, -1)
    turn = np.diag([1, -1, -1])
    np.testing.assert_allclose(stored[:, :3], gaussians.means @ turn)
    ours = Rotation.from_quat(gaussians.quaternions, scalar_first=True).as_matrix()
    theirs = Rotation.from_quat(stored[:, 13:17], scalar_first=True).as_matrix()
    np.testing.assert_allclose(theirs, turn @ ours, atol=1e-6)


def test_the_usual_properties_in_the_usual_order(tmp_path: Path) -> None:
    write_ply(random_gaussians(2), tmp_path / "head.ply")
    header = (tmp_path / "head.ply").read_bytes().split(b"end_header")[0].decode()
    names = [line.split()[2] for line in header.splitlines() if line.startswith("property")]
    assert " ".join(names) == (
        "x y z nx ny nz f_dc_0 f_dc_1 f_dc_2 opacity scale_0 scale_1 scale_2 "
        "rot_0 rot_1 rot_2 rot_3"
    )


@pytest.mark.parametrize("form", ["ascii", "binary_little_endian", "binary_big_endian"])
def test_encodings_and_number_types(tmp_path: Path, form: str) -> None:
    reference = tmp_path / "reference.ply"
    reference.write_bytes(table([GOOD_ROW] * 3))
    names = [*reversed(PROPERTIES), "f_rest_0", "red", "label"]
    types = ["float", "double"] * 8 + ["float", "float", "uchar", "int"]
    row = [*reversed(GOOD_ROW), 9.0, 200, -3]
    other = tmp_path / "other.ply"
    other.write_bytes(table([row] * 3, names, types, form))
    assert_same(read_ply(other), read_ply(reference))


def test_windows_line_breaks_and_elements_before_and_after(tmp_path: Path) -> None:
    properties = "".join(f"property float {n}\r\n" for n in PROPERTIES)
    header = (
        "ply\r\nformat binary_little_endian 1.0\r\ncomment made elsewhere\r\n"
        "element camera 2\r\nproperty double t\r\nelement vertex 1\r\n" + properties
    )
    header += "element face 1\r\nproperty list uchar int vertex_indices\r\nend_header\r\n"
    body = b"\xff" * 16 + struct.pack("<17f", *GOOD_ROW) + b"\x03" + bytes(12)
    (tmp_path / "a.ply").write_bytes(header.encode() + body)
    (tmp_path / "b.ply").write_bytes(table([GOOD_ROW]))
    assert_same(read_ply(tmp_path / "a.ply"), read_ply(tmp_path / "b.ply"))


@pytest.mark.parametrize(
    ("column", "value"),
    [(0, np.nan), (1, np.inf), (2, 3e38), (6, np.nan), (9, -np.inf), (11, np.inf), (13, 0.0)],
)
def test_unusable_rows_are_dropped_and_counted(tmp_path: Path, column: int, value: float) -> None:
    bad = list(GOOD_ROW)
    bad[column] = float(value)
    (tmp_path / "a.ply").write_bytes(table([GOOD_ROW, bad, GOOD_ROW]))
    splats = read_ply_splats(tmp_path / "a.ply")
    assert (len(splats.gaussians), splats.dropped) == (2, 1)
    (tmp_path / "b.ply").write_bytes(table([bad, bad]))
    with pytest.raises(InvalidSplatError, match="no usable Gaussian"):
        read_ply(tmp_path / "b.ply")


def test_huge_but_finite_values_are_clamped(tmp_path: Path) -> None:
    row = [0.0] * 6 + [1e30, -1e30, 3e38, 3e38, 1e30, -1e30, 88.0, 1e15, 0.0, 0.0, 0.0]
    (tmp_path / "a.ply").write_bytes(table([row]))
    splats = read_ply_splats(tmp_path / "a.ply")
    assert splats.dropped == 0
    np.testing.assert_array_equal(splats.gaussians.colours, [[1, 0, 1]])
    assert splats.gaussians.opacities[0] == 1
    assert splats.gaussians.scales.max() < 2e5


GOOD = table([GOOD_ROW] * 4)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"ply",
        b"ply\n",
        b"ply\nend_header",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        bytes(1000),
        b"ply\n" + b"comment x\n" * 100_000,
        GOOD[:-1],
        GOOD.replace(b"vertex 4", b"vertex -4"),
        GOOD.replace(b"vertex 4", b"vertex 0"),
        GOOD.replace(b"vertex 4", b"vertex 5"),
        GOOD.replace(b"vertex 4", b"vertex 4000000"),
        GOOD.replace(b"vertex 4", b"vertex 99999999999"),
        GOOD.replace(b"vertex 4", b"vertex " + b"9" * 5000),
        GOOD.replace(b"vertex 4", b"vertex 1e3"),
        GOOD.replace(b"vertex 4", b"vertex"),
        GOOD.replace(b"element vertex 4\n", b""),
        GOOD.replace(b"vertex", b"edge"),
        GOOD.replace(b"element", b"element camera 999999999999999\nproperty int t\nelement"),
        GOOD.replace(b"property float rot_3\n", b""),
        GOOD.replace(b"rot_3", b"rot_2"),
        GOOD.replace(b"float opacity", b"quad opacity"),
        GOOD.replace(b"float opacity", b"list uchar float opacity"),
        GOOD.replace(b"binary_little_endian 1.0", b"zip 1.0"),
        GOOD.replace(b"format binary_little_endian 1.0\n", b""),
        table([GOOD_ROW] * 4, form="ascii")[:-20],
        table([GOOD_ROW] * 4, form="ascii").replace(b"0.2", b"abc"),
        table([GOOD_ROW] * 4, form="ascii").replace(b"0.2 ", b""),
        table([GOOD_ROW] * 4, form="ascii").replace(b"vertex 4", b"vertex 4000000"),
    ],
)
def test_broken_files_get_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.ply"
    path.write_bytes(data)
    with pytest.raises(InvalidSplatError) as caught:
        read_ply(path)
    sentence = str(caught.value)
    assert "broken.ply" in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 250


@quick
@given(
    where=st.integers(0, len(GOOD) - 1), what=st.binary(max_size=30), cut=st.integers(0, len(GOOD))
)
def test_any_damage_gives_gaussians_or_a_sentence(
    tmp_path: Path, where: int, what: bytes, cut: int
) -> None:
    path = tmp_path / "mutated.ply"
    path.write_bytes((GOOD[:where] + what + GOOD[where + len(what) :])[: max(cut, where)])
    with suppress(PercHeadError):
        gaussians = read_ply(path)
        assert 0 < len(gaussians) <= 4


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.ply", tmp_path):
        with pytest.raises(InvalidSplatError, match="is no file"):
            read_ply(path)


def test_cancelling_leaves_the_older_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "head.ply"
    path.write_bytes(b"older")
    cancel = CancelToken()
    seen = []

    def progress(stage: str, fraction: float) -> None:
        seen.append(fraction)
        if fraction > 0.3:
            cancel.cancel()

    with pytest.raises(Cancelled):
        write_ply(random_gaussians(40_000), path, progress, cancel)
    assert path.read_bytes() == b"older"
    assert [p.name for p in tmp_path.iterdir()] == ["head.ply"]
    assert seen == sorted(seen)
    assert len(seen) >= 2
