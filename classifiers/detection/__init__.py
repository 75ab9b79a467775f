"""A detector on picture files, as `python -m classifiers.detect` runs it.

fitting     how a detector's images are made of pictures
pictures    every file of many paths, read, cropped and resized in threads
batches     batches through the model; predictions in the order of the files
predictions what a detector says of one picture
writers     predictions as a table, CSV or JSON lines
"""
