"""What every training shares, whichever network it trains.

runtime           process set-up: quiet logs, determinism, devices
custom_gradients  works around a memory leak of TensorFlow
distribution      strategies, and how a batch is spread over their replicas
cluster           the workers that TF_CONFIG or a Slurm step names
rendezvous        they wait for each other
workers           what they agree on while they train together
randomness        seeds, latents: stateless functions of (seed, step)
digests           of networks and of the state of a training
family            what a family of GANs offers
task              the contract between the loop and what it trains
compiling         its step as graphs, which trainings like it share
loop              the one training loop
profiling         a trace of some steps: --profile
run_folder        the folder of a run, and the configuration in it
checkpoints       atomic, verified checkpoints
signals           Ctrl-C and SIGTERM
paths             folders by names that TensorFlow takes
progress          tqdm on a terminal, plain lines elsewhere
arrays            arrays that can be computed again, in files that are checked
metrics_log       JSON lines, and TensorBoard where it is installed
watching          how often classifiers detect a generator meanwhile
fooling           the loss of frozen classifiers that a generator must fool
saved_classes     which modules register the classes that files of networks name
keras_models      the one way to a model in a file, and what a classifier must be
pickles/          weights in files of NumPy and PyTorch, none of which is run
native/           custom operations in C++ and CUDA, built at first use
jpeg/             the JPEG encoding that images pass through before a classifier
config            frozen dataclasses: presets, absl flags, JSON
command           how a command line starts, fails and exits
flag_help         --help: the flags in groups
speed             images per second of steps alone
timing            pieces of work that take turns
exiting           how a process exits, also as one of several workers
command_line      the command that started this program
doctor/           checks the user's machine: python -m training.doctor
"""

import contextlib

with contextlib.suppress(ModuleNotFoundError):  # which the doctor tells of, in its own words
    from gan_knowledge_gaps import data  # noqa: F401 - first: from then on, Ctrl-C while a command starts is one line
    from gan_knowledge_gaps.training.runtime import prepare_import

    prepare_import()
