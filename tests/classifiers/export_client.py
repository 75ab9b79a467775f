"""Asks a SavedModel as TensorFlow Serving does, with TensorFlow alone: MODEL BODY IMAGES.npy.

Prints as JSON what the REST request in the file BODY is answered, and the answers of
`serve_images`. Importing anything of this project fails.
"""

import base64
import json
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

ROOMS = {"classifiers", "data", "training", "metrics", "report"}


class NoProject:
    """Refuses to import the project, which may be installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ROOMS:
            raise ImportError(f"{name} is not there")


def predict(model, body: dict) -> dict:
    """What TensorFlow Serving's REST API makes of a request in row format.

    A value {"b64": text} stands for bytes; the instances' values of one name become a batch; each
    prediction holds a row of every output.
    """
    signature = model.signatures[body.get("signature_name", "serving_default")]
    (name,) = signature.structured_input_signature[1]
    values = [instance[name] for instance in body["instances"]]
    batch = [base64.b64decode(value["b64"]) for value in values]
    outputs = signature(**{name: tf.constant(batch)})
    rows = zip(*(output.numpy().tolist() for output in outputs.values()), strict=True)
    return {"predictions": [dict(zip(outputs, row, strict=True)) for row in rows]}


def answers(folder: str, body: str, images: str) -> dict:
    """Of both signatures, as JSON values."""
    model = tf.saved_model.load(folder)
    rows = model.signatures["serve_images"](images=tf.constant(np.load(images)))
    answer = predict(model, json.loads(Path(body).read_text()))
    return answer | {"images": {name: value.numpy().tolist() for name, value in rows.items()}}


if __name__ == "__main__":
    sys.meta_path.insert(0, NoProject())
    print(json.dumps(answers(*sys.argv[1:])))
    assert not ROOMS & {name.partition(".")[0] for name in sys.modules}
