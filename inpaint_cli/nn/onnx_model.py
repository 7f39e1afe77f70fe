"""Writing ONNX: the few messages of its protocol-buffer format that a plain convolutional network needs.

The `onnx` package would do the same; but importing it and copying the weights through its objects takes as long as all
the rest of a short run's start, and a graph of seven operators needs six messages. Field numbers are those of
`onnx.proto`, and the tests have `onnx.checker` read the result. Wire format: https://protobuf.dev/programming-guides/encoding
"""

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_IR_VERSION = 8
_OPSET = 13
_FLOAT, _INT64 = 1, 7  # TensorProto.DataType
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_STRING, _ATTRIBUTE_INTS = 1, 2, 3, 7  # AttributeProto.AttributeType
_VARINT, _BYTES, _FIXED32 = 0, 2, 5  # wire types

Attribute = int | float | str | Sequence[int]
Message = list[bytes]  # in pieces, joined once at the end: the weights are copied once


class OnnxModel:
    """A graph with one input and one output, N×C×H×W float32 with free N, H and W; nodes are added in order.

    Args:
        in_channels: channels of the input, which is the tensor `x`.
    """

    def __init__(self, in_channels: int) -> None:
        self.input = "x"
        self._in_channels = in_channels
        self._nodes: list[Message] = []
        self._constants: dict[str, Message] = {}

    def constant(self, name: str, values: NDArray[Any]) -> str:
        """Add a constant, float32 or int64, unless one of that name is there already; return its name."""
        if name not in self._constants:
            wide = np.issubdtype(values.dtype, np.integer)
            raw = np.ascontiguousarray(values, "<i8" if wide else "<f4").tobytes()
            self._constants[name] = [
                *_integers(1, values.shape),
                *_integer(2, _INT64 if wide else _FLOAT),
                *_text(8, name),
                *_message(9, [raw]),
            ]
        return name

    def add(self, operator: str, inputs: Sequence[str], **attributes: Attribute) -> str:
        """Add a node of one output; return the output's name."""
        output = f"{operator}_{len(self._nodes)}"
        node = [piece for name in inputs for piece in _text(1, name)]
        node += [*_text(2, output), *_text(3, output), *_text(4, operator)]
        for name, value in attributes.items():
            node += _message(5, _attribute(name, value))
        self._nodes.append(node)
        return output

    def serialize(self, output: str, out_channels: int) -> bytes:
        """Return the model as the bytes of a `.onnx` file.

        Args:
            output: the tensor that the model gives.
            out_channels: its channels.
        """
        graph = [piece for node in self._nodes for piece in _message(1, node)]
        graph += _text(2, "generator")
        graph += [piece for constant in self._constants.values() for piece in _message(5, constant)]
        graph += _message(11, _picture(self.input, self._in_channels))
        graph += _message(12, _picture(output, out_channels))
        operators = [*_text(1, ""), *_integer(2, _OPSET)]
        model = [*_integer(1, _IR_VERSION), *_text(2, "inpaint-cli"), *_message(7, graph), *_message(8, operators)]
        return b"".join(model)


def _attribute(name: str, value: Attribute) -> Message:
    """Return an AttributeProto."""
    if isinstance(value, float):
        content, kind = [_key(2, _FIXED32), struct.pack("<f", value)], _ATTRIBUTE_FLOAT
    elif isinstance(value, int):
        content, kind = _integer(3, value), _ATTRIBUTE_INT
    elif isinstance(value, str):
        content, kind = _text(4, value), _ATTRIBUTE_STRING
    else:
        content, kind = _integers(8, value), _ATTRIBUTE_INTS
    return [*_text(1, name), *content, *_integer(20, kind)]


def _picture(name: str, channels: int) -> Message:
    """Return the ValueInfoProto of a float32 tensor with free N, H and W; the output's H and W are the input's."""
    sides = [_text(2, "N"), _integer(1, channels), _text(2, "H"), _text(2, "W")]
    shape = [piece for side in sides for piece in _message(1, side)]
    tensor = [*_integer(1, _FLOAT), *_message(2, shape)]
    return [*_text(1, name), *_message(2, _message(1, tensor))]


def _varint(value: int) -> bytes:
    """Return a non-negative integer in groups of seven bits, the lowest first."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def _key(field: int, wire_type: int) -> bytes:
    return _varint(field << 3 | wire_type)


def _integer(field: int, value: int) -> Message:
    return [_key(field, _VARINT), _varint(value)]


def _integers(field: int, values: Sequence[int]) -> Message:
    return _message(field, list(map(_varint, values)))


def _text(field: int, value: str) -> Message:
    return _message(field, [value.encode()])


def _message(field: int, pieces: Message) -> Message:
    return [_key(field, _BYTES), _varint(sum(map(len, pieces))), *pieces]
