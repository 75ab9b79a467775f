"""`python -m training.doctor`: is this machine fit for the trainings, and if not, what to do.

command_line   flags, the checks and their order
check          what a check found, and what to do about it; checks in a process of their own
installation   packages, variables and Keras' settings
machine        cores, instructions, memory, disk
workdir        writing, renaming and locking where results will lie

In processes of their own: `devices` (TensorFlow, `gpus`), `replicas`, `dataset` (--data), and the
checks of other rooms, modules that are run by their names: this package imports no room but `data`.
"""
