"""Lists the commands: `python -m stylegan2`."""

from gan_knowledge_gaps.training.command_list import tell

if __name__ == "__main__":
    tell(__file__)
