"""Lists the commands: `python -m evaluation`."""

from training.command_list import tell

if __name__ == "__main__":
    tell(__file__)
