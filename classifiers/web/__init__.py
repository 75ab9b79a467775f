"""A detector behind HTTP, as `python -m classifiers.serve` runs it.

app           the routes, who may ask, and errors as JSON
gate          how many requests, and bytes of them, are in work at a time
scorer        pictures of all requests through the model, in batches of whatever waits
quiet         a server that is stopped without a word
rest          the requests and answers of TensorFlow Serving's REST interface
picture_page  what the page says of the detector, and of one picture
file_facts    what the page says of a picture's file
templates/    the page; its look is that of the reports
"""
