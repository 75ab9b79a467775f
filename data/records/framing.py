"""The records within a TFRecord file: https://www.tensorflow.org/tutorials/load_data/tfrecord.

Each is its length (8 bytes, little-endian), that length's CRC (4), the data, the data's CRC (4).
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

_LENGTH = struct.Struct("<Q")
HEADER_BYTES = 12
FOOTER_BYTES = 4


def frames(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes]]:
    """Walks through the records of a file.

    Args:
        file: At its beginning.
        size: Of the whole file, so that a damaged length is not believed.

    Yields:
        Where a record begins, and all of its bytes: header, data and footer.

    Raises:
        ValueError: A record reaches beyond the end of the file.
    """
    offset = 0
    while offset < size:
        header = file.read(HEADER_BYTES)
        if len(header) < HEADER_BYTES:
            raise ValueError(f"cut short within the header at byte {offset}")
        rest = _LENGTH.unpack_from(header)[0] + FOOTER_BYTES
        if rest > size - offset - HEADER_BYTES:
            raise ValueError(f"the record at byte {offset} reaches beyond the end")
        frame = header + file.read(rest)
        yield offset, frame
        offset += len(frame)
