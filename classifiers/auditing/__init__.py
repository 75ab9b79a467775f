"""Looks for differences of natural and generated images that are no trace of a generator.

examine     a sample of each set: facts of the files, thumbnails, traces of resampling
traces      those traces
probe       how well a linear classifier tells two sets apart, beside halves of one set
duplicates  near-duplicates, and on which sides of the split they stand
findings    what is warned of
audit       all of it: a dictionary of JSON values
tables      that dictionary as tables of a report
"""
