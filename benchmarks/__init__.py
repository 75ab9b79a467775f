"""Speed, side by side with what a user would pick instead.

    python -m benchmarks.dcgan_step
    python -m benchmarks.classifier_epoch
    python -m benchmarks.faster_steps
    python -m benchmarks.side_by_side
    python -m benchmarks.trainings_in_a_row
    python -m benchmarks.stylegan2_ops
    python -m benchmarks.stylegan2_step
    python -m benchmarks.stylegan2_generate
    python -m benchmarks.frechet_statistics
    python -m benchmarks.detector_step
    python -m benchmarks.detect_files
    python -m benchmarks.serving
    python -m benchmarks.jpeg

Each prints medians over repeats taken in turn in one process, and their ratio. Machines drift: the
ratio is what counts.
"""

# First: TensorFlow then comes without its notices.
from gan_knowledge_gaps import training as _training  # noqa: F401
