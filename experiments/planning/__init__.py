"""What a plan would take: the dry runs.

listing     the values that are missing, and the images each training would process
kinds       trainings of a kind cost the same
measuring   a step of each kind, timed on the spot, and the bytes that a training leaves
schedule    how long trainings take on many devices
bill        the time and the disk of all trainings of a plan
text        the bill, as text
"""
