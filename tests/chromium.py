"""A headless Chromium that tests drive by its DevTools protocol over two pipes: no driver."""

import base64
import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--no-proxy-server", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--remote-debugging-pipe",
)  # fmt: skip
# Chromium reads commands from descriptor 3 and writes answers to 4.
_AS_3_AND_4 = """
import fcntl, os, sys
commands, answers = (fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3])
os.dup2(commands, 3)
os.dup2(answers, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""


def path() -> str | None:
    """Where a Chromium is, if there is one."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """An empty page of a browser that runs.

    Attributes:
        events: what the browser has told of the page, as (method, parameters).
    """

    def __init__(self, commands: int, answers: int):
        self._commands, self._answers, self._rest = commands, answers, b""
        self._number, self._session = 0, None
        self.events: list[tuple[str, dict]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "DOM", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict:
        """What a command of the protocol returns."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append((answer["method"], answer["params"]))

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, or of the promise that it is."""
        found = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait_for(self, expression: str, seconds: float = 60) -> None:
        """Waits until a JavaScript expression is true."""
        end = time.monotonic() + seconds
        while not self.evaluate(expression):
            assert time.monotonic() < end, f"{expression} is not true after {seconds} seconds"
            time.sleep(0.05)

    def open(self, url: str) -> None:
        """Goes to a page, and waits until it is loaded."""
        self.call("Page.navigate", url=url)
        self.wait_for(f"location.href.startsWith({url!r}) && document.readyState == 'complete'")

    def choose_files(self, selector: str, files: list[str]) -> None:
        """Gives files to an <input type=file>."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=files)

    def resize(self, width: int, height: int) -> None:
        """The size of the window, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
            mobile=False,
        )  # fmt: skip

    def screenshot(self, **parameters: Any) -> bytes:
        """A PNG file of what is to be seen."""
        found = self.call("Page.captureScreenshot", format="png", **parameters)
        return base64.b64decode(found["data"])

    def _read(self) -> dict:
        while b"\0" not in self._rest:
            assert select.select([self._answers], [], [], 60)[0], "Chromium does not answer"
            part = os.read(self._answers, 2**16)
            assert part, "Chromium has ended"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)


@contextlib.contextmanager
def page() -> Iterator[Page]:
    """A browser of its own, without any history, that ends with the block."""
    commands_out, commands_in = os.pipe()
    answers_out, answers_in = os.pipe()
    ends = commands_out, answers_in
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        arguments = [sys.executable, "-c", _AS_3_AND_4, *map(str, ends), str(path()), *FLAGS]
        browser = subprocess.Popen(
            [*arguments, f"--user-data-dir={folder}"], pass_fds=ends, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            for each in ends:
                os.close(each)
            yield Page(commands_in, answers_out)
        finally:
            browser.kill()
            browser.wait()
            os.close(commands_in)
            os.close(answers_out)
