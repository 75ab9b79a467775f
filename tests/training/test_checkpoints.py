"""Checkpoints come back bit for bit, or not at all and with a word."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from tiny_training import TinyTask, digest

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.training.checkpoints import Checkpoints, DamagedCheckpointError

# Values that a detour through text or another type would change.
VALUES = {
    "floats": [np.float32([-0.0, 1e-45, np.nan, np.inf, 0.1]), np.float64(0.1)],
    "integers": [np.int64(2**62 + 1), np.uint32([2**32 - 1]), np.int32([[1, -1]])],
    "others": [np.array([True, False]), tf.constant(0.1, tf.bfloat16).numpy()],
}


def state_of(values: dict) -> dict[str, list[tf.Variable]]:
    return {name: [tf.Variable(each) for each in several] for name, several in values.items()}


def counter(value: float = 0.0) -> dict[str, list[tf.Variable]]:
    return {"counter": [tf.Variable(value), tf.Variable(-1)]}


def saved(folder, *steps: int, keep: int = 9) -> None:
    """Saves a state whose counter is the step."""
    state = counter()
    for step in steps:
        state["counter"][0].assign(step)
        Checkpoints(folder, state, keep).save(step, {"step": step})


def restored(folder) -> tuple[int | None, float]:
    """The step that is restored, and the counter's value then."""
    state = counter()
    step = Checkpoints(folder, state).restore_newest()
    return step, float(state["counter"][0])


def flip(path, position: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def test_every_bit_of_every_type_comes_back(tmp_path):
    Checkpoints(tmp_path, state_of(VALUES)).save(5)
    zeros = {name: [np.zeros_like(each) for each in several] for name, several in VALUES.items()}
    state = state_of(zeros)
    assert Checkpoints(tmp_path, state).restore_newest() == 5
    for name, several in VALUES.items():
        for variable, value in zip(state[name], several, strict=True):
            assert variable.numpy().dtype == value.dtype
            assert variable.numpy().tobytes() == value.tobytes()


def test_weights_moments_and_iterations_of_an_optimizer_come_back(tmp_path):
    trained, fresh = TinyTask(hidden=True), TinyTask(hidden=True)
    for step in range(3):
        trained.train_step(tf.constant(step, tf.int64), tf.constant(trained.batch(step)[0]))
    Checkpoints(tmp_path, trained.state).save(3)
    assert digest(fresh, 3) != digest(trained, 3)
    Checkpoints(tmp_path, fresh.state).restore_newest()
    assert digest(fresh, 3) == digest(trained, 3)
    assert int(fresh.optimizer.iterations) == 3


def test_variables_in_a_layers_own_list_come_back(tmp_path):
    # tf.train.Checkpoint(model) would drop them without a word.
    class Lists(keras.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [{"dense": keras.layers.Dense(2)}]

        def call(self, x):
            return self.blocks[0]["dense"](x)

    models = Lists(), Lists()
    for model in models:
        model(tf.ones((1, 3)))
    states = [{"model": [each.value for each in model.variables]} for model in models]
    Checkpoints(tmp_path, states[0]).save(1)
    Checkpoints(tmp_path, states[1]).restore_newest()
    np.testing.assert_array_equal(models[1](tf.eye(3)), models[0](tf.eye(3)))


def test_the_newest_are_kept(tmp_path):
    saved(tmp_path, 1, 2, 30, 4000, keep=2)
    assert Checkpoints(tmp_path, counter()).steps() == [30, 4000]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-000000030", "step-000004000"]


def test_a_note_comes_back(tmp_path):
    checkpoints = Checkpoints(tmp_path, counter())
    checkpoints.save(1, {"seconds": 0.1, "lines": [{"loss": 1 / 3}]})
    checkpoints.save(2)
    assert checkpoints.note(1) == {"seconds": 0.1, "lines": [{"loss": 1 / 3}]}
    assert checkpoints.note(2) == {}


def test_without_checkpoints_there_is_nothing_to_restore(tmp_path):
    assert restored(tmp_path / "never made") == (None, 0.0)
    assert restored(tmp_path) == (None, 0.0)


def test_the_newest_is_restored(tmp_path, capsys):
    saved(tmp_path, 9, 10)
    assert restored(tmp_path) == (10, 10.0)
    assert capsys.readouterr().err == f"resuming at step 10 from {tmp_path}/step-000000010\n"


def flip_data(folder):
    flip(folder / "state.data-00000-of-00001", 0)


def flip_index(folder):
    flip(folder / "state.index", 9)


def flip_description(folder):
    flip(folder / "description.json", -10)


def lose_data(folder):
    (folder / "state.data-00000-of-00001").unlink()


def lose_manifest(folder):
    (folder / "manifest.json").unlink()


def truncate_manifest(folder):
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:-20])


def empty_manifest(folder):
    (folder / "manifest.json").write_text("{}")


def empty_folder(folder):
    for path in folder.iterdir():
        path.unlink()


DAMAGES = [
    flip_data, flip_index, flip_description, lose_data, lose_manifest, truncate_manifest,
    empty_manifest, empty_folder,
]  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_gives_way_to_the_one_before(tmp_path, capsys, damage):
    saved(tmp_path, 1, 2)
    damage(tmp_path / "step-000000002")
    assert restored(tmp_path) == (1, 1.0)
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith(f"checkpoint {tmp_path}/step-000000002 cannot be used: ")
    assert said[1] == f"resuming at step 1 from {tmp_path}/step-000000001"


def test_any_flipped_bit_is_noticed_or_harmless(tmp_path):
    saved(tmp_path, 7)
    checkpoints = Checkpoints(tmp_path, counter(7.0))
    harmless = 0
    for path in (tmp_path / "step-000000007").iterdir():
        for position in range(len(path.read_bytes())):
            flip(path, position, bit=position % 8)
            try:
                checkpoints.restore(7)
                harmless += 1
            except DamagedCheckpointError:
                pass
            else:
                assert path.name == "manifest.json", (path, position)
                assert checkpoints.note(7) == {"step": 7}
            flip(path, position, bit=position % 8)
    checkpoints.restore(7)
    assert harmless < 20  # white space of the manifest


def test_damage_everywhere_is_an_error_and_no_new_start(tmp_path):
    saved(tmp_path, 1, 2)
    flip_data(tmp_path / "step-000000001")
    lose_manifest(tmp_path / "step-000000002")
    with pytest.raises(InputError, match=r"no checkpoint .* can be used.* delete that folder"):
        restored(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_what_was_just_saved_outlives_damaged_later_ones(tmp_path):
    saved(tmp_path, 1, 2, 3)
    flip_data(tmp_path / "step-000000002")
    flip_data(tmp_path / "step-000000003")
    state = counter()
    checkpoints = Checkpoints(tmp_path, state, keep=1)
    assert checkpoints.restore_newest() == 1
    state["counter"][0].assign(2)
    assert checkpoints.save(2).exists()
    assert checkpoints.steps() == [2]
    assert restored(tmp_path) == (2, 2.0)


OTHERS = {
    "one fewer": {"counter": [0.0]},
    "one more": {"counter": [0.0, 0, 0.0]},
    "another name": {"count": [0.0, 0]},
    "another list": {"counter": [0.0, 0], "more": [0.0]},
    "another shape": {"counter": [[0.0], 0]},
    "another type": {"counter": [0.0, 0.0]},
    "another order": {"counter": [0, 0.0]},
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_other_variables_are_not_restored_not_even_in_part(tmp_path, capfd, other):
    saved(tmp_path, 3)
    state = state_of(other)
    with pytest.raises(InputError, match="no checkpoint"):
        Checkpoints(tmp_path, state).restore_newest()
    for variable in (each for several in state.values() for each in several):
        assert not variable.numpy().any()
    # One line of ours, and nothing from TensorFlow.
    (line,) = capfd.readouterr().err.splitlines()
    assert "cannot be used: variable count" in line or "variable more" in line


def test_what_a_killed_save_left_is_ignored_and_then_removed(tmp_path):
    saved(tmp_path, 1)
    (tmp_path / "step-000000001").rename(tmp_path / ".saving-000000005")
    assert restored(tmp_path) == (None, 0.0)
    saved(tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["step-000000002"]


def test_what_others_put_there_stays(tmp_path):
    for name in ("step-", "step-2", "step-best", "step-000000001.bak"):
        (tmp_path / name).mkdir()
    saved(tmp_path, 3, 4, keep=1)
    assert restored(tmp_path) == (4, 4.0)
    assert len(list(tmp_path.iterdir())) == 5


def write_manifest(folder, content: str) -> None:
    (folder / "manifest.json").write_text(content)


@pytest.mark.parametrize(
    "content",
    [
        "[]", "null", "7", '"sha256"', '{"sha256": []}', '{"sha256": null}', '{"sha256": {}}',
        '{"sha256": {"state.index": 5}}', '{"sha256": {"a\\u0000b": "0"}}', "[" * 100_000,
        '{"sha256": {"' + "y" * 300 + '": "0"}}', '{"sha256": {"../../x": "0"}}',
    ],
)  # fmt: skip
def test_a_manifest_of_another_shape_gives_way_to_the_one_before(tmp_path, capsys, content):
    saved(tmp_path, 1, 2)
    write_manifest(tmp_path / "step-000000002", content)
    assert restored(tmp_path) == (1, 1.0)
    assert "manifest.json" in capsys.readouterr().err.splitlines()[0]


def test_a_manifest_that_does_not_list_a_file_vouches_for_none(tmp_path):
    saved(tmp_path, 1, 2)
    folder = tmp_path / "step-000000002"
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["sha256"]["state.data-00000-of-00001"]
    write_manifest(folder, json.dumps(manifest))
    flip_data(folder)
    assert restored(tmp_path) == (1, 1.0)


def test_a_checkpoint_under_the_name_of_another_step_is_not_believed(tmp_path, capsys):
    saved(tmp_path, 1, 2)
    (tmp_path / "step-000000002").rename(tmp_path / "step-000000009")
    assert restored(tmp_path) == (1, 1.0)
    assert "it is of step 2, and was renamed" in capsys.readouterr().err.splitlines()[0]


def of_run(folder, run: str | None, value: float = 0.0) -> tuple[Checkpoints, tf.Variable]:
    state = counter(value)
    return Checkpoints(folder, state, run=run), state["counter"][0]


def test_a_checkpoint_of_another_run_is_not_restored(tmp_path, capsys):
    of_run(tmp_path, "ours", 1.0)[0].save(1)
    of_run(tmp_path, "theirs", 2.0)[0].save(2)
    checkpoints, value = of_run(tmp_path, "ours")
    assert checkpoints.restore_newest() == 1 and float(value) == 1.0
    assert "it is of another run" in capsys.readouterr().err.splitlines()[0]
    with pytest.raises(InputError, match="no checkpoint"):
        of_run(tmp_path, "a third one")[0].restore_newest()
    # Whoever does not ask, and an earlier version's that does not say, are served as before.
    assert of_run(tmp_path, None)[0].restore_newest() == 2
    of_run(tmp_path, None, 3.0)[0].save(3)
    checkpoints, value = of_run(tmp_path, "ours")
    assert checkpoints.restore_newest() == 3 and float(value) == 3.0
