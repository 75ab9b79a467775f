"""The metrics file reads like an unbroken run's, whatever happened to its writers."""

import json
import struct

import pytest
import tensorflow as tf

from gan_knowledge_gaps.training.metrics_log import MetricsLog, read_metrics

LINES = [{"step": 2, "loss": 0.1}, {"step": 4, "loss": 1 / 3}, {"step": 6, "loss": 1e-300}]


def write(folder, step: int, lines) -> None:
    with MetricsLog(folder, step) as log:
        for line in lines:
            log.write(line["step"], {"loss": line["loss"]})


@pytest.fixture
def _without_tensorboard(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


def test_every_line_is_a_json_object_and_on_the_disk_at_once(tmp_path):
    with MetricsLog(tmp_path, 0) as log:
        for count, line in enumerate(LINES, start=1):
            log.write(line["step"], {"loss": line["loss"]})
            text = (tmp_path / "metrics.jsonl").read_text()
            assert [json.loads(each) for each in text.splitlines()] == LINES[:count]
    assert read_metrics(tmp_path / "metrics.jsonl") == LINES


def test_a_file_that_is_not_there_has_no_lines(tmp_path):
    assert read_metrics(tmp_path / "metrics.jsonl") == []


@pytest.mark.parametrize("step", [0, 3, 4, 6, 9])
def test_lines_after_the_resumed_step_are_dropped(tmp_path, step):
    write(tmp_path, 0, LINES)
    write(tmp_path, step, [{"step": 10, "loss": 2.0}])
    kept = [line for line in LINES if line["step"] <= step]
    assert read_metrics(tmp_path / "metrics.jsonl") == [*kept, {"step": 10, "loss": 2.0}]


@pytest.mark.usefixtures("_without_tensorboard")
def test_a_last_line_cut_anywhere_costs_that_line_only(tmp_path):
    path = tmp_path / "metrics.jsonl"
    whole = "".join(json.dumps(line) + "\n" for line in LINES)
    start = whole.rindex("{")
    for end in range(start, len(whole)):
        path.write_text(whole[:end])
        # All but the line's end may be there; then it is whole.
        kept = LINES if end == len(whole) - 1 else LINES[:-1]
        assert read_metrics(path) == kept
        write(tmp_path, 6, [{"step": 8, "loss": 0.5}])
        assert read_metrics(path) == [*kept, {"step": 8, "loss": 0.5}]


@pytest.mark.usefixtures("_without_tensorboard")
def test_without_tensorboard_there_are_lines_only(tmp_path):
    write(tmp_path, 0, LINES)
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.jsonl"]


def events(folder) -> list[tuple[int, str, float]]:
    """Step, name and value of each scalar in TensorBoard's files."""
    found = []
    for path in sorted(folder.glob("events.*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                (number,) = struct.unpack("<f", value.tensor.tensor_content)
                found.append((event.step, value.tag, number))
    return found


def test_tensorboard_gets_the_same_numbers(tmp_path):
    pytest.importorskip("tensorboard")
    write(tmp_path, 0, LINES[:2])
    assert events(tmp_path / "tensorboard") == [
        (line["step"], "loss", pytest.approx(line["loss"])) for line in LINES[:2]
    ]


@pytest.mark.parametrize(
    "damage",
    [
        b'{"step": 4, "lo', b"\xff\xfe", b'{"step": 4, "\xc3', b"[]", b"null", b'{"loss": 1}',
        b'{"step": "4"}', b'{"step": 4, "loss": NaN}', b'{"step": 4, "loss": [1]}', b"[" * 100_000,
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", [0, 1, 3])
@pytest.mark.usefixtures("_without_tensorboard")
def test_a_damaged_line_costs_that_line_only_and_is_told(tmp_path, capsys, damage, at):
    path = tmp_path / "metrics.jsonl"
    lines = [json.dumps(line).encode() for line in LINES]
    # The last line may lack its end.
    path.write_bytes(b"\n".join([*lines[:at], damage, *lines[at:]]) + b"\n" * (at < 3))
    assert read_metrics(path) == LINES
    (said,) = capsys.readouterr().err.splitlines()
    assert str(path) in said and f"(line {at + 1})" in said
    write(tmp_path, 6, [{"step": 8, "loss": 0.5}])
    capsys.readouterr()
    assert read_metrics(path) == [*LINES, {"step": 8, "loss": 0.5}]
    assert capsys.readouterr().err == ""  # the file is whole again
