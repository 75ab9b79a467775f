"""Data sets of uint8 images: reading, splitting, converting, and the order of training.

datasets.py       load(name) -> Dataset: the images by name, split 80/20
planned.py        images of noise in place of a data set, for plans
opening.py        open_path: images from any path, and what is known of their files
digits.py         the 1,797 small digits that come with scikit-learn: no download
mnist.py          MNIST, from its four idx files or through Keras
pictures.py       image files of a folder or zip, read as they are
records/          images as TFRecord shards: written, read, verified
convert.py        the command that makes records: python -m data.convert
verify.py         the command that checks them: python -m data.verify
listing.py        which files are pictures, and what is passed over
groups.py         what a split keeps together: persons, sources, videos
labels.py         their labels: dataset.json, or a folder for each class
sources.py        where encoded pictures come from: folder.py, archive.py, mnist.py
picture.py        one encoded picture
metadata.py       what it holds beside its pixels
provenance.py     what it says of its origin: IPTC, C2PA
facts.py          what is known of its file: size, format, JPEG tables
idx.py            one idx file, plain or gzip, checked byte for byte
split.py          the fixed 80/20 split, image by image or by groups
similar.py        near-duplicates, by a perceptual hash
patches.py        patches of pictures, in their own pixels
resize.py         square resizing and channels
tf_datasets.py    images as a tf.data.Dataset, and out of one
grids.py          image_grid: many images as one
images.py         fixed lists of images: Images, ArrayImages, Subset and Joined
order.py          permutations and the endless, resumable order of the examples
sorting.py        the order of file names
threads.py        pictures on all cores
ahead.py          items that a thread makes ahead of their use
files.py          files that are either whole or not there
leftovers.py      temporary names, and removal of what killed processes left
trouble.py        errors of a full disk as one line, whichever library writes
json_files.py     JSON that must have a shape
ranges.py         numbers and ranges on a command line
startup.py        Ctrl-C while a command starts
time_spans.py     time spans in words
errors.py         InputError, for what the user can put right
"""

from gan_knowledge_gaps.data.startup import end_quietly_on_ctrl_c

end_quietly_on_ctrl_c()

from gan_knowledge_gaps.data.datasets import DATASETS, Dataset, load
from gan_knowledge_gaps.data.errors import InputError
from gan_knowledge_gaps.data.files import (
    atomic_path,
    sha256_file,
    sync_file,
    sync_folder,
    whole_folder,
    write_bytes,
    write_json,
    write_text,
)
from gan_knowledge_gaps.data.grids import image_grid, write_samples
from gan_knowledge_gaps.data.images import ArrayImages, Images, Joined, Subset
from gan_knowledge_gaps.data.json_files import parse_json, read_json
from gan_knowledge_gaps.data.opening import Opened, open_path, smallest_side
from gan_knowledge_gaps.data.order import EpochOrder, permutation
from gan_knowledge_gaps.data.picture import encode_png
from gan_knowledge_gaps.data.pictures import read_picture
from gan_knowledge_gaps.data.planned import planned
from gan_knowledge_gaps.data.ranges import parse_ranges
from gan_knowledge_gaps.data.records import RecordImages
from gan_knowledge_gaps.data.split import split_indices
from gan_knowledge_gaps.data.tf_datasets import as_dataset, batches_of, from_dataset
from gan_knowledge_gaps.data.trouble import WriteError, writing

__all__ = [
    "DATASETS",
    "ArrayImages",
    "Dataset",
    "EpochOrder",
    "Images",
    "InputError",
    "Joined",
    "Opened",
    "RecordImages",
    "Subset",
    "WriteError",
    "as_dataset",
    "atomic_path",
    "batches_of",
    "encode_png",
    "from_dataset",
    "image_grid",
    "load",
    "open_path",
    "parse_json",
    "parse_ranges",
    "permutation",
    "planned",
    "read_json",
    "read_picture",
    "sha256_file",
    "smallest_side",
    "split_indices",
    "sync_file",
    "sync_folder",
    "whole_folder",
    "write_bytes",
    "write_json",
    "write_samples",
    "write_text",
    "writing",
]
