"""A detector for other runtimes: ONNX and LiteRT.

Neither knows a JPEG codec. Where the model encodes its images, they get the encoding in plain
operations (`JPEGEncoding`'s mode "differentiable"), whose pixels are the codec's to the bit.
"""

import dataclasses
import tempfile
from pathlib import Path

import tensorflow as tf

from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.serving.signatures import (
    IMAGES,
    answering,
    images_spec,
    write_images_model,
)
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.jpeg import with_jpeg_mode

OPSET = 17


def require_tf2onnx() -> None:
    """Raises InputError unless tf2onnx is installed."""
    try:
        import tf2onnx  # noqa: F401
    except ImportError as error:
        raise InputError("--onnx needs tf2onnx: pip install -e '.[onnx]'") from error


def write_onnx(detector: Detector, path: Path) -> None:
    """Writes an ONNX model: `images`, as `serve_images` takes them, to the same two outputs."""
    import tf2onnx

    plain = _without_codec(detector)
    function = tf.function(answering(plain), input_signature=[images_spec(plain)])
    tf2onnx.convert.from_function(
        function, function.input_signature, opset=OPSET, output_path=str(path)
    )


def write_litert(detector: Detector, path: Path) -> None:
    """Writes a LiteRT (TensorFlow Lite) model with the signature `serve_images`, in float32."""
    with tempfile.TemporaryDirectory() as folder:
        write_images_model(_without_codec(detector), Path(folder) / IMAGES)
        converter = tf.lite.TFLiteConverter.from_saved_model(
            str(Path(folder) / IMAGES), signature_keys=[IMAGES]
        )
        path.write_bytes(converter.convert())


def _without_codec(detector: Detector) -> Detector:
    return dataclasses.replace(detector, model=with_jpeg_mode(detector.model, "differentiable"))
