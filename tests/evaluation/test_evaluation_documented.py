"""Commands of README and docs/metrics.md, as typed: two StyleGAN2s are trained and measured."""

import pytest
from documented import in_blocks, pictures, run, zipped
from inception_graph import inception_graph
from test_evaluation_inception import archive

pytestmark = pytest.mark.long


def test_stylegan2s_are_trained_and_measured(tmp_path):
    for seed, name in enumerate(("faces", "ffhq256", "photos", "generated")):
        pictures(tmp_path / name, seed, 1, size=16)
    zipped(tmp_path / "faces")
    archive(tmp_path / "inception-2015-12-05.tgz", classify_image_graph_def_pb=inception_graph())
    typed = in_blocks("README.md", "StyleGAN2") + in_blocks(
        "docs/metrics.md", "Scores of a generator"
    )
    assert [module for module, *_ in typed] == [
        "stylegan2.train", "stylegan2.train", "stylegan2.evaluate", "stylegan2.evaluate",
        "evaluation.compare",
    ]  # fmt: skip
    for words in typed:
        assert run(tmp_path, *words)
