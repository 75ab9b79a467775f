"""Images as TFRecord shards of tf.train.Example, with a manifest: written, read, verified.

A folder of records holds

images-00000-of-00010       a shard, as TensorFlow's own readers take it
index-00000-of-00010.json   where each of its images lies, with checksums
manifest.json               written last: what is in the shards, and where it came from

options.py            what a conversion is asked for
conversion.py         a source into shards, resumable
example.py            a picture into a tf.train.Example
shard.py              one shard and its index
framing.py            the records within a shard's bytes
checksummed_json.py   JSON files that carry their own checksum
manifest.py           the manifest
reader.py             RecordImages: random access
verification.py       every byte against the checksums
"""

from gan_knowledge_gaps.data.records.reader import RecordImages, open_records

__all__ = ["RecordImages", "open_records"]
