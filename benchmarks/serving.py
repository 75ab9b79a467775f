"""A detector that is served, in images/s from request to answer.

`classifiers.serve` in a process of its own, asked by threads of this one as TensorFlow Serving is:
by 1, 8 and 32 clients with a picture in each request, and by 2 clients with 32 pictures in each.
Beside it `classifiers.detect` on the same files, without HTTP. The pictures are those of
`benchmarks.detect_files`.

    python -m benchmarks.serving [--images=600] [--resolution=64]
"""

import base64
import contextlib
import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from absl import flags

from benchmarks.detect_files import write_pictures
from benchmarks.timing import print_rates
from gan_knowledge_gaps.classifiers.detection.batches import detect
from gan_knowledge_gaps.classifiers.detection.pictures import Pictures
from gan_knowledge_gaps.classifiers.detector import Detector
from gan_knowledge_gaps.classifiers.models import build
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.timing import medians

CLIENTS = ((1, 1), (8, 1), (32, 1), (2, 32))  # clients, and pictures in a request of each


@contextlib.contextmanager
def serving(detector: Path) -> Iterator[int]:
    """Starts `classifiers.serve`; gives its port."""
    started = [sys.executable, "-m", "classifiers.serve", f"--detector={detector}", "--port=0"]
    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True) as server:
        try:
            yield int(server.stdout.readline().rpartition(":")[2])
        finally:
            server.terminate()


def ask_all(port: int, bodies: Sequence[bytes], clients: int) -> np.ndarray:
    """Sends all requests, each client one after the other; seconds of each."""

    def client(number: int) -> list[float]:
        seconds = []
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            for body in bodies[number::clients]:
                start = time.perf_counter()
                connection.request("POST", "/v1/models/detector:predict", body)
                answer = connection.getresponse()
                content = answer.read()
                assert answer.status == 200, content
                seconds.append(time.perf_counter() - start)
        return seconds

    with ThreadPoolExecutor(clients) as threads:
        return np.concatenate(list(threads.map(client, range(clients))))


def bodies_of(files: Sequence[Path], pictures: int) -> list[bytes]:
    """Requests with that many pictures in each."""
    instances = [
        {"image_bytes": {"b64": base64.b64encode(file.read_bytes()).decode()}} for file in files
    ]
    return [
        json.dumps({"instances": instances[start : start + pictures]}).encode()
        for start in range(0, len(files), pictures)
    ]


def main() -> None:
    """Times all."""
    values = flags.FLAGS
    model = build(values.architecture, (values.resolution, values.resolution, 3), seed=0)
    detector, waits = Detector(model), {}
    with tempfile.TemporaryDirectory() as name:
        pictures, saved = Path(name) / "pictures", Path(name) / "detector"
        pictures.mkdir()
        write_pictures(pictures, values.images)
        detector.save(saved)
        files = sorted(pictures.iterdir())

        def asking(clients: int, each: int):
            bodies = bodies_of(files, each)

            def ask() -> None:
                waits[clients, each] = ask_all(port, bodies, clients)

            return ask

        with serving(saved) as port:
            work = {"classifiers.detect": lambda: list(detect(detector, Pictures([str(pictures)])))}
            work |= {f"{n} clients, {m} in a request": asking(n, m) for n, m in CLIENTS}
            seconds = medians(work, values.repeats)
    size = f"{values.resolution}x{values.resolution}"
    print(f"{values.images} files, {values.architecture} at {size}")
    print_rates(seconds, values.images, baseline="classifiers.detect")
    for (clients, each), found in waits.items():
        half, most = 1000 * np.percentile(found, [50, 95])
        print(f"{clients} clients, {each} in a request: {half:.0f} ms, 95 % within {most:.0f} ms")


if __name__ == "__main__":
    flags.DEFINE_integer("images", 600, "Files.", lower_bound=1)
    flags.DEFINE_integer("resolution", 64, "Height and width of the detector's images.")
    flags.DEFINE_string("architecture", "mobilenet_v2", "The detector's architecture.")
    flags.DEFINE_integer("repeats", 3, "Repeats.", lower_bound=1)
    command.run(main)
