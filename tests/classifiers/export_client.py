"""Asks an exported detector with TensorFlow and Keras alone: FOLDER BODY IMAGES.npy.

Prints as JSON what TensorFlow Serving's REST request in the file BODY is answered, and the answers
of `serve_images` and of model.keras. Importing anything of this project fails.
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
    """Of both signatures and of model.keras, as JSON values."""
    import keras

    model, pixels = tf.saved_model.load(f"{folder}/saved_model/1"), np.load(images)
    rows = model.signatures["serve_images"](images=tf.constant(pixels, tf.float32))
    answer = predict(model, json.loads(Path(body).read_text()))
    answer["images"] = {name: value.numpy().tolist() for name, value in rows.items()}
    complete = keras.models.load_model(f"{folder}/model.keras")
    (taken,) = complete.inputs
    given = complete.predict(pixels, verbose=0)
    answer["keras"] = {name: value.tolist() for name, value in given.items()}
    return answer | {"takes": [taken.dtype, *taken.shape[1:]]}


if __name__ == "__main__":
    sys.meta_path.insert(0, NoProject())
    print(json.dumps(answers(*sys.argv[1:])))
    assert not ROOMS & {name.partition(".")[0] for name in sys.modules}
