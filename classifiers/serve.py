"""A page to try a detector, and its REST interface.

    python -m classifiers.serve --detector=runs/detector
    python -m classifiers.serve --detector=runs/detector --port=8502 --prior=0.01

Prints the page's address when it is ready. Pictures that are dropped there get what
`classifiers.detect` says of them, where the detector sees a generator, and what their files tell.
Beside the page stands the REST interface of TensorFlow Serving, /v1/models/detector:predict.

Only this machine can ask it, unless --host says otherwise. No picture is kept. Ctrl-C ends it.
Needs `pip install 'gan-knowledge-gaps[serve]'`.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from absl import flags

from gan_knowledge_gaps.classifiers.detect import check_verdicts, define_verdicts, thresholds_of
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.data.picture import MOST_PIXELS
from gan_knowledge_gaps.training import command
from gan_knowledge_gaps.training.flag_help import NEEDED, group
from gan_knowledge_gaps.training.progress import say

if TYPE_CHECKING:
    import uvicorn

    from gan_knowledge_gaps.classifiers.web.picture_page import Subject

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
ENDING = 5  # seconds that answers have when the server is stopped


def main() -> None:
    """The command line."""
    with group(NEEDED):
        flags.DEFINE_string("detector", None, "Folder of a detector, or .keras file.")
    flags.DEFINE_integer("port", 8501, "Port of the page; 0 for a free one.", 0, 65535)
    flags.DEFINE_string("host", LOOPBACK[0], "Address of this machine at which it is asked.")
    flags.DEFINE_list("hostnames", [], "Further names by which browsers and programs may ask it.")
    define_verdicts()
    flags.DEFINE_integer("batch_size", 32, "Pictures through the model at once.", lower_bound=1)
    flags.DEFINE_integer("megabytes", 32, "Largest request, in 2**20 bytes.", 1, 2**10)
    flags.DEFINE_integer(
        "megapixels", 64, "Largest picture, in 2**20 pixels.", 1, MOST_PIXELS // 2**20
    )
    flags.DEFINE_integer(
        "requests", 64, "Requests in work at a time; others are told to come again.", lower_bound=1
    )
    command.run(_run, resumes=False)


def _run() -> None:
    values = flags.FLAGS
    if not values.detector:
        raise InputError("--detector (a folder) is needed")
    check_verdicts()
    if any("*" in each for each in values.hostnames):
        raise InputError("--hostnames are whole names, without a *")
    _require_starlette()
    with listen(values.host, values.port) as listener:
        subject = load_subject(values.detector)
        server = make_server(
            subject, [*LOOPBACK, _in_address(values.host), *values.hostnames], values.batch_size,
            values.megabytes * 2**20, values.megapixels * 2**20, values.requests,
        )  # fmt: skip
        if not _is_loopback(values.host):
            say(
                f"warning: whoever reaches this machine can ask the detector, at {values.host} or "
                "at names that --hostnames lists"
            )
        print(f"http://{_in_address(values.host)}:{listener.getsockname()[1]}", flush=True)
        server.run([listener])
    raise KeyboardInterrupt  # nothing else ends it, and asyncio may have kept it for itself


def load_subject(path: str) -> Subject:
    """The detector as the flags have it, which has seen a picture: the first is the slowest.

    Raises:
        InputError: it cannot be loaded, or takes no squares of one size.
    """
    from gan_knowledge_gaps.classifiers.baseline import load_baseline
    from gan_knowledge_gaps.classifiers.detection.fitting import crop_resize_of
    from gan_knowledge_gaps.classifiers.detector import load_detector
    from gan_knowledge_gaps.classifiers.web.picture_page import Subject, can_be_mapped

    values = flags.FLAGS
    detector = load_detector(path)
    crop_resize_of(detector)
    thresholds = thresholds_of(detector, values.prior, values.threshold, values.uncertain_threshold)
    baseline = load_baseline(path, detector.image_shape)
    if baseline is None or not baseline.profiles:
        say("the detector's folder has no average spectra: the page shows none")
        baseline = None
    has_maps = can_be_mapped(detector)
    if not has_maps:
        say("HiResCAM does not know this network: the page shows no maps")
    name = Path(path).absolute().name
    return Subject(name, detector, thresholds, values.prior, baseline, has_maps)


def make_server(
    subject: Subject,
    hosts: Sequence[str],
    batch_size: int = 32,
    most_bytes: int = 2**25,
    most_pixels: int = 2**26,
    most_requests: int = 64,
) -> uvicorn.Server:
    """The server, which runs when it is given a socket.

    Args:
        subject: the detector.
        hosts: names by which it may be asked.
        batch_size: most pictures through the model at once.
        most_bytes: of a request.
        most_pixels: of a picture.
        most_requests: in work at a time.
    """
    import uvicorn

    from gan_knowledge_gaps.classifiers.web.app import make_app
    from gan_knowledge_gaps.classifiers.web.gate import Gate
    from gan_knowledge_gaps.classifiers.web.quiet import QuietServer

    app = make_app(subject, Gate(most_requests, most_bytes), batch_size, most_pixels, hosts)
    config = uvicorn.Config(
        app, loop="asyncio", http="h11", ws="none", lifespan="on", log_config=None,
        access_log=False, proxy_headers=False, server_header=False,
        timeout_graceful_shutdown=ENDING,
    )  # fmt: skip
    return QuietServer(config)


def _require_starlette() -> None:
    try:
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise InputError(
            f"classifiers.serve needs {error.name}: pip install 'gan-knowledge-gaps[serve]'"
        ) from error


def listen(host: str, port: int) -> socket.socket:
    """A socket before anything is loaded: whether the port is free is known at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no address"
        raise InputError(
            f"--host={host} --port={port} cannot be listened at ({reason}): give another"
        ) from error


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    main()
