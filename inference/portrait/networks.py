"""MediaPipe's small TFLite networks, run by OpenCV."""

import threading

import cv2
import numpy as np

from inference.errors import InvalidModelError
from inference.files import resource_path
from inference.head.gaussians import FloatArray


class TfliteNetwork:
    """One network of resources/networks; may be called from several threads.

    Args:
        file: name below resources/networks.

    Raises:
        InvalidModelError: the file is missing or damaged.
    """

    def __init__(self, file: str) -> None:
        # Read from memory: OpenCV opens no path with letters outside the system's code page.
        content = np.frombuffer(resource_path(f"networks/{file}").read_bytes(), np.uint8)
        try:
            self._net = cv2.dnn.readNetFromTFLite(content)
        except cv2.error as error:
            raise InvalidModelError(
                f"The file resources/networks/{file} is damaged: install PercHead again."
            ) from error
        self._lock = threading.Lock()  # a cv2 network holds its input and is not reentrant

    def run(
        self,
        image: FloatArray,  # [S, S, 3] RGB in the network's range
        output: str,
    ) -> FloatArray:
        """Compute one output layer for one picture, in OpenCV's layout.

        OpenCV 5 can return only one layer a pass when the network comes from memory.
        """
        blob = np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)
        with self._lock:
            self._net.setInput(blob)
            return np.array(self._net.forward(output), np.float32)
