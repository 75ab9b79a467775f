"""Which modules register the classes that files of networks name; imported before one is read.

Keras finds a class in a file only once its module is imported, and rooms import theirs lazily.
"""

import importlib
import sys

_modules = {"gan_knowledge_gaps.training.jpeg.layer"}


def registered_by(*modules: str) -> None:
    """Adds modules that register classes of networks; imports them at once where Keras is there.

    `from gan_knowledge_gaps import stylegan2`, after `import keras`, is then all that
    `keras.models.load_model` needs.
    """
    _modules.update(modules)
    if "keras" in sys.modules:
        register()


def register() -> None:
    """Imports them."""
    for name in sorted(_modules):
        importlib.import_module(name)
