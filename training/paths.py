"""Folders by names that TensorFlow takes."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def utf8_folder(folder: Path) -> Iterator[Path]:
    """A path of a folder in UTF-8, which is all that TensorFlow takes.

    Args:
        folder: exists. Its name may be any bytes.

    Yields:
        The folder itself, or, where its name is no UTF-8, a link to it in a temporary folder.
    """
    if not any("\udc80" <= char <= "\udcff" for char in str(folder)):
        yield folder
        return
    with tempfile.TemporaryDirectory() as temporary:
        link = Path(temporary, "folder")
        link.symlink_to(folder.absolute(), target_is_directory=True)
        yield link
