"""A BERT sentence encoder as one ONNX graph, made straight from a folder in sentence-transformers' layout.

Knows nothing of where the folder came from, of quantisation, or of how the graph is run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from holdfast.errors import Misconfigured

if TYPE_CHECKING:
    import numpy as np
    import onnx
    from numpy.typing import NDArray

    Weights: TypeAlias = Mapping[str, NDArray[np.float32]]

MODEL_FILES = ("config.json", "tokenizer.json", "model.safetensors")
LAYOUT_FILES = ("modules.json", "sentence_bert_config.json", "1_Pooling/config.json")

# The newest pair that every onnxruntime from 1.18 on reads.
_IR, _OPSET = 9, 18
_MASKED = -1e30  # far below any attention score, and finite once a score is added to it
_T = TypeVar("_T")


class Architecture(Struct, frozen=True):
    """What `config.json` says of a BERT, by that file's names. Its other fields change no vector."""

    model_type: str
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    max_position_embeddings: int
    hidden_act: str = "gelu"
    layer_norm_eps: float = 1e-12
    position_embedding_type: str = "absolute"


class Layout(Struct, frozen=True):
    """A BERT, how its last layer becomes one vector, and after how many tokens a text is cut."""

    architecture: Architecture
    pooling: Literal["mean", "cls"]
    max_tokens: int


class _Module(Struct, frozen=True):
    type: str


class _Cut(Struct, frozen=True):
    max_seq_length: int | None = None


class _Pooling(Struct, frozen=True):
    pooling_mode_mean_tokens: bool = False
    pooling_mode_cls_token: bool = False
    pooling_mode_max_tokens: bool = False
    pooling_mode_mean_sqrt_len_tokens: bool = False
    pooling_mode_weightedmean_tokens: bool = False
    pooling_mode_lasttoken: bool = False


class _Tensor(Struct, frozen=True):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


def unusable(what: str) -> Misconfigured:
    """HF108 for a folder that cannot become an encoder."""
    return Misconfigured(
        "HF108", what, "run `holdfast models pull`, or name a folder in sentence-transformers' layout that holds a BERT"
    )


def _json(path: Path, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        raise unusable(f"there is no {path.name} in {path.parent}") from None
    except msgspec.DecodeError as error:
        raise unusable(f"{path} is not what a sentence encoder has there: {error}") from None


def read_layout(folder: Path) -> Layout:
    """What the folder's JSON files say. Only what the graph can do is let through.

    Raises Misconfigured HF108 for anything but a BERT with exact GELU and absolute positions, mean or CLS pooling, and
    no further layers: any of these ignored would give vectors that look right and rank wrong.
    """
    config = _json(folder / "config.json", Architecture)
    if config.model_type != "bert":
        raise unusable(f"{folder} holds a model of type '{config.model_type}'; only 'bert' can be converted")
    if config.hidden_act != "gelu" or config.position_embedding_type != "absolute":
        raise unusable(f"{folder} is a BERT with {config.hidden_act} and {config.position_embedding_type} positions")
    if config.num_attention_heads < 1 or config.hidden_size % config.num_attention_heads:
        raise unusable(f"{folder}: {config.num_attention_heads} heads do not divide {config.hidden_size} dimensions")
    modules = [module.type.rpartition(".")[2] for module in _json(folder / "modules.json", list[_Module])]
    if modules[:2] != ["Transformer", "Pooling"] or modules[2:] not in ([], ["Normalize"]):
        raise unusable(
            f"{folder} has the layers {modules}; Transformer, Pooling and Normalize are what can be converted"
        )
    pooling = msgspec.structs.asdict(_json(folder / "1_Pooling/config.json", _Pooling))
    modes = [name for name, is_on in pooling.items() if is_on]
    if modes not in (["pooling_mode_mean_tokens"], ["pooling_mode_cls_token"]):
        raise unusable(f"{folder} pools by {modes}; the mean or the CLS token is what can be converted")
    cut = _json(folder / "sentence_bert_config.json", _Cut).max_seq_length
    return Layout(
        architecture=config,
        pooling="mean" if modes == ["pooling_mode_mean_tokens"] else "cls",
        max_tokens=min(cut or config.max_position_embeddings, config.max_position_embeddings),
    )


def read_safetensors(path: Path) -> Weights:
    """Every floating-point tensor of the file by name, as float32; whole numbers (position ids) are left out.

    The format: 8 bytes little-endian length, that much JSON, then the raw buffers. Nothing in it is executed. Raises
    Misconfigured HF108 where a length, an offset or a type does not hold.
    """
    import numpy as np

    data = np.fromfile(path, dtype=np.uint8)
    start = 8 + int.from_bytes(data[:8].tobytes(), "little")
    if start > data.size:
        raise unusable(f"{path} is cut off or is no safetensors file")
    try:
        header = msgspec.json.decode(data[8:start].tobytes(), type=dict[str, msgspec.Raw])
        tensors = {
            name: msgspec.json.decode(raw, type=_Tensor) for name, raw in header.items() if name != "__metadata__"
        }
    except msgspec.DecodeError as error:
        raise unusable(f"{path} is no safetensors file: {error}") from None
    weights = {}
    for name, tensor in tensors.items():
        first, last = tensor.data_offsets
        width = {"F32": 4, "F16": 2, "BF16": 2}.get(tensor.dtype)
        if width is None:
            continue
        if (
            min(first, *tensor.shape, 0) < 0
            or last > data.size - start
            or last - first != math.prod(tensor.shape) * width
        ):
            raise unusable(f"{path}: the tensor {name} does not lie within the file")
        raw = data[start + first : start + last].tobytes()
        if tensor.dtype == "BF16":  # the upper half of a float32
            flat = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            flat = np.frombuffer(raw, "<f2" if width == 2 else "<f4").astype(np.float32)
        weights[name.removeprefix("bert.")] = flat.reshape(tensor.shape)
    return weights


class _Graph:
    """Nodes and weights in the order they are asked for; a weight of one name is kept once."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}

    def weight(self, name: str) -> NDArray[np.float32]:
        if name not in self._weights:
            raise unusable(f"the model has no weight '{name}'")
        return self._weights[name]

    def constant(self, name: str, values: Any) -> str:
        import numpy as np
        from onnx import numpy_helper

        if name not in self.initializers:
            self.initializers[name] = numpy_helper.from_array(np.asarray(values, order="C"), name)
        return name

    def number(self, name: str, value: float) -> str:
        import numpy as np

        return self.constant(name, np.float32(value))

    def whole(self, name: str, *values: int) -> str:
        import numpy as np

        return self.constant(name, np.array(values, np.int64))

    def add(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """The name of the node's output, or the list of them where there are several."""
        from onnx import helper

        name = f"{kind}_{len(self.nodes)}"
        names = [f"{name}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=name, **attributes))
        return names[0] if outputs == 1 else names

    def linear(self, x: str, *names: str) -> str:
        """x times the weights of these layers, side by side: one product where the layers share their input."""
        import numpy as np

        matrix = np.concatenate([self.weight(f"{name}.weight").T for name in names], axis=1)
        bias = np.concatenate([self.weight(f"{name}.bias") for name in names])
        product = self.add("MatMul", x, self.constant(f"{names[0]}.matrix", matrix))
        return str(self.add("Add", product, self.constant(f"{names[0]}.bias", bias)))

    def normalise(self, x: str, name: str, epsilon: float) -> str:
        scale, bias = (self.constant(f"{name}.{part}", self.weight(f"{name}.{part}")) for part in ("weight", "bias"))
        return str(self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=epsilon))


def bert_graph(layout: Layout, weights: Weights) -> onnx.ModelProto:
    """The graph: `input_ids` and `attention_mask`, int64 (texts, tokens), to `embedding`, float32 (texts, dimensions).

    Rows of `embedding` have length 1. What stands behind a zero of the mask changes nothing. Source: Devlin et al. 2019
    (BERT), Reimers and Gurevych 2019 (pooling). Raises Misconfigured HF108 where a weight is missing.
    """
    from onnx import TensorProto, helper

    config, graph = layout.architecture, _Graph(weights)
    x = _embeddings(graph, config)
    keep = graph.add(
        "Cast", graph.add("Unsqueeze", "attention_mask", graph.whole("axes_1_2", 1, 2)), to=TensorProto.FLOAT
    )
    bias = graph.add("Mul", graph.add("Sub", graph.number("one", 1.0), keep), graph.number("masked", _MASKED))
    for layer in range(config.num_hidden_layers):
        x = _layer(graph, config, f"encoder.layer.{layer}", x, bias)
    embedding = _pooled(graph, layout.pooling, x)
    whole, real = TensorProto.INT64, TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info(n, whole, ["texts", "tokens"]) for n in ("input_ids", "attention_mask")]
    graph.nodes.append(helper.make_node("Identity", [embedding], ["embedding"], name="embedding"))
    outputs = [helper.make_tensor_value_info("embedding", real, ["texts", config.hidden_size])]
    body = helper.make_graph(graph.nodes, "encoder", inputs, outputs, list(graph.initializers.values()))
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR)
    # The graph is folded and typed as built; without this mark the quantiser warns through the root logger.
    helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    return model


def _embeddings(graph: _Graph, config: Architecture) -> str:
    """Words and positions; every text is one segment, so that the segment's vector is part of the position's."""
    table = "embeddings.word_embeddings.weight"
    words = graph.add("Gather", graph.constant(table, graph.weight(table)), "input_ids")
    segment = graph.weight("embeddings.token_type_embeddings.weight")[0]
    places = graph.constant("positions", graph.weight("embeddings.position_embeddings.weight") + segment)
    tokens = graph.add("Shape", "input_ids", start=1)
    first = graph.whole("zero", 0)
    both = graph.add("Add", words, graph.add("Slice", places, first, tokens, first))
    return graph.normalise(both, "embeddings.LayerNorm", config.layer_norm_eps)


def _layer(graph: _Graph, config: Architecture, name: str, x: str, bias: str) -> str:
    heads, width = config.num_attention_heads, config.hidden_size
    size = width // heads
    self_attention = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
    parts = graph.add(
        "Split", graph.linear(x, *self_attention), graph.whole("thirds", width, width, width), axis=-1, outputs=3
    )
    split = [graph.add("Reshape", part, graph.whole("split", 0, 0, heads, size)) for part in parts]
    query, value = (graph.add("Transpose", split[i], perm=[0, 2, 1, 3]) for i in (0, 2))
    key = graph.add("Transpose", split[1], perm=[0, 2, 3, 1])
    scores = graph.add("Mul", graph.add("MatMul", query, key), graph.number("scale", 1 / math.sqrt(size)))
    weights = graph.add("Softmax", graph.add("Add", scores, bias), axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", weights, value), perm=[0, 2, 1, 3])
    merged = graph.add("Reshape", mixed, graph.whole("merge", 0, 0, width))
    attended = graph.add("Add", graph.linear(merged, f"{name}.attention.output.dense"), x)
    x = graph.normalise(attended, f"{name}.attention.output.LayerNorm", config.layer_norm_eps)
    inner = graph.linear(x, f"{name}.intermediate.dense")
    # Exact GELU, in the shape that onnxruntime fuses: 0.5 u (1 + erf(u / sqrt 2)).
    erf = graph.add("Erf", graph.add("Div", inner, graph.number("root_of_two", math.sqrt(2.0))))
    gated = graph.add("Mul", inner, graph.add("Add", erf, graph.number("one", 1.0)))
    outer = graph.linear(graph.add("Mul", gated, graph.number("half", 0.5)), f"{name}.output.dense")
    return graph.normalise(graph.add("Add", outer, x), f"{name}.output.LayerNorm", config.layer_norm_eps)


def _pooled(graph: _Graph, pooling: Literal["mean", "cls"], x: str) -> str:
    """One vector of length 1 per text. The mean's divisor cancels in the normalisation, so that a sum is enough."""
    from onnx import TensorProto

    if pooling == "cls":
        vector = graph.add("Gather", x, graph.constant("first", 0), axis=1)
    else:
        keep = graph.add(
            "Cast", graph.add("Unsqueeze", "attention_mask", graph.whole("axis_2", 2)), to=TensorProto.FLOAT
        )
        vector = graph.add("ReduceSum", graph.add("Mul", x, keep), graph.whole("axis_1", 1), keepdims=0)
    return str(graph.add("LpNormalization", vector, axis=-1, p=2))
