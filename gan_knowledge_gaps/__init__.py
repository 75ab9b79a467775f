"""The package that holds the rooms: `from gan_knowledge_gaps.classifiers import load_detector`.

Installed, the rooms (`data`, `training`, `classifiers`, ...) lie inside it. In a clone they lie
beside it, where `python -m classifiers.train` finds them. Code imports them from this package
only: `data` and `metrics` are names that other people's files have too.
"""

from pathlib import Path

_HERE = Path(__file__).parent
if not (_HERE / "data").is_dir():
    __path__.append(str(_HERE.parent))
