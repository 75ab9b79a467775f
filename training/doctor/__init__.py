"""`python -m training.doctor`: is this machine fit for the trainings, and if not, what to do.

command_line   flags, exit codes
examination    the checks and their order
finding        what a check found, and what to do about it
listing        findings as lines for people and as JSON for machines
installation   Python, packages, TensorFlow's wheel, optional extras
environment    variables and Keras' settings that change trainings
processor      cores, instructions
cgroups        what a container or a batch system allows this process
capacity       memory and disk against what trainings need
graphics       GPUs: those in the machine, those the driver shows, those TensorFlow sees
workdir        writing, renaming and locking where results will lie
child          one check in a process of its own, which may crash or hang

Run as children, since only a new process can choose TensorFlow's devices:

start          TensorFlow starts, and every device computes what NumPy computes
replicas       two replicas train as one device does; a training repeats itself to the bit
trial          the small training for that
dataset        --data: pictures or records

The checks of another room are that room's own module of this kind, started by its name: see
`examination.CHILDREN`. This package imports none of them.
"""
