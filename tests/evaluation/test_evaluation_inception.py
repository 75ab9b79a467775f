"""The Inception extractor on a graph of the same names, operations and age, in float64."""

import hashlib
import io
import tarfile

import numpy as np
import pytest
from inception_graph import inception_graph, reference

from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.evaluation.inception import Inception


@pytest.fixture(scope="module")
def graph() -> bytes:
    return inception_graph()


@pytest.fixture(scope="module")
def file(graph, tmp_path_factory):
    path = tmp_path_factory.mktemp("graph") / "classify_image_graph_def.pb"
    path.write_bytes(graph)
    return path


def archive(path, **members: bytes):
    with tarfile.open(path, "w:gz") as tar:
        for name, contents in members.items():
            entry = tarfile.TarInfo(name.replace("_pb", ".pb"))
            entry.size = len(contents)
            tar.addfile(entry, io.BytesIO(contents))
    return path


@pytest.fixture(scope="module")
def extractor(file) -> Inception:
    return Inception(file)


@pytest.mark.parametrize("shape", [(299, 299, 3), (32, 32, 3), (8, 8, 1), (400, 310, 3)])
def test_features_are_those_of_the_definition_for_any_size_and_batch(shape, extractor):
    images = np.random.default_rng(0).integers(0, 256, (5, *shape), np.uint8)
    features = extractor(images)
    assert features.shape == (5, 2048) and features.dtype == np.float32
    expected = reference(np.repeat(images, 3, axis=-1) if shape[-1] == 1 else images)
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)
    # One at a time, as the graph was made for.
    np.testing.assert_allclose(extractor(images[3:4]), features[3:4], rtol=1e-5, atol=1e-6)


def test_shapes_for_one_image_that_the_graph_carries_along_are_left_out(extractor):
    # Else TensorFlow's optimizer may count on a batch of one.
    assert extractor._features.shape.as_list() == [None, 2048]


def test_the_archive_gives_what_the_file_gives(graph, file, tmp_path, extractor):
    path = archive(tmp_path / "i.tgz", LICENSE=b"x", classify_image_graph_def_pb=graph)
    archived = Inception(path)
    assert archived.sha256 == extractor.sha256 == hashlib.sha256(graph).hexdigest()
    images = np.full((2, 16, 16, 3), 77, np.uint8)
    np.testing.assert_array_equal(archived(images), extractor(images))


def test_a_sha256_can_be_insisted_on(file, extractor):
    assert Inception(file, extractor.sha256.upper()).sha256 == extractor.sha256
    with pytest.raises(InputError, match=f"has the SHA-256 {extractor.sha256}, not abc"):
        Inception(file, "abc")


def test_a_link_of_that_name_is_passed_over(tmp_path):
    link = tarfile.TarInfo("classify_image_graph_def.pb")
    link.type, link.linkname = tarfile.SYMTYPE, "nowhere"
    with tarfile.open(tmp_path / "i.tgz", "w:gz") as tar:
        tar.addfile(link)
    with pytest.raises(InputError, match=r"there is no classify_image_graph_def\.pb"):
        Inception(tmp_path / "i.tgz")


def test_what_is_not_that_graph_is_refused_in_one_line(graph, tmp_path):
    def refused(contents: bytes) -> str:
        path = tmp_path / "graph.pb"
        path.write_bytes(contents)
        with pytest.raises(InputError) as caught:
            Inception(path)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    assert "neither a graph nor an archive" in refused(b"\xffno graph")
    assert "is another graph" in refused(inception_graph(output="pool_4"))
    assert "its ResizeBilinear is (None, 298, 298, 3)" in refused(inception_graph(size=298))
    assert "another graph" in refused(b"")
    with pytest.raises(InputError, match=r"no file .*published at http://download"):
        Inception(tmp_path / "none.pb")
    with pytest.raises(InputError, match=r"no classify_image_graph_def\.pb in"):
        Inception(archive(tmp_path / "other.tgz", LICENSE=b"x"))
    whole = archive(tmp_path / "i.tgz", classify_image_graph_def_pb=graph).read_bytes()
    cut = tmp_path / "cut.tgz"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="is damaged"):
        Inception(cut)
