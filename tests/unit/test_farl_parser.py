"""FaRL's parser against pyfacer's own chain, with small random networks in the published forms."""

import sys
import types
import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from inference.catalogue.store import ModelStore
from inference.catalogue.table import model_entry
from inference.errors import InvalidModelError, NoFaceError, UsageError
from inference.face_map.labels import Label
from inference.files import resource_path
from inference.fitting.evidence.landmark_groups import LEFT_EYE, RIGHT_EYE
from inference.parsing.farl import FarlParser, load_published_parser
from inference.parsing.label_orders import CELEBAMASK_NAMES, label_order
from inference.portrait.types import CropBox, FaceLandmarks, PreparedPortrait
from inference.torchvision_repair import repair_torchvision

repaired = repair_torchvision()
SIZE = 256


class Stub(nn.Module):
    """FaRL's signature: pictures to logits of 19 regions and something auxiliary."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 8, 9, padding=4)
        self.last = nn.Conv2d(8, 19, 9, padding=4)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits = self.last(torch.tanh(self.first(images)))
        return logits, logits.mean()


@pytest.fixture(scope="module")
def facer():
    if not repaired:
        pytest.skip("pyfacer needs torchvision, which is not installed")
    with warnings.catch_warnings(action="ignore"):
        return pytest.importorskip("facer", reason="pyfacer is not installed")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    stub = Stub()
    for parameter in stub.parameters():
        nn.init.normal_(parameter, std=0.3)
    path = tmp_path_factory.mktemp("farl") / "face_parsing.farl.celebm.main_ema_181500_jit.pt"
    torch.jit.save(torch.jit.script(stub.eval()), path)
    return path


def write_detector(facer, path, finds):
    """RetinaFace's state; its faces are the coarsest anchors, or none."""
    from facer.face_detection.retinaface import RetinaFace, cfg_mnet

    network = RetinaFace(cfg=cfg_mnet, phase="test")
    for level, heads in enumerate(zip(network.ClassHead, network.LandmarkHead, strict=True)):
        (classes, points) = (head.conv1x1 for head in heads)
        for layer in (classes, points):
            nn.init.zeros_(layer.weight)
        face = finds and level == 2
        classes.bias.data = torch.tensor([-4.0, 4.0] if face else [4.0, -4.0]).repeat(2)
        five = [-1.0, -0.7, 1.0, -0.9, 0.0, 0.3, -0.7, 1.4, 0.8, 1.2]
        points.bias.data = torch.tensor(five).repeat(2)
    # As published: saved from several GPUs.
    torch.save({f"module.{name}": value for name, value in network.state_dict().items()}, path)
    return path


@pytest.fixture(scope="module")
def detector(facer, tmp_path_factory):
    return write_detector(facer, tmp_path_factory.mktemp("retina") / "mobilenet.pth", finds=True)


@pytest.fixture(scope="module")
def blind(facer, tmp_path_factory):
    return write_detector(facer, tmp_path_factory.mktemp("retina") / "mobilenet.pth", finds=False)


@pytest.fixture(scope="module")
def image():
    photograph = Image.open(resource_path("samples/astronaut.png")).convert("RGB")
    square = photograph.crop((100, 0, 356, 256)).resize((SIZE, SIZE))
    return np.asarray(square, np.float32) / 255


def portrait(image, with_landmarks=True):
    """A face of 40 pixels from eye to eye and 41 from them to the mouth."""
    points = np.zeros((468, 2))
    points[:] = (128, 130)
    points[list(RIGHT_EYE)], points[list(LEFT_EYE)] = (108, 110), (148, 108)
    points[61], points[291] = (112, 150), (144, 150)
    landmarks = FaceLandmarks(points, 1.0) if with_landmarks else None
    alpha = np.ones(image.shape[:2], np.float32)
    return PreparedPortrait(image, alpha, landmarks, CropBox(128, 128, SIZE))


def five_points():
    """The same face as RetinaFace would tell it."""
    points = torch.tensor([[108, 110], [148, 108], [128, 130], [112, 150], [144, 150.0]])
    return {"points": points[None], "image_ids": torch.zeros(1, dtype=torch.long)}


def their_scores(facer, weights, image, faces):
    """pyfacer's chain as its readme has it, and where the aligned square lies (-1..1)."""
    network = facer.face_parser("farl/celebm/448", "cpu", model_path=str(weights))
    pictures = facer.hwc2bchw(torch.from_numpy(image))
    found = network(pictures, faces)["seg"]["logits"][0].softmax(0)
    return found.numpy(), network.get_warp_grid(pictures, faces["points"])[1][0].abs().amax(-1)


def chosen(faces, with_landmarks):
    """The face that our landmarks lie on, else the largest."""
    rects = faces["rects"]
    index = ((rects[:, 2] - rects[:, 0]) * (rects[:, 3] - rects[:, 1])).argmax()
    if with_landmarks:
        index = (faces["points"] - five_points()["points"]).norm(dim=2).mean(dim=1).argmin()
    return {"points": faces["points"][index][None], "image_ids": torch.zeros(1, dtype=torch.long)}


@pytest.mark.parametrize("with_landmarks", [False, True])
def test_inside_the_aligned_square_scores_are_pyfacer_s(
    facer, weights, detector, image, with_landmarks
):
    retina = facer.face_detector("retinaface/mobilenet", "cpu", model_path=str(detector))
    with torch.inference_mode():
        faces = retina(facer.hwc2bchw(torch.from_numpy(image * 255).round()))
    both = [chosen(faces, known)["points"] for known in (False, True)]
    assert not torch.equal(*both)
    expected, position = their_scores(facer, weights, image, chosen(faces, with_landmarks))
    inside = (position < 0.9).numpy()
    assert 0.05 < inside.mean() < 0.95

    parsing = FarlParser(weights, detector).parse(portrait(image, with_landmarks))
    assert parsing.scores.shape == (19, SIZE, SIZE)
    assert parsing.scores.dtype == np.float32
    np.testing.assert_allclose(parsing.scores.sum(0), 1, atol=1e-5)
    np.testing.assert_allclose(parsing.scores[:, inside], expected[:, inside], atol=1e-5)
    assert len(np.unique(parsing.labels[inside])) > 3


@pytest.mark.parametrize("finder", ["no detector", "a detector that finds nothing"])
def test_without_a_detection_our_landmarks_align(facer, weights, blind, image, finder):
    expected, position = their_scores(facer, weights, image, five_points())
    inside = (position < 0.9).numpy()
    assert 0.05 < inside.mean() < 0.95
    parser = FarlParser(weights, blind if "nothing" in finder else None)
    scores = parser.parse(portrait(image)).scores
    np.testing.assert_allclose(scores[:, inside], expected[:, inside], atol=1e-5)


def test_beyond_the_aligned_square_the_whole_crop_counts(facer, weights, image):
    """pyfacer has nothing to say there; long hair and shoulders lie there."""
    with torch.no_grad():
        small = torch.from_numpy(image).permute(2, 0, 1)[None]
        small = nn.functional.interpolate(small, (448, 448), mode="bilinear", antialias=True)
        logits = torch.jit.load(weights)(small.clamp(0, 1))[0]
        whole = nn.functional.interpolate(logits, (SIZE, SIZE), mode="bilinear")[0].softmax(0)
    whole = whole.numpy()
    scores = FarlParser(weights).parse(portrait(image)).scores
    aligned, position = their_scores(facer, weights, image, five_points())
    outside, seam = (position > 1).numpy(), ((position > 0.9) & (position < 1)).numpy()
    assert outside.mean() > 0.1
    assert seam.mean() > 0.01
    np.testing.assert_allclose(scores[:, outside], whole[:, outside], atol=1e-5)
    low, high = np.minimum(whole, aligned), np.maximum(whole, aligned)
    assert (scores[:, seam] > low[:, seam] - 1e-5).all()
    assert (scores[:, seam] < high[:, seam] + 1e-5).all()


def test_no_face_at_all_is_told(facer, weights, blind, image):
    with pytest.raises(NoFaceError, match="no face"):
        FarlParser(weights, blind).parse(portrait(image, with_landmarks=False))


def test_a_network_that_counts_like_celebamask_gives_our_order(facer, weights, image, monkeypatch):
    ours = FarlParser(weights).parse(portrait(image)).scores
    from facer.face_parsing.farl import pretrain_settings

    names = list(CELEBAMASK_NAMES)
    monkeypatch.setitem(pretrain_settings["celebm/448"], "label_names", names)
    other = FarlParser(weights).parse(portrait(image)).scores
    for channel, label in enumerate(label_order(CELEBAMASK_NAMES)):
        assert np.array_equal(other[label], ours[channel])
    assert not np.array_equal(other[Label.HAIR], ours[Label.HAIR])


def test_the_catalogue_s_files_are_compared_before_they_run(facer, tmp_path, monkeypatch):
    """A program of the right name and length but other content never runs."""
    store = ModelStore(tmp_path, tmp_path / "shared")
    with pytest.raises(InvalidModelError, match="models get farl-celebm-448"):
        load_published_parser(store)
    for model_id in ("farl-celebm-448", "retinaface-mobilenet"):
        entry = model_entry(model_id)
        path = store.own_path(entry, entry.files[0])
        path.parent.mkdir(parents=True)
        with open(path, "wb") as handle:
            handle.truncate(entry.files[0].size)
    ran = []
    monkeypatch.setattr(torch.jit, "load", lambda *a, **k: ran.append(a))
    with pytest.raises(InvalidModelError, match="get it again"):
        load_published_parser(store)
    assert not ran


def test_a_damaged_file_is_told(facer, weights, detector, tmp_path):
    bad = tmp_path / "bad.pt"
    bad.write_bytes(weights.read_bytes()[:2000])
    with pytest.raises(InvalidModelError, match=r"bad\.pt is damaged"):
        FarlParser(bad)
    bad.write_bytes(b"\x80\x02cos\nsystem\nq\x00X\x01\x00\x00\x00:\x85R.")
    with pytest.raises(InvalidModelError, match=r"bad\.pt is damaged"):
        FarlParser(weights, bad)


def test_an_absent_package_and_the_wrong_one_are_told(monkeypatch, weights):
    sentence = r"pyfacer: install it with pip install 'perchead\[semantic\]'"
    monkeypatch.setitem(sys.modules, "facer", None)
    with pytest.raises(UsageError, match=sentence):
        FarlParser(weights)
    other = types.ModuleType("facer")  # PyPI's package of that name
    other.face_detection = types.ModuleType("facer.face_detection")
    monkeypatch.setitem(sys.modules, "facer", other)
    monkeypatch.setitem(sys.modules, "facer.face_detection", other.face_detection)
    with pytest.raises(UsageError, match=sentence):
        FarlParser(weights)


def test_an_absent_file_is_told(tmp_path, weights):
    for files in ((tmp_path / "absent.pt",), (weights, tmp_path / "absent.pth")):
        with pytest.raises(InvalidModelError, match=r"absent\.pth?: choose"):
            FarlParser(*files)
