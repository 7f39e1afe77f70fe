"""The generators on OpenCV: float32, on the processor, without torch."""

import threading

import cv2
import numpy as np
from numpy.typing import NDArray

from inpaint_cli.errors import WeightsError
from inpaint_cli.nn.onnx_graph import onnx_generator
from inpaint_cli.weights.checkpoints import Kind, architecture, read_weights
from inpaint_cli.weights.registry import Model

Floats = NDArray[np.float32]

_KEPT_PIXELS = 512 * 512  # a net keeps the buffers of its last pass; after a larger input it is rebuilt


class OpenCVBackend:
    """Both generators of a model. Threads may share it; they compute one after the other, with all of OpenCV's threads.

    The graph is built in memory from weights that have been verified: no file of ONNX is ever read.

    Args:
        model: where the weights lie and what they are.
        threads: processor threads of OpenCV, for the whole process; None leaves them as they are.
    """

    device = "cpu"

    def __init__(self, model: Model, threads: int | None = None) -> None:
        self._model = model
        self._nets: dict[Kind, cv2.dnn.Net] = {}
        self._lock = threading.Lock()
        if threads is not None:
            cv2.setNumThreads(threads)

    def run(self, kind: Kind, x: Floats, *, force_float32: bool = False) -> Floats:
        """Return a generator's output after its last activation, N×C×H×W float32.

        Args:
            kind: which generator.
            x: its input, N×C×H×W, H and W multiples of 4 from 12 up.
            force_float32: always the case here.

        Raises:
            WeightsError: the checkpoint can't be read or does not fit, or OpenCV can't read its graph.
        """
        with self._lock:
            net = self._net(kind)
            net.setInput(x)
            y = np.array(net.forward(), np.float32)  # a copy: the net keeps its output
            if x.shape[0] * x.shape[2] * x.shape[3] > _KEPT_PIXELS:
                del self._nets[kind]
            return y

    def _net(self, kind: Kind) -> cv2.dnn.Net:
        if kind not in self._nets:
            path = self._model.edge if kind == "edge" else self._model.inpaint
            weights = read_weights(path, kind, self._model.config)
            graph = onnx_generator(weights, architecture(kind, self._model.config))
            try:
                self._nets[kind] = cv2.dnn.readNetFromONNX(np.frombuffer(graph, np.uint8))
            except cv2.error as error:
                raise WeightsError(
                    f"{path}: OpenCV {cv2.__version__} can't run it ({error.err}); try --backend torch"
                ) from error
        return self._nets[kind]
