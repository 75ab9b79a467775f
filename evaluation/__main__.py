"""Lists the commands: `python -m evaluation`."""

from gan_knowledge_gaps.training.command_list import tell

if __name__ == "__main__":
    tell(__file__)
