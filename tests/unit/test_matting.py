"""ViTMatte against transformers' own classes, with small random networks in the published form."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from inference.catalogue.checksum import is_published_file
from inference.catalogue.store import ModelStore
from inference.catalogue.table import model_entry
from inference.engine import Engine
from inference.errors import InvalidModelError, UsageError
from inference.files import resource_path
from inference.head.template import HeadTemplate
from inference.portrait.foreground import ForegroundFinder
from inference.portrait.loading import load_image
from inference.portrait.matting import VitMatte, load_published_matting
from inference.portrait.prepare import PortraitPreparer
from inference.portrait.selection import load_foreground
from inference.portrait.trimap import CLOTHES_BAND, HAIR_BAND, UNKNOWN, make_trimap
from inference.portrait.types import FaceLandmarks
from inference.progress import CancelToken

# The repository's on the hub; its configuration is longer by defaults, and SMALL has other sizes.
PREPROCESSOR = {
    "do_normalize": True,
    "do_pad": True,
    "do_rescale": True,
    "image_mean": [0.5, 0.5, 0.5],
    "image_processor_type": "VitMatteImageProcessor",
    "image_std": [0.5, 0.5, 0.5],
    "rescale_factor": 0.00392156862745098,
    "size_divisibility": 32,
}
CONFIG = {
    "_commit_hash": None,
    "architectures": ["VitMatteForImageMatting"],
    "backbone_config": {
        "hidden_size": 384,
        "image_size": 512,
        "model_type": "vitdet",
        "num_attention_heads": 6,
        "num_channels": 4,
        "out_features": ["stage12"],
        "out_indices": [12],
        "residual_block_indices": [2, 5, 8, 11],
        "use_relative_position_embeddings": True,
        "window_block_indices": [0, 1, 3, 4, 6, 7, 9, 10],
        "window_size": 14,
    },
    "batch_norm_eps": 1e-05,
    "convstream_hidden_sizes": [48, 96, 192],
    "fusion_hidden_sizes": [256, 128, 64, 32],
    "hidden_size": 384,
    "initializer_range": 0.02,
    "model_type": "vitmatte",
    "torch_dtype": "float32",
    "transformers_version": "4.33.0.dev0",
}
SMALL = CONFIG | {
    "hidden_size": 32,
    "convstream_hidden_sizes": [8, 8, 16],
    "fusion_hidden_sizes": [16, 16, 8, 8],
    "backbone_config": CONFIG["backbone_config"]
    | {
        "hidden_size": 32,
        "num_attention_heads": 2,
        "num_hidden_layers": 3,
        "residual_block_indices": [2],
        "window_block_indices": [0, 1],
        "out_features": ["stage3"],
        "out_indices": [3],
    },
}


def published(config):
    """A network of transformers' own, in the shape that a published configuration says."""
    from transformers import VitMatteConfig, VitMatteForImageMatting

    torch.manual_seed(0)
    return VitMatteForImageMatting(VitMatteConfig.from_dict(config)).eval()


def write_files(folder, config, network):
    """The three files under their published names."""
    network.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=2) + "\n")
    return folder


@pytest.fixture(scope="module")
def network():
    network = published(SMALL)
    for name, parameter in network.named_parameters():
        if "norm" not in name:
            torch.nn.init.normal_(parameter, std=0.15)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(module.weight)
    return network


@pytest.fixture(scope="module")
def folder(tmp_path_factory, network):
    return write_files(tmp_path_factory.mktemp("vitmatte"), SMALL, network)


@pytest.fixture(scope="module")
def sample():
    return load_image(resource_path("samples/astronaut.png"))


@pytest.fixture(scope="module")
def portrait(sample):
    preparer = PortraitPreparer(HeadTemplate.load(), 320)
    return preparer.prepare(sample, preparer.suggest_crop(sample, preparer.detect(sample)[0]))


@pytest.mark.parametrize("size", [(64, 96), (70, 101)])
def test_it_says_what_transformers_says(folder, network, size):
    """Both classes as their documentation has them, on 8-bit pictures; edges are padded alike."""
    from transformers.models.vitmatte.image_processing_pil_vitmatte import VitMatteImageProcessorPil

    random = np.random.default_rng(3)
    picture = random.integers(0, 256, (*size, 3), np.uint8)
    trimap = random.choice([0, 128, 255], size).astype(np.uint8)
    processor = VitMatteImageProcessorPil.from_pretrained(folder)
    inputs = processor(images=picture, trimaps=trimap, return_tensors="pt")
    with torch.no_grad():
        expected = network(**inputs).alphas[0, 0, : size[0], : size[1]].numpy()
    assert expected.std() > 0.01

    found = VitMatte(folder).predict(picture.astype(np.float32) / 255, trimap / np.float32(255))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_from_the_shared_cache_in_the_published_form(tmp_path):
    """At full size the weights' file has the published length, and the second its checksum."""
    store = ModelStore(tmp_path / "own", tmp_path / "hub")
    entry = model_entry("vitmatte-small")
    with pytest.raises(InvalidModelError, match="models get vitmatte-small"):
        load_published_matting(store)
    snapshots = store.shared / "models--hustvl--vitmatte-small-composition-1k" / "snapshots"
    folder = write_files(snapshots / entry.revision, CONFIG, published(CONFIG))
    config, preprocessor, weights = entry.files
    assert (folder / weights.name).stat().st_size == weights.size
    assert is_published_file(folder / preprocessor.name, preprocessor, CancelToken())
    (folder / config.name).write_text(json.dumps(CONFIG).ljust(config.size))
    assert isinstance(load_published_matting(store), VitMatte)


def test_the_unknown_band_is_wide_at_hair_and_narrow_at_clothes(portrait):
    trimap = make_trimap(portrait.alpha, portrait.landmarks)
    unknown = trimap == np.float32(UNKNOWN)
    assert set(np.unique(trimap[~unknown])) == {0.0, 1.0}
    assert (portrait.alpha[trimap == 0] < 0.06).all()
    assert (portrait.alpha[trimap == 1] > 0.5).all()
    rows, columns = np.round(portrait.landmarks.points).astype(int)[:, ::-1].T
    assert (trimap[rows[10:300], columns[10:300]] == 1).mean() > 0.95

    def width(row):  # pixels on either side of the person
        return unknown[row].sum() / 2

    scale = portrait.size / 512
    assert width(rows.min()) > 1.4 * HAIR_BAND * scale
    everywhere = make_trimap(portrait.alpha, None) == np.float32(UNKNOWN)
    assert (everywhere >= unknown).all()

    wall = np.zeros((64, 64), np.float32)
    wall[:, 32:] = 1
    face = FaceLandmarks(np.array([[2.0, 2], [6, 2], [4, 6]]), 1.0)
    assert (make_trimap(wall, face)[40] == np.float32(UNKNOWN)).sum() == 2 * CLOTHES_BAND / 8
    for known in (np.zeros_like(wall), np.ones_like(wall)):
        assert np.array_equal(make_trimap(known, None), known)


def test_it_decides_in_the_band_alone(folder, portrait):
    matting = VitMatte(folder)
    trimap = make_trimap(portrait.alpha, portrait.landmarks)
    unknown = trimap == np.float32(UNKNOWN)
    alpha = matting.refine(portrait.image, portrait.alpha, portrait.landmarks)
    assert np.array_equal(alpha[~unknown], trimap[~unknown])
    assert np.array_equal(alpha[unknown], matting.predict(portrait.image, trimap)[unknown])
    blank = np.zeros_like(portrait.alpha)
    assert np.array_equal(matting.refine(portrait.image, blank, None), blank)


def test_a_finder_with_it_keeps_what_the_other_promises(folder, sample, portrait):
    preparer = PortraitPreparer(HeadTemplate.load(), 320, ForegroundFinder(VitMatte(folder)))
    finer = preparer.prepare(sample, portrait.crop)
    assert (finer.alpha.shape, finer.alpha.dtype) == ((320, 320), np.float32)
    assert 0 <= finer.alpha.min() <= finer.alpha.max() <= 1
    assert not np.array_equal(finer.alpha, portrait.alpha)
    beyond = preparer.prepare(sample, type(portrait.crop)(0.0, 0.0, 300.0))
    assert (beyond.alpha[:140, :140] == 0).all()


def test_the_engine_uses_what_is_chosen_and_tells_what_is_missing(
    folder, sample, portrait, tmp_path, monkeypatch
):
    monkeypatch.setenv("PERCHEAD_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    with pytest.raises(UsageError, match="embedded or vitmatte"):
        Engine(foreground="birefnet")
    with pytest.raises(InvalidModelError, match="models get vitmatte-small"):
        Engine(foreground="vitmatte").prepare(sample, portrait.crop)
    assert load_foreground("embedded")._matting is None
    # The published lengths are those of the full size.
    monkeypatch.setattr("inference.portrait.matting.published_folder", lambda *_: folder)
    assert isinstance(load_foreground("vitmatte")._matting, VitMatte)
    chosen = Engine(foreground="vitmatte").prepare(sample, portrait.crop)
    usual = Engine().prepare(sample, portrait.crop)
    assert not np.array_equal(chosen.alpha, usual.alpha)


def rename_backbone(folder):
    other = json.loads((folder / "config.json").read_text())
    other["backbone_config"] = None
    other["backbone"] = "microsoft/resnet-50"
    (folder / "config.json").write_text(json.dumps(other))


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "config.json").unlink(),
        lambda folder: (folder / "config.json").write_text("<html>"),
        lambda folder: (folder / "preprocessor_config.json").write_text("{}"),
        lambda folder: (folder / "model.safetensors").write_bytes(b"\x80\x02cos\nsystem\n."),
        lambda folder: (folder / "config.json").write_text(json.dumps(CONFIG)),
        rename_backbone,
    ],
)
def test_damaged_or_other_files_are_told(tmp_path, network, damage):
    write_files(tmp_path, SMALL, network)
    damage(tmp_path)
    with pytest.raises(InvalidModelError, match="holds no ViTMatte: remove the model and get"):
        VitMatte(tmp_path)


def test_an_absent_package_is_told_and_torchvision_is_not_needed(folder, portrait, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    VitMatte(folder).refine(portrait.image, portrait.alpha, portrait.landmarks)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(UsageError, match=r"ViTMatte needs .*'perchead\[matting\]'"):
        VitMatte(Path("anywhere"))
