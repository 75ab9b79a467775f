"""A sample of a set's pictures: facts of their files, thumbnails, and high frequencies."""

import contextlib
import dataclasses
from collections.abc import Sequence

import numpy as np

from gan_knowledge_gaps.classifiers.auditing.traces import BANDS, band_powers
from gan_knowledge_gaps.data import Opened
from gan_knowledge_gaps.data.facts import PictureFacts, facts_of
from gan_knowledge_gaps.data.picture import decode
from gan_knowledge_gaps.data.resize import CropResize
from gan_knowledge_gaps.data.threads import map_in_order

_THUMBNAIL = CropResize(16, 3, "box")


@dataclasses.dataclass(frozen=True, eq=False)
class Examined:
    """Some pictures of a set; those that cannot be read are left out.

    Attributes:
        opened: The set.
        places: Which of the pictures asked for they are, integers [n].
        facts: Of their files, n of them.
        thumbnails: uint8 [n, 16, 16, 3], of the central square.
        bands: Log10 of power by frequency, float [n, BANDS]; NaN where a picture is too small.
    """

    opened: Opened
    places: np.ndarray
    facts: list[PictureFacts]
    thumbnails: np.ndarray
    bands: np.ndarray

    def values(self, name: str) -> np.ndarray:
        """An attribute of all `facts` [n]."""
        return np.array([getattr(each, name) for each in self.facts])


def examine(opened: Opened, indices: Sequence[int]) -> Examined:
    """Reads the pictures of some indices into the whole set."""

    def look(i: int) -> tuple[PictureFacts, np.ndarray, np.ndarray] | None:
        with contextlib.suppress(Exception):  # the training's own reading names a bad file
            contents = opened.read_file(int(i))
            image = decode(contents, "").image
            bands = band_powers(image)
            return (
                facts_of(contents), _THUMBNAIL(image), np.full(BANDS, np.nan) if bands is None
                else bands,
            )  # fmt: skip
        return None

    looks = list(map_in_order(look, indices))
    places = np.array([place for place, each in enumerate(looks) if each is not None], np.int64)
    seen = [each for each in looks if each is not None]
    thumbnails = np.array([each[1] for each in seen], np.uint8).reshape(-1, 16, 16, 3)
    bands = np.array([each[2] for each in seen]).reshape(-1, BANDS)
    return Examined(opened, places, [each[0] for each in seen], thumbnails, bands)
