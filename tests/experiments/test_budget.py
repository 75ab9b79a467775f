"""What fits in a budget: against hand counts, and as a command."""

import commands
import pytest
from test_all_killed import wait_for
from test_command_line import SEQUENCE, TINY

from gan_knowledge_gaps.experiments.budget import Budget, cut, describe, largest, overrides
from gan_knowledge_gaps.experiments.generalization import Generalization, GeneralizationConfig
from gan_knowledge_gaps.experiments.iterations import Iterations
from gan_knowledge_gaps.experiments.sequence import SequenceConfig
from gan_knowledge_gaps.experiments.sizes import INSTANCES
from gan_knowledge_gaps.lab.planning.costs import Cost
from gan_knowledge_gaps.lab.specs import GAN, Classifier, DigitClassifier

# Of the lab of these tests a GAN takes 4 steps, a classifier 8 for each GAN of its pool, digits 4.
PLAIN = GAN(0)
SECONDS = {PLAIN: 9.0, GAN(7, [Classifier(0, [PLAIN])], 0.5).cost_class: 9.0}
SECONDS |= {Classifier(0, [PLAIN]): 0.5, DigitClassifier(): 1.0}
PARTS = {spec: Cost(seconds, 0, 0, 0) for spec, seconds in SECONDS.items()}

THREE = Iterations(SequenceConfig(iterations=3, gans=2, held_out_gans=1, held_out_classifiers=1))


def budget(lab, seconds: float, devices: int) -> Budget:
    return Budget(lab, seconds / 3600, devices, PARTS)


def test_wall_time_waits_for_each_iteration(lab):
    # Three GANs of 36 s, a classifier of two of them (8 s) and one of one (4 s); digits, 4 s.
    one, three, many = (budget(lab, 0, devices).seconds([THREE]) for devices in (1, 3, 100))
    assert one == 3 * (3 * 36 + 8 + 4) + 4
    # GANs side by side, then the classifier that the next wait for; the rest has room beside.
    assert three == 3 * (36 + 8)
    assert many == three


@pytest.mark.parametrize(
    ("seconds", "devices", "flags"),
    [
        (364, 1, None),  # all of it
        (363, 1, "--experiment_iterations=2"),  # 2 * 120 + 4
        (243, 1, "--experiment_gans=1 --experiment_iterations=2"),  # 2 * (2 * 36 + 2 * 4) + 4
        (163, 1, ""),
        (132, 3, None),
        (131, 3, "--experiment_iterations=2"),
    ],
)
def test_what_fits_is_what_a_hand_count_says(lab, seconds, devices, flags):
    lines, found = describe(budget(lab, seconds + 1e-6, devices), [THREE])
    assert (found and set(found.split())) == (flags and set(flags.split()))
    if flags:
        assert flags.split()[-1] in lines[-1]


def test_of_several_what_they_share_counts_once(lab):
    pools = Generalization(GeneralizationConfig(largest_pool=2, held_out_gans=1, classifiers=1))
    # The GANs are those of iteration 0: two classifiers more, of 4 and 8 s.
    both = budget(lab, 0, 1).seconds([pools, THREE])
    alone = budget(lab, 0, 1).seconds([THREE])
    assert 0 < both - alone <= 12
    lines, flags = describe(budget(lab, both - 1, 1), [pools, THREE])
    assert flags == "--most_instances=2 --most_iterations=2"
    assert "generalization alone fits as it is" in lines[2]
    assert "iterations alone fits" in lines[3]
    lines, flags = describe(budget(lab, 130, 1), [pools, THREE])
    assert flags == "--only=generalization --most_instances=1 --most_iterations=2"


def test_iterations_come_before_instances_of_which_two_are_enough():
    assert largest(lambda i, n: i * n <= 40, 15, 5) == (8, 5)
    assert largest(lambda i, n: i * n <= 9, 15, 5) == (2, 4)
    assert largest(lambda i, n: i * n <= 3, 15, 5) == (1, 3)
    assert largest(lambda i, n: False, 15, 5) is None
    assert largest(lambda i, n: i <= 6, 15, 1) == (6, 1)


def test_a_cut_is_what_its_flags_say():
    (fewer,) = cut([THREE], (1, 2))
    assert (fewer.config.gans, fewer.config.iterations) == (1, 2)
    assert len(fewer.iterations) == 2 and len(fewer.iterations[0].all_gans) == 2
    assert set(overrides(THREE, fewer).split()) == {
        "--experiment_gans=1", "--experiment_iterations=2",
    }  # fmt: skip
    assert cut([THREE], (99, 99))[0].config == THREE.config
    assert {"gans", "held_out_gans"} < set(INSTANCES)


@pytest.mark.long
def test_a_command_refuses_what_does_not_fit_unless_told(images, tmp_path):
    arguments = (
        "-m", "experiments.iterations", "--dataset=folder", f"--data_dir={images}",
        f"--workdir={tmp_path / 'runs'}", *TINY, *SEQUENCE, "--seconds_per_kimg=3600",
        "--devices=2",
    )  # fmt: skip
    # A GAN of 32 images takes two minutes.
    refused = commands.run(*arguments, "--budget_hours=0.01")
    assert refused.returncode == 2, refused.stderr
    assert "more than 0.01 hours on 2 devices" in refused.stderr.splitlines()[-1]
    assert not (tmp_path / "runs").exists()
    told = commands.start(*arguments, "--budget_hours=0.01", "--exceed_budget")
    wait_for(lambda: told.poll() is not None or list(tmp_path.glob("runs/artifacts/*/DONE.json")))
    told.kill()
    out, err = told.communicate()
    assert "does not fit" in out and list(tmp_path.glob("runs/artifacts/*/DONE.json")), err
