"""Do the outlines agree?"""

from training.evaluation.metric import Comparison


class MaskIou:
    """Intersection over union of both foregrounds, alpha above one half."""

    name = "mask IoU"
    higher_is_better = True

    def __call__(self, comparison: Comparison) -> float:
        drawn, true = comparison.rendered_alpha > 0.5, comparison.truth_alpha > 0.5
        union = int((drawn | true).sum())
        return 1.0 if union == 0 else float((drawn & true).sum() / union)
