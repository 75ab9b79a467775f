"""A command line that says which arguments are no flags."""

from absl import flags

from gan_knowledge_gaps.training import command


def main(arguments: list[str]) -> None:
    print(flags.FLAGS.loudness, arguments)


if __name__ == "__main__":
    flags.DEFINE_integer("loudness", 1, "How loud.")
    command.run(main, positional=True)
