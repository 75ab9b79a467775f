"""What a conversion is asked for."""

import math
from dataclasses import dataclass

from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.resize import CropResize

# The work of a shard is lost when the conversion is killed within it.
_IMAGES_PER_SHARD = 4096
_MOST_SHARDS = 99_999  # five digits in their names


@dataclass(frozen=True)
class ConvertOptions:
    """Flags of `python -m data.convert`.

    Attributes:
        source: Folder or zip file of images, or folder of MNIST's idx files.
        output: Folder for the records: new, empty, or of the same conversion.
        resolution: Height and width.
        channels: 1 (grey) or 3 (RGB).
        resize_filter: "lanczos" or "box".
        crop: "center" or "none".
        shards: Number of shards, or None.
        shard_megabytes: Else a shard holds as many images as have this many megabytes of pixels,
            and at most 4,096. Compressed, it is often half as large.
        limit: Take only the first so many pictures, or None.
        skip_bad: Go on without pictures that cannot be read.
        labels: As for `data.labels.labels_of`.
        groups: A rule of `data.groups.groups_of`, or None.

    Raises:
        InputError: A value is out of range.
    """

    source: str
    output: str
    resolution: int
    channels: int = 3
    resize_filter: str = "lanczos"
    crop: str = "center"
    shards: int | None = None
    shard_megabytes: int = 400
    limit: int | None = None
    skip_bad: bool = False
    labels: str | None = None
    groups: str | None = None

    def __post_init__(self):
        for name in ("shards", "shard_megabytes", "limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise InputError(f"--{name} must be 1 or more, not {value}")
        _ = self.crop_resize

    @property
    def crop_resize(self) -> CropResize:
        """Makes a square image of each picture."""
        return CropResize(self.resolution, self.channels, self.resize_filter, self.crop)

    def count_shards(self, pictures: int) -> int:
        """Number of shards for so many pictures.

        Raises:
            InputError: They are more than the pictures, or than five digits can number.
        """
        image_bytes = math.prod(self.crop_resize.shape)
        per_shard = max(1, min(_IMAGES_PER_SHARD, self.shard_megabytes * 10**6 // image_bytes))
        shards = self.shards or math.ceil(pictures / per_shard)
        if shards > min(pictures, _MOST_SHARDS):
            raise InputError(
                f"{shards} shards are too many for {pictures} pictures: "
                f"at most one each, and {_MOST_SHARDS:,}; give --shards"
            )
        return shards
