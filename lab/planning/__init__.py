"""What a plan would take: the dry runs.

listing     the values that are missing, and the images each training would process
costs       a step of each cost class, timed on the spot, and the bytes that a training leaves
schedule    how long trainings take on many devices
estimate    the time and the disk of all trainings of a plan
remaining   how long what is left takes, by the rates of what was trained
text        the estimate, as text
"""
