"""A command line that ends in the way that its flag says."""

import dataclasses
import os
import signal

from absl import flags

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.config import define_flags
from gan_knowledge_gaps.training.flag_help import HIDDEN, group
from gan_knowledge_gaps.training.signals import Interrupted, stop_request


@dataclasses.dataclass
class Loudness:
    """How it speaks.

    Attributes:
        letters: How many letters it says.
    """

    letters: int = 100_000


def done():
    print("done")


def bad_input():
    raise InputError("the file\nis\tmissing")


def fault():
    raise ZeroDivisionError("a fault of ours")


def signalled(number):
    with stop_request() as stop:
        os.kill(os.getpid(), number)
    raise Interrupted(stop.number)


def interrupted_at_once():
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in background processes
    os.kill(os.getpid(), signal.SIGINT)


def talk():
    print("x" * flags.FLAGS.loudness_letters)


ENDINGS = {
    "done": done,
    "bad_input": bad_input,
    "fault": fault,
    "sigterm": lambda: signalled(signal.SIGTERM),
    "sigint": lambda: signalled(signal.SIGINT),
    "ctrl_c": interrupted_at_once,
    "talk": talk,
}
flags.DEFINE_float("volume", 1.0, "How loud it is.", lower_bound=0.0)
flags.DEFINE_enum("ending", "done", list(ENDINGS), "How it ends.")
with group(HIDDEN):
    flags.DEFINE_boolean("as_worker", False, "Given by a process to those that it starts.")
define_flags("loudness", Loudness())


def main():
    ENDINGS[flags.FLAGS.ending]()


if __name__ == "__main__":
    command.run(main)
