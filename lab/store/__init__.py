"""What `python -m experiments.artifacts` does.

inventory      the artifacts of a workdir, what they build on, and their sizes
listing        the inventory as text
verification   what is damaged
removal        what nothing needs
"""
