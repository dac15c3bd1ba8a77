"""Makes torchvision importable beside a torch that it was not built for.

PyPI's torchvision beside a CPU build of torch cannot load its compiled operators and dies while
it describes one of them ("operator torchvision::nms does not exist"). With it die open_clip,
facer, timm, lpips, dreamsim, torchmetrics and transformers' models, though none of them needs
the operators here. Declared, not implemented, they let the import through; who calls one gets
torchvision's own error.
"""

import importlib
import sys

_OPERATORS = {
    "nms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}


def repair_torchvision() -> bool:
    """See to it that `import torchvision` works; call it before importing what needs it.

    Returns:
        Whether torchvision can be imported now; False where it is absent or beyond repair.
    """
    try:
        importlib.import_module("torchvision")
    except Exception as error:  # noqa: BLE001 - whatever a broken package raises
        return "torchvision::" in str(error) and _import_with_declared_operators()
    return True


def _import_with_declared_operators() -> bool:
    import torch

    for name, signature in _OPERATORS.items():
        if not hasattr(torch.ops.torchvision, name):
            torch.library.define(f"torchvision::{name}", signature)
    # The parts that came through are kept by Python and would not be run again.
    for module in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[module]
    try:
        importlib.import_module("torchvision")
    except Exception:  # noqa: BLE001 - see above
        return False
    return True
