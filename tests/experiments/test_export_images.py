"""Images of a GAN of the lab as files."""

import commands
import numpy as np
import pytest
from PIL import Image

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.dcgan import build_generator, sample
from gan_knowledge_gaps.experiments.export_images import load_sampler
from gan_knowledge_gaps.lab.store.artifact import Artifact
from gan_knowledge_gaps.stylegan2 import Generator, NetworkConfig
from gan_knowledge_gaps.stylegan2 import sample as sample_stylegan2


@pytest.fixture
def artifact(tmp_path):
    """A finished GAN with fresh weights."""
    folder = tmp_path / "gan-0"
    folder.mkdir()
    generator = build_generator(width=1 / 16)
    generator.save(folder / "model.keras")
    Artifact(folder, "gan").finish({"seconds": 0.0, "depends_on": {}, "family": "dcgan"})
    return folder, generator


def test_the_command_writes_image_i_as_file_i(artifact, tmp_path):
    folder, generator = artifact
    done = commands.run(
        "-m", "experiments.export_images", f"--artifact={folder}",
        "--indices=2-4,300", f"--output={tmp_path / 'images'}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in (tmp_path / "images").iterdir())
    assert names == ["0000002.png", "0000003.png", "0000004.png", "0000300.png"]
    expected = sample(generator, np.array([2, 3, 4, 300]))
    for name, image in zip(names, expected, strict=True):
        written = np.asarray(Image.open(tmp_path / "images" / name)).astype(int)
        assert np.abs(written - image[..., 0]).max() <= 1


@pytest.mark.parametrize("psi", [None, 0.3])
def test_a_stylegan2_of_the_lab_is_sampled_as_the_lab_does(tmp_path, psi):
    config = NetworkConfig(resolution=8, fmap_max=4, latent_dim=4, w_dim=4, mapping_layers=1)
    generator = Generator(config, seed=3)
    generator.w_avg.assign([3.0, -2.0, 1.0, 0.0])
    generator.save(tmp_path / "model.keras")
    spec = {"kind": "gan", "seed": 0} if psi is None else {"kind": "truncated", "psi": psi}
    manifest = {"seconds": 0.0, "depends_on": {}, "spec": spec, "family": "stylegan2"}
    Artifact(tmp_path, "gan").finish(manifest)
    indices = np.array([2, 17])
    expected = sample_stylegan2(generator, indices, truncation=1.0 if psi is None else psi)
    np.testing.assert_array_equal(load_sampler(tmp_path)(indices), expected)


def test_what_is_no_gan_is_refused(artifact, tmp_path):
    folder, _ = artifact
    with pytest.raises(InputError, match="no finished training"):
        load_sampler(tmp_path)
    (folder / "model.keras").write_bytes(b"damaged")
    with pytest.raises(InputError, match="missing or damaged"):
        load_sampler(folder)
