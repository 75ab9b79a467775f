"""Commands of the documents that take a published file, typed as they stand, on a small one."""

import numpy as np
import nvlabs_files as files
import pytest
from documented import in_blocks, in_text, pictures, run, zipped
from nvlabs_files import Spec

pytestmark = pytest.mark.long

# Style mixing names styles 0 to 6, which a network of 32 pixels has.
SPEC = Spec(resolution=32, w=3, mapping_layers=1)


def publish(path, spec: Spec) -> None:
    random = np.random.default_rng(0)
    (g, d), (gs, _) = files.torch_arrays(spec, random), files.torch_arrays(spec, random)
    files.write(path, files.torch_networks(spec, g, d, gs))


def test_a_published_file_among_generators(tmp_path):
    for seed, name in enumerate(("photos", "gan", "diffusion")):
        pictures(tmp_path / name, seed, 1)
    zipped(tmp_path / "gan")
    publish(tmp_path / "ffhq-64.pkl", Spec(resolution=64, w=3, mapping_layers=1, base=32))
    run(tmp_path, *in_blocks("docs/generators.md", "Generators that you have")[0])
    assert list(tmp_path.glob("runs/results/*/index.html"))


def test_pictures_of_a_published_file(tmp_path):
    for name in ("ffhq.pkl", "network.pkl"):
        publish(tmp_path / name, SPEC)
    pictures(tmp_path / "targets", 0, 1, count=1)
    (tmp_path / "targets/0.png").rename(tmp_path / "me.png")
    importing = in_text("docs/stylegan2.md", "Training")
    chosen = [words for words in importing if words[0] == "stylegan2.import_nvlabs"]
    chosen += in_text("docs/stylegan2.md", "Pictures")
    assert [module for module, *_ in chosen] == [
        f"stylegan2.{name}"
        for name in ("import_nvlabs", "generate", "style_mix", "project", "interpolate")
    ]
    for words in chosen:
        run(tmp_path, *words)
    assert (tmp_path / "runs/old/generator.keras").is_file()
    assert (tmp_path / "out/seed6625.png").is_file() and (tmp_path / "video.mp4").is_file()
