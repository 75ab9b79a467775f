"""What every training shares, whichever network it trains.

runtime        process set-up: quiet logs, determinism, devices
distribution   strategies, and how a batch is spread over their replicas
randomness     seeds, latents: stateless functions of (seed, step)
task           the contract between the loop and what it trains
loop           the one training loop
run_folder     what began a run, written down
checkpoints    atomic, verified checkpoints
signals        Ctrl-C and SIGTERM
progress       tqdm on a terminal, plain lines elsewhere
metrics_log    JSON lines, and TensorBoard where it is installed
fooling        the loss of frozen classifiers that a generator must fool
jpeg/          the JPEG encoding that images pass through before a classifier
config         frozen dataclasses: presets, absl flags, JSON
command        how a command line starts, fails and exits
invocation     the command that started this program
"""
