"""JPEG encoding in ONNX and LiteRT: the library's pixels, to the bit."""

import numpy as np
import pytest
import tensorflow as tf

from gan_knowledge_gaps.training.jpeg import JPEGEncoding, codec

COUNT, SHAPE = 60, (31, 33, 3)


def in_onnx(function, images: np.ndarray) -> np.ndarray:
    tf2onnx = pytest.importorskip("tf2onnx", reason="needs the extra onnx")
    runtime = pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    model, _ = tf2onnx.convert.from_function(function, function.input_signature, opset=17)
    session = runtime.InferenceSession(model.SerializeToString())
    return session.run(None, {"images": images})[0]


def in_litert(function, images: np.ndarray) -> np.ndarray:
    runtime = pytest.importorskip("ai_edge_litert.interpreter", reason="needs ai-edge-litert")
    concrete = function.get_concrete_function()
    content = tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()
    interpreter = runtime.Interpreter(model_content=content)
    (given,), (wanted,) = interpreter.get_input_details(), interpreter.get_output_details()
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], images)
    interpreter.invoke()
    return interpreter.get_tensor(wanted["index"])


@pytest.mark.parametrize("run", [in_onnx, in_litert])
def test_pixels_are_the_librarys(run):
    random = np.random.default_rng(0)
    smooth = 128 + 3 * random.normal(size=(COUNT, *SHAPE)).cumsum(1).cumsum(2)
    images = np.clip(smooth, 0, 255).astype(np.uint8)
    images[:20] = random.integers(0, 256, (20, *SHAPE))
    # Once more at a related quality, where many coefficients lie halfway between two steps.
    images[40:] = codec.encode_decode(images[40:], tf.fill([20], 90))
    quality = random.integers(1, 101, COUNT).astype(np.int32)
    layer = JPEGEncoding(mode="differentiable")
    function = tf.function(
        lambda images: {"pixels": layer(images, tf.constant(quality))},
        [tf.TensorSpec([COUNT, *SHAPE], tf.float32, "images")],
        autograph=False,
    )
    decoded = run(function, images.astype(np.float32))
    np.testing.assert_array_equal(decoded, codec.encode_decode(images, quality))
