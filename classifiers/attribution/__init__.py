"""Which generator made an image: parts of `classifiers.train_attributor` and `.attribute`.

naming       --generated=NAME=PATH: sets by the names of their generators
pool         batches in which every generator comes as often
task         the training
attributor   Attributor: a model with its classes and thresholds, as a folder
fitting      the temperature and the thresholds, by images that do not train
results      what it reaches on other images
tables       that as a report: confusion, rates and refusals
pictures     what it says of picture files, as a table, CSV or JSON lines
"""
