"""The requests and answers of TensorFlow Serving's REST interface, for an exported detector.

    {"instances": [{"image_bytes": {"b64": TEXT}}, ...]}    rows; {"b64": TEXT} alone will do
    {"inputs": {"image_bytes": [{"b64": TEXT}, ...]}}       columns; likewise the list alone

What is answered has the keys of the exported SavedModel: `predictions`, a row for each picture, or
`outputs`, a column for each key.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gan_knowledge_gaps.classifiers.serving.signatures import BYTES, LOGIT, PROBABILITY
from gan_knowledge_gaps.classifiers.web.scorer import File, checked_file
from gan_knowledge_gaps.data import InputError

NAME, VERSION = "detector", "1"
INPUT = "image_bytes"
MOST_PICTURES = 256  # of a request
_ROWS, _COLUMNS = "instances", "inputs"
_EXPECTED = f'{{"{_ROWS}": [{{"{INPUT}": {{"b64": "..."}}}}]}}'

STATUS = {
    "model_version_status": [
        {
            "version": VERSION,
            "state": "AVAILABLE",
            "status": {"error_code": "OK", "error_message": ""},
        }
    ]
}


@dataclass(frozen=True, eq=False)
class Asked:
    """The pictures of a request, and whether they came, and are answered, as columns."""

    files: list[File]
    as_columns: bool

    def answer(self, probabilities: Sequence[float], logits: Sequence[float]) -> dict[str, Any]:
        """What is answered, as JSON values.

        Args:
            probabilities: P(generated) of each picture.
            logits: of which they are the sigmoid.
        """
        columns = {PROBABILITY: list(probabilities), LOGIT: list(logits)}
        if self.as_columns:
            return {"outputs": columns}
        rows = zip(*columns.values(), strict=True)
        return {"predictions": [dict(zip(columns, row, strict=True)) for row in rows]}


def parse(body: bytes, most_pixels: int) -> Asked:
    """The pictures that a request holds.

    Args:
        body: of the request.
        most_pixels: of a picture.

    Raises:
        InputError: it is no such request, or a picture has too many pixels.
    """
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError(f"the request is no JSON: send {_EXPECTED}") from error
    if not isinstance(request, dict) or (_ROWS in request) == (_COLUMNS in request):
        raise InputError(f"the request must hold either {_ROWS!r} or {_COLUMNS!r}: {_EXPECTED}")
    signature = request.get("signature_name", BYTES)
    if signature != BYTES:
        raise InputError(f"there is no signature {str(signature)[:40]!r} here, but {BYTES!r}")
    as_columns = _COLUMNS in request
    values = request[_COLUMNS] if as_columns else request[_ROWS]
    if as_columns and isinstance(values, dict):
        values = values.get(INPUT)
    if not isinstance(values, list) or not 0 < len(values) <= MOST_PICTURES:
        raise InputError(f"a request holds 1 to {MOST_PICTURES} pictures: {_EXPECTED}")
    named = ((f"picture {number}", each) for number, each in enumerate(values))
    files = [checked_file(name, _contents(name, each), most_pixels) for name, each in named]
    return Asked(files, as_columns)


def _contents(name: str, value: Any) -> bytes:
    if isinstance(value, dict) and value.keys() == {INPUT}:
        value = value[INPUT]
    if not isinstance(value, dict) or value.keys() != {"b64"} or not isinstance(value["b64"], str):
        raise InputError(f'{name} is not {{"{INPUT}": {{"b64": TEXT}}}}: encode its file in base64')
    try:
        return base64.b64decode(value["b64"], validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputError(f"{name} is not encoded in base64 ({error})") from error
