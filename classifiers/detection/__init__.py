"""A detector on picture files, as `python -m classifiers.detect` runs it.

fitting     how a detector's images are made of pictures
pictures    every file of many paths, read and squared in threads
batches     batches through the model; findings in the order of the files
findings    what is said of one picture
writers     findings as a table, CSV or JSON lines
"""
