"""How good a generator's images are, as figures that say what they were taken from.

settings      what is measured, and how
naturals      the natural images, and what is known of their files
generated     the generator's images, and its pairs along paths, by index
extractors    images to features, by name or file
inception     the standard Inception graph
random_vgg    VGG16 with random weights
perceptual    pairs of images to distances
rows          what is computed by index, in pieces that are kept
figures       the figures
report        evaluation.json and evaluation.md
"""
