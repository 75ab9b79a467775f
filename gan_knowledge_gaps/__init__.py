"""The package that holds the rooms: `from gan_knowledge_gaps.classifiers import load_detector`.

Installed, the rooms (`data`, `training`, `classifiers`, ...) lie inside it. In a clone they lie
beside it, where `python -m classifiers.train` finds them; the links here are for editors and type
checkers. Code imports rooms from this package only: `data` and `metrics` are names that other
people's files have too.
"""

from pathlib import Path

_ABOVE = Path(__file__).parent.parent
if (_ABOVE / "setup.py").is_file():
    __path__.insert(0, str(_ABOVE))
