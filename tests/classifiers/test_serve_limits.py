"""What the server refuses, and that nothing that is sent takes it down."""

import asyncio
import json
import socket
import struct
import sys
import time
import zlib

import numpy as np
import pytest
from serving_client import (
    PHOTOGRAPH,
    PREDICT,
    SIDE,
    ask,
    encoded,
    make_subject,
    noise,
    rows,
    saved,
    serving,
)
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gan_knowledge_gaps.classifiers import serve
from gan_knowledge_gaps.classifiers.web import gate, scorer
from gan_knowledge_gaps.classifiers.web.picture_page import Subject
from gan_knowledge_gaps.data import InputError

MOST_BYTES, MOST_PIXELS = 200_000, 40_000
GRAIN = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


@pytest.fixture(scope="module")
def subject() -> Subject:
    return make_subject()


@pytest.fixture(scope="module")
def port(subject):
    with serving(subject, most_bytes=MOST_BYTES, most_pixels=MOST_PIXELS) as port:
        yield port


def big_png(width: int, height: int) -> bytes:
    """A PNG file of a few bytes that says it is large."""

    size = struct.pack(">II", width, height)
    header, pixels = size + b"\x08\x02\0\0\0", zlib.compress(bytes(999))
    file = b"\x89PNG\r\n\x1a\n"
    for kind, content in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b"")):
        check = zlib.crc32(kind + content)
        file += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
    return file


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        (b"", "cannot identify"),
        (b"<svg onload='alert(1)'/>", "cannot identify"),
        (saved(GRAIN, "JPEG")[:2000], "truncated"),
        (saved(GRAIN)[:2000], "truncated"),
        (big_png(30_000, 30_000), "pixels"),
        (big_png(201, 200), "201 x 200 pixels; at most 40,000"),
    ],
    ids=["nothing", "text", "cut JPEG", "cut PNG", "bomb", "too large"],
)  # fmt: skip
def test_what_is_no_picture_is_refused_in_a_line(port, contents, words):
    for path, body in (("/score", contents), ("/explain", contents), (PREDICT, rows(contents))):
        code, answer, _ = ask(port, path, body)
        assert (code, list(answer)) == (400, ["error"])
        assert words in answer["error"] and len(answer["error"]) < 300
        assert answer["error"].isprintable()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"\xff", "no JSON"),
        (b"[1]", "either"),
        (b"{}", "either"),
        (b'{"instances": [], "inputs": []}', "either"),
        (b'{"instances": []}', "1 to 256"),
        (json.dumps({"instances": [encoded(b"")] * 257}).encode(), "1 to 256"),
        (b'{"inputs": {"images": []}}', "1 to 256"),
        (b'{"instances": ["x"]}', "picture 0"),
        (b'{"instances": [{"b64": 3}]}', "picture 0"),
        (b'{"instances": [{"b64": "*"}]}', "base64"),
        (b'{"instances": [{"b64": "", "x": 1}]}', "picture 0"),
        (b'{"instances": [{"b64": ""}], "signature_name": "serve_images"}', "signature"),
    ],
)
def test_what_is_no_request_is_refused_in_a_line(port, body, words):
    code, answer, _ = ask(port, PREDICT, body)
    assert (code, list(answer)) == (400, ["error"])
    assert words in answer["error"] and len(answer["error"]) < 300


def test_a_bad_picture_among_others_is_named(port):
    good = saved(PHOTOGRAPH)
    code, answer, _ = ask(port, PREDICT, rows(good, good, b"bad"))
    assert code == 400 and "picture 2" in answer["error"]


def test_the_largest_request_is_answered_and_a_larger_one_is_not(port):
    largest = saved(PHOTOGRAPH) + bytes(MOST_BYTES)
    assert ask(port, "/score", largest[:MOST_BYTES])[0] == 200
    larger = largest[: MOST_BYTES + 1], largest * 20
    for body in (*larger, iter([largest, largest])):  # the last without a length that is told
        code, answer, _ = ask(port, "/score", body)
        assert code == 413 and f"{MOST_BYTES:,} bytes" in answer["error"]
    assert ask(port, "/score", saved(PHOTOGRAPH))[0] == 200


def unfinished(port: int, length: int, sent: int) -> socket.socket:
    """A request whose body has not come to its end."""
    connection = socket.create_connection(("127.0.0.1", port))
    head = f"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    connection.sendall(head.encode() + bytes(sent))
    return connection


def test_too_many_requests_are_told_to_come_again(subject):
    picture = saved(PHOTOGRAPH)
    with serving(subject, most_requests=2, most_bytes=MOST_BYTES) as port:
        waiting = [unfinished(port, 100, 1) for _ in range(2)]
        _, answer, headers = until(lambda: ask(port, "/score", picture), 503)
        assert headers["Retry-After"] == "1" and "try again" in answer["error"]
        assert ask(port, "/v1/models/detector")[0] == 200  # nothing waits for them
        for each in waiting:
            each.sendall(bytes(99))
            assert each.recv(99).startswith(b"HTTP/1.1 400")
        assert until(lambda: ask(port, "/score", picture), 200)
        # Who goes away in the middle takes no place.
        for each in (*waiting, *(unfinished(port, 100, 1) for _ in range(4))):
            each.close()
        assert until(lambda: ask(port, "/score", picture), 200)


def test_the_bytes_of_all_requests_are_bounded(monkeypatch):
    monkeypatch.setattr(gate, "LARGEST_AT_ONCE", 1)

    async def check() -> None:
        door = gate.Gate(most_requests=9, most_bytes=100)
        arriving: asyncio.Queue = asyncio.Queue()
        slow = asyncio.create_task(size_of(door, arriving.get))
        await arriving.put({"type": "http.request", "body": bytes(95), "more_body": True})
        while not arriving.empty():
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        for size, is_full in ((5, False), (6, True), (5, False)):
            if is_full:
                with pytest.raises(HTTPException) as refused:
                    await size_of(door, whole(size))
                assert refused.value.status_code == 503
            else:
                assert await size_of(door, whole(size)) == size
        await arriving.put({"type": "http.request", "body": bytes(5), "more_body": False})
        assert await slow == 100
        assert await size_of(door, whole(100)) == 100

    asyncio.run(check())


async def size_of(door: gate.Gate, receive) -> int:
    """Bytes of a request that was let in."""
    async with door.body(Request({"type": "http"}, receive)) as body:
        return len(body)


def whole(size: int):
    """What gives a body in one piece."""

    async def receive() -> dict:
        return {"type": "http.request", "body": bytes(size), "more_body": False}

    return receive


def until(request, code: int) -> tuple:
    """The first answer with this status."""
    for _ in range(100):
        answer = request()
        if answer[0] == code:
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{answer[0]} and never {code}")


def test_a_request_that_does_not_arrive_is_given_up(subject, monkeypatch):
    monkeypatch.setattr(gate, "SECONDS", 0.2)
    with serving(subject) as port, unfinished(port, 100, 1) as connection:
        assert connection.recv(99).startswith(b"HTTP/1.1 408")


def test_other_sites_cannot_ask(port):
    picture = saved(PHOTOGRAPH)
    for path, body in (("/", None), ("/values.json", None), ("/score", picture)):
        assert ask(port, path, body, Host="evil.example")[0] == 400
        code, _, headers = ask(port, path, body, Host=f"localhost:{port}")
        assert code == 200
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert not any(name.lower().startswith("access-control") for name in headers)
    own = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}
    assert ask(port, "/score", picture, **own)[0] == 200
    for origin in ("http://evil.example", "null", "http://localhost:1"):
        code, answer, _ = ask(port, "/score", picture, **own | {"Origin": origin})
        assert (code, list(answer)) == (403, ["error"])


def test_no_file_is_written(port):
    """While pictures are scored and explained; an audit hook cannot be taken away again."""
    written, is_on = [], [True]

    def hook(event: str, arguments: tuple) -> None:
        if is_on[0] and event == "open" and isinstance(arguments[2], int) and arguments[2] & 3:
            written.append(arguments[0])

    sys.addaudithook(hook)
    try:
        for contents in (saved(PHOTOGRAPH), saved(PHOTOGRAPH, "JPEG"), bytes(MOST_BYTES + 1)):
            ask(port, "/explain", contents)
            ask(port, PREDICT, rows(contents))
    finally:
        is_on[0] = False
    assert written == []


def test_batches_are_bounded_by_pictures_and_by_pixels(subject, monkeypatch):
    batches = []
    scored = scorer.scored

    def noted(detector, pictures, batch_size):
        batches.append(len(pictures))
        return scored(detector, pictures, batch_size)

    monkeypatch.setattr(scorer, "scored", noted)
    small, large = saved(noise(1, 0.3, 1)[0]), saved(np.zeros((30, 30, 3), np.uint8))
    files = [scorer.checked_file("x", each, 10_000) for each in [small] * 9 + [large] * 3]

    async def score() -> list:
        asked = scorer.Scorer(subject.detector, batch_size=4, most_pixels=1_000)
        try:
            return await asked.score(files)
        finally:
            asked.shutdown()

    found = asyncio.run(score())
    assert [each.images[0].shape for each, _ in found] == [(SIDE, SIDE, 3)] * 12
    assert batches == [4, 4, 1, 1, 1, 1]  # 900 pixels and 144 are more than 1,000


def test_a_fault_of_ours_keeps_nobody_waiting(subject, monkeypatch):
    def broken(*arguments):
        raise ZeroDivisionError

    with serving(subject) as port:
        monkeypatch.setattr(scorer, "scored", broken)
        code, answer, _ = ask(port, PREDICT, rows(*[saved(PHOTOGRAPH)] * 3))
        assert (code, list(answer)) == (500, ["error"])
        monkeypatch.undo()
        assert ask(port, PREDICT, rows(saved(PHOTOGRAPH)))[0] == 200


def test_it_is_stopped_quietly_with_requests_in_work(subject, monkeypatch, caplog):
    monkeypatch.setattr(serve, "ENDING", 0.2)
    with serving(subject) as port:
        waiting = [unfinished(port, 100, 1) for _ in range(3)]
        assert ask(port, "/score", saved(PHOTOGRAPH))[0] == 200
    assert caplog.messages == []
    for each in waiting:
        each.close()


def test_without_the_extra_a_line_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(InputError, match=r"pip install 'gan-knowledge-gaps\[serve\]'"):
        serve._require_starlette()


def test_a_port_that_is_taken_is_refused():
    with serve.listen("127.0.0.1", 0) as listener:
        taken = listener.getsockname()[1]
        with pytest.raises(InputError, match=f"--port={taken} cannot be listened at"):
            serve.listen("127.0.0.1", taken)
    with pytest.raises(InputError, match="--host=no-such-host"):
        serve.listen("no-such-host.invalid", 0)
