"""Where an experiment's trainings run: in this process, in several, or on a cluster.

inline      one after another in this process
local       side by side in processes of this machine, on shares of its cores and GPUs
placement   which cores and GPUs each of those gets
slurm       a Slurm job per training, all queued at once
graph       which jobs those are, and which come before which
queue       the jobs that were queued, and whether Slurm still has them
slurm_job   what runs inside of a job
choice      the flags, and what they choose
"""
