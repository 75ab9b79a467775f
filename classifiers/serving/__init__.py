"""A detector in the formats that other programs run, as `python -m classifiers.export` writes it.

resampling   Pillow's resizing in TensorFlow
decoding     encoded pictures to a model's images, in a graph
signatures   a SavedModel with the two ways of asking it
converted    ONNX and LiteRT
card         the model card
published    what of it Hugging Face reads, and what everybody may
"""
