"""The models: one frozen row each.

Sizes and SHA-256 of each pinned revision are those that independent projects recorded of the
published files and agree on (OpenAI's checksums are part of the URL); None where we found none.
PercHead's own weights in resources/models have a row each; they come with the program and have no
checksum, since each version brings its own.
"""

from inference.catalogue.entries import Group, Licence, ModelEntry, ModelFile
from inference.errors import UsageError

_GB = 10**9
_APACHE = Licence(
    "Apache-2.0",
    "https://www.apache.org/licenses/LICENSE-2.0",
    "yes",
    gist="Use, change and share it, also commercially; whoever gets a copy gets the licence and "
    "the notices with it, and changes are marked. No warranty.",
)
_MIT = (
    "Use, change and share it, also commercially; the copyright and licence notice stays with "
    "every copy. No warranty."
)
_FACER = "https://github.com/FacePerceiver/facer"
_CLIP_MIT = Licence(
    "MIT",
    "https://github.com/openai/CLIP/blob/main/LICENSE",
    "yes",
    "OpenAI's model card advises against use in products that were not tested for it.",
    _MIT,
)
_PREPROCESSOR = ModelFile(
    "preprocessor_config.json",
    436,
    "14e780d86fa1861f8751f868d7f45425b5feb55c38ca26f152ca5097ab30f828",
)


def _own(model_id: str, group: Group, purpose: str, memory: int) -> ModelEntry:
    files = (ModelFile(f"{model_id.replace('-', '_')}.safetensors"),)
    page = "resources/README.md"  # how they were made and what they reach
    return ModelEntry(
        model_id, group, purpose, "PercHead", _APACHE, files, memory, page, built_in=True
    )


def _dinov2(
    model_id: str, purpose: str, revision: str, memory: int, *files: ModelFile
) -> ModelEntry:
    repository = f"facebook/{model_id}"
    page = f"https://huggingface.co/{repository}"
    return ModelEntry(
        model_id,
        "Image features",
        purpose,
        "Meta AI",
        _APACHE,
        files,
        memory,
        page,
        repository,
        revision,
    )


def _clip(
    model_id: str, purpose: str, file: str, sha256: str, size: int, memory: int
) -> ModelEntry:
    url = f"https://openaipublic.azureedge.net/clip/models/{sha256}/{file}"
    files = (ModelFile(file, size, sha256, url),)
    page = "https://github.com/openai/CLIP"
    return ModelEntry(model_id, "Style", purpose, "OpenAI", _CLIP_MIT, files, memory, page)


MODELS: tuple[ModelEntry, ...] = (
    _own(
        "embedded",
        "Heads",
        "makes heads on any computer; trained on synthetic heads alone",
        2_500_000_000,
    ),
    _own("editing", "Heads", "repaints and restyles heads", 1_400_000_000),
    _own("sharpening", "Heads", "sharpens pictures of heads", 1 * _GB),
    _own("style-space", "Style", "style from words or a picture", 1 * _GB),
    _own("parser", "Face regions", "the 19 regions of a face", 1 * _GB),
    _dinov2(
        "dinov2-giant",
        "image features of the presets paper and light",
        "611a9d42f2335e0f921f1e313ad3c1b7178d206d",
        6 * _GB,
        ModelFile(
            "config.json", 548, "15d2e68b709674c0eb9bb5cc8b73e57ebe9a169a425bef224f46ae10053806a2"
        ),
        _PREPROCESSOR,
        ModelFile(
            "model.safetensors",
            4_546_005_432,
            "917d3c470db999d32a312f8542149be91c7cbac61ee8fb4b67ae3d82b79ce21f",
        ),
    ),
    _dinov2(
        "dinov2-small",
        "image features of the preset light-s",
        "ed25f3a31f01632728cabb09d1542f84ab7b0056",
        1 * _GB,
        ModelFile(
            "config.json", 547, "1809f83e3bdb1609a501a610ad4a742f4fd8ae44d72ca4aa0df52d1f2ac8628d"
        ),
        _PREPROCESSOR,
        ModelFile(
            "model.safetensors",
            88_249_960,
            "ae1e99fcefd534ed978cdeb8326f08030c96e28b7a81ffcbc98a857c84d14be1",
        ),
    ),
    _dinov2(
        "dinov2-with-registers-giant",
        "image features with register tokens, large",
        "8d0d49f77fb8b5dd78842496ff14afe7dd4d85cb",
        6 * _GB,
        ModelFile("config.json"),
        ModelFile(
            "model.safetensors",
            4_546_030_112,
            "c03832d44691e99b62ae28c4dfa2f134853a3614b3756c94f525109cce5a5051",
        ),
    ),
    _dinov2(
        "dinov2-with-registers-small",
        "image features with register tokens, small",
        "0d9846e56b43a21fa46d7f3f5070f0506a5795a9",
        1 * _GB,
        ModelFile("config.json"),
        ModelFile("model.safetensors"),
    ),
    ModelEntry(
        "sam2.1-hiera-small",
        "Training",
        "features of the training's perceptual loss",
        "Meta AI",
        _APACHE,
        (
            ModelFile(
                "config.json",
                5698,
                "97ff9f65b76d107acda4247885f0a5555d0048850ae3c5f97183df289aaecde9",
            ),
            ModelFile(
                "preprocessor_config.json",
                683,
                "6ebf229ee259368ce4a8d4f2fe893a72b053023710853e257253939e601f583d",
            ),
            ModelFile(
                "model.safetensors",
                184_305_280,
                "0a4067b11ce1e23d5229203f11c718a823060d15a4b23fa2372a7d4b77cbbc60",
            ),
        ),
        1 * _GB,
        "https://huggingface.co/facebook/sam2.1-hiera-small",
        "facebook/sam2.1-hiera-small",
        "ee5bba1d82bb8749febdf90f45e84b687142ba03",
    ),
    _clip(
        "clip-vit-l-14",
        "style from words or a picture, large (open_clip ViT-L-14, openai)",
        "ViT-L-14.pt",
        "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836",
        932_768_134,
        3 * _GB,
    ),
    _clip(
        "clip-vit-b-32",
        "style from words or a picture, small (open_clip ViT-B-32, openai)",
        "ViT-B-32.pt",
        "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af",
        353_976_522,
        2 * _GB,
    ),
    ModelEntry(
        "farl-celebm-448",
        "Face regions",
        "face regions for the semantic editing (pyfacer)",
        "FacePerceiver (FaRL, Microsoft Research)",
        Licence(
            "MIT",
            f"{_FACER}/blob/main/LICENSE",
            "unclear",
            "Trained on CelebAMask-HQ, whose terms are for non-commercial research.",
            _MIT,
        ),
        (
            ModelFile(
                "face_parsing.farl.celebm.main_ema_181500_jit.pt",
                646_629_586,
                "bbc1f0e9f68c80eb83a0b23f33850d1e10f2ec1eda96884112d111c2c1f15c79",
                f"{_FACER}/releases/download/models-v1/"
                "face_parsing.farl.celebm.main_ema_181500_jit.pt",
            ),
        ),
        2 * _GB,
        _FACER,
    ),
    ModelEntry(
        "retinaface-mobilenet",
        "Face regions",
        "the face detector that pyfacer's parser asks for",
        "elliottzheng/face-detection",
        Licence(
            "MIT",
            "https://github.com/elliottzheng/face-detection/blob/master/LICENSE",
            "unclear",
            "Trained on the pictures of WIDER FACE, which have terms of their own.",
            _MIT,
        ),
        (
            ModelFile(
                "mobilenet0.25_Final.pth",
                1_789_735,
                "2979b33ffafda5d74b6948cd7a5b9a7a62f62b949cef24e95fd15d2883a65220",
                "https://github.com/elliottzheng/face-detection/releases/download/0.0.1/"
                "mobilenet0.25_Final.pth",
            ),
        ),
        1 * _GB,
        "https://github.com/elliottzheng/face-detection",
    ),
    ModelEntry(
        "vitmatte-small",
        "Foreground",
        "a finer outline: alpha of hair (ViTMatte)",
        "HUST-VL (Jingfeng Yao et al.)",
        Licence(
            "Apache-2.0",
            "https://www.apache.org/licenses/LICENSE-2.0",
            "unclear",
            "The authors' code is MIT. Trained on Adobe's Composition-1k, which has terms of its "
            "own.",
            _APACHE.gist,
        ),
        (
            ModelFile(
                "config.json",
                837,
                "ae1006f5a83227048b563b2e60709d4203e432b2276949ebef41a8cfeeeaf45f",
            ),
            ModelFile(
                "preprocessor_config.json",
                284,
                "0db558038b96a3f5c97e46d4ec8966fcc479e9aa58a391bca60b5094a5f7fee0",
            ),
            ModelFile(
                "model.safetensors",
                103_294_572,
                "bda9289db1bb6762d978b42d1c62ae3f34daf7497171a347a1d09657efd788cb",
            ),
        ),
        1 * _GB,
        "https://huggingface.co/hustvl/vitmatte-small-composition-1k",
        "hustvl/vitmatte-small-composition-1k",
        "6a58ad7646403c1df626fbd746900aec7361ea1d",
    ),
    ModelEntry(
        "flame",
        "Head mesh",
        "the head mesh of the paper, for weights that start from it",
        "Max Planck Institute for Intelligent Systems",
        Licence(
            "FLAME model licence or CC-BY-4.0",
            "https://flame.is.tue.mpg.de/modellicense.html",
            "unclear",
            "FLAME 2017 to 2023 are for non-commercial research; FLAME 2023 Open is CC-BY-4.0 "
            "(https://creativecommons.org/licenses/by/4.0) and allows commercial use with credit "
            "to its authors: what you may do follows from the file you bring.",
        ),
        (ModelFile("flame_model"),),
        1 * _GB,
        "https://flame.is.tue.mpg.de",
    ),
)


def model_entry(model_id: str, models: tuple[ModelEntry, ...] = MODELS) -> ModelEntry:
    """The row of that name.

    Raises:
        UsageError: there is none.
    """
    for entry in models:
        if entry.id == model_id:
            return entry
    names = ", ".join(entry.id for entry in models)
    raise UsageError(f"There is no model {model_id!r}: choose one of {names}.")
