"""The sentence network that ships with PercHead: all-MiniLM-L6-v2 with int8 weights.

Reimers and Gurevych 2019, "Sentence-BERT", https://arxiv.org/abs/1908.10084. The only file that
imports onnxruntime and tokenizers.
"""

from collections.abc import Sequence

import numpy as np

from inference.errors import InvalidModelError
from inference.files import resource_path
from inference.head.gaussians import FloatArray

SENTENCE_NETWORK = "networks/minilm_l6_int8.onnx"
SENTENCE_TOKENIZER = "networks/minilm_l6_tokenizer.json"
WIDTH = 384
_LONGEST = 128  # tokens of a text that count


class SentenceNetwork:
    """Descriptions in English to vectors that lie close where the meaning does."""

    def __init__(self, threads: int = 1) -> None:
        """Load network and tokenizer.

        Args:
            threads: of the network; a prompt takes a few milliseconds on one.

        Raises:
            InvalidModelError: a file is missing or damaged.
        """
        import onnxruntime
        from tokenizers import Tokenizer

        network, words = resource_path(SENTENCE_NETWORK), resource_path(SENTENCE_TOKENIZER)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._tokenizer = Tokenizer.from_file(str(words))
            self._session = onnxruntime.InferenceSession(
                str(network), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise InvalidModelError(
                f"The files resources/{SENTENCE_NETWORK} and {words.name} are damaged: "
                "install PercHead again."
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(_LONGEST)
        self._inputs = {entry.name for entry in self._session.get_inputs()}

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """L2-normalised vectors [T, 384] float32.

        One text after the other: the int8 arithmetic scales by what else is in a batch, and a
        prompt must mean the same whatever it came with.
        """
        rows = np.zeros((len(texts), WIDTH), np.float32)
        for row, text in zip(rows, texts, strict=True):
            tokens = self._tokenizer.encode(text)
            given = {
                "input_ids": tokens.ids,
                "attention_mask": tokens.attention_mask,
                "token_type_ids": tokens.type_ids,
            }
            feed = {
                name: np.array([values], np.int64)
                for name, values in given.items()
                if name in self._inputs
            }
            found = np.asarray(self._session.run(None, feed)[0], np.float32)
            vector = found[0].mean(0) if found.ndim == 3 else found[0]
            row[:] = vector / max(float(np.linalg.norm(vector)), 1e-9)
        return rows
