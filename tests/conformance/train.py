"""Trains a small task in a process of its own: python train.py KIND FOLDER STEPS REPLICAS.

Saves after every step and, at the end, prints the digest of its state and writes its weights.
"""

import sys
from pathlib import Path

from gan_knowledge_gaps.training.runtime import configure, prepare_import

prepare_import()
configure()

import numpy as np  # noqa: E402
from tasks import make_task  # noqa: E402

from gan_knowledge_gaps.training.digests import state_digest  # noqa: E402
from gan_knowledge_gaps.training.distribution import make_strategy  # noqa: E402
from gan_knowledge_gaps.training.loop import Loop, LoopConfig  # noqa: E402

kind, folder, steps, replicas = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
strategy = make_strategy(replicas)
with strategy.scope():
    task = make_task(kind)
config = LoopConfig(log_every=1, sample_every=0, checkpoint_seconds=0)
Loop(task, steps, folder, label=kind, strategy=strategy, config=config).run()
for name, variables in task.state.items():
    np.savez(folder / f"{name}.npz", *(variable.numpy() for variable in variables))
print(state_digest(task.state, steps))
