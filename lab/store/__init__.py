"""What lies in a workdir.

artifact       the folder of one trained thing: lock, manifest, repair
cache          arrays that can be computed again, within a budget
plans          what commands set out to train
progress       how far a training is
inventory      the artifacts of a workdir, what they build on, and their sizes
listing        the inventory as text
verification   what is damaged
removal        what nothing needs
"""
