"""The commands of docs/stylegan2.md, typed as they stand there, with a small published file."""

import numpy as np
import nvlabs_files as files
import pytest
from documented import in_text, pictures, run
from nvlabs_files import Spec

pytestmark = pytest.mark.long

# Style mixing names styles 0 to 6, which a network of 32 pixels has.
SPEC = Spec(resolution=32, w=3, mapping_layers=1)


def test_pictures_of_a_published_file(tmp_path):
    random = np.random.default_rng(0)
    (g, d), (gs, _) = files.torch_arrays(SPEC, random), files.torch_arrays(SPEC, random)
    for name in ("ffhq.pkl", "network.pkl"):
        files.write(tmp_path / name, files.torch_networks(SPEC, g, d, gs))
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
