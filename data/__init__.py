"""Data sets as arrays of bytes, the order they are seen in, and the files they come from.

datasets.py  load(name) -> Dataset: the images by name, split 80/20
digits.py    the 1,797 small digits that come with scikit-learn: no download
mnist.py     MNIST, from its four idx files or through Keras
folder.py    every image file below a folder
idx.py       one idx file, plain or gzip, checked byte for byte
split.py     the fixed 80/20 split
resize.py    square resizing and channels
images.py    what a room hands over: Images and ArrayImages
order.py     permutations and the endless, resumable order of the examples
files.py     files that are either whole or not there
errors.py    InputError, for what the user can put right
"""

from data.datasets import DATASETS, Dataset, load
from data.errors import InputError
from data.files import (
    atomic_path,
    sha256_file,
    sync_file,
    sync_folder,
    write_bytes,
    write_json,
    write_text,
)
from data.images import ArrayImages, Images
from data.order import EpochOrder, permutation
from data.split import split_indices

__all__ = [
    "DATASETS",
    "ArrayImages",
    "Dataset",
    "EpochOrder",
    "Images",
    "InputError",
    "atomic_path",
    "load",
    "permutation",
    "sha256_file",
    "split_indices",
    "sync_file",
    "sync_folder",
    "write_bytes",
    "write_json",
    "write_text",
]
