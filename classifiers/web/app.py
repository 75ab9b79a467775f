"""The routes, who may ask, and errors as JSON."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gan_knowledge_gaps.classifiers.detection.pictures import Reading
from gan_knowledge_gaps.classifiers.serving.card import LIMITS
from gan_knowledge_gaps.classifiers.web import rest
from gan_knowledge_gaps.classifiers.web.gate import Gate
from gan_knowledge_gaps.classifiers.web.picture_page import Subject
from gan_knowledge_gaps.classifiers.web.scorer import Scorer, checked_file
from gan_knowledge_gaps.data import InputError
from gan_knowledge_gaps.report.rendering import overlaid

# A page of this server takes nothing from elsewhere, is in no frame, and is kept by no browser.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_FILE = "this file"  # what errors call the page's picture, whose name stays in the browser


def make_app(
    subject: Subject, gate: Gate, batch_size: int, most_pixels: int, hosts: Sequence[str]
) -> Starlette:
    """The page and the REST interface as an ASGI application.

    Args:
        subject: the detector.
        gate: of all requests with pictures.
        batch_size: most pictures through the model at once.
        most_pixels: of a picture.
        hosts: names by which the server may be asked. Of other names, which a stranger's page may
            have given to this machine, it answers nothing.
    """
    service = _Service(subject, gate, batch_size, most_pixels)
    model = f"/v1/models/{rest.NAME}"
    models = (model, f"{model}/versions/{rest.VERSION}")
    return Starlette(
        routes=[
            *_page(subject, gate.most_bytes, most_pixels),
            Route("/score", service.score, methods=["POST"]),
            Route("/explain", service.explain, methods=["POST"]),
            *(Route(each, _constant(rest.STATUS)) for each in models),
            *(Route(f"{each}:predict", service.predict, methods=["POST"]) for each in models),
        ],
        middleware=[
            Middleware(_SafeHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
            Middleware(_SameOrigin),
        ],
        exception_handlers=dict.fromkeys(
            (HTTPException, InputError, ClientDisconnect, Exception), _answer_error
        ),
        lifespan=service.lifespan,
    )


class _Service:
    """What is asked with pictures; all that takes time is done in threads."""

    def __init__(self, subject: Subject, gate: Gate, batch_size: int, most_pixels: int):
        self._subject, self._gate, self._most_pixels = subject, gate, most_pixels
        self._scorer = Scorer(subject.detector, batch_size, most_pixels)
        self._parsing, self._explaining = ThreadPoolExecutor(1), ThreadPoolExecutor(1)

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        yield
        for each in (self._scorer, self._parsing, self._explaining):
            each.shutdown(cancel_futures=True)

    async def predict(self, request: Request) -> Response:
        """As TensorFlow Serving does."""
        async with self._gate.body(request) as body:
            asked = await _in(self._parsing, rest.parse, body, self._most_pixels)
            found = await self._scorer.score(asked.files)
        for reading, _ in found:
            if reading.error:
                raise InputError(reading.error)
        scores = self._subject.scores(np.concatenate([logits for _, logits in found]))
        return JSONResponse(asked.answer(*scores))

    async def score(self, request: Request) -> Response:
        """The verdict on a file, for the page."""
        async with self._gate.body(request) as body:
            return JSONResponse((await self._verdict(body))[0])

    async def explain(self, request: Request) -> Response:
        """The verdict on a file, and what the page shows beside it."""
        async with self._gate.body(request) as body:
            verdict, reading = await self._verdict(body)
            explained = await _in(self._explaining, self._subject.explanation, reading, body)
            return JSONResponse(verdict | explained)

    async def _verdict(self, body: bytes) -> tuple[dict[str, Any], Reading]:
        file = await _in(self._parsing, checked_file, _FILE, body, self._most_pixels)
        ((reading, logits),) = await self._scorer.score([file])
        return self._subject.verdict(reading, logits), reading


def _page(subject: Subject, most_bytes: int, most_pixels: int) -> list[Route]:
    """The page, its style and its script, filled once."""
    templates = overlaid(Path(__file__).with_name("templates"))
    constants = subject.values() | {"most_bytes": most_bytes}
    values = {
        "subject": subject, "limits": LIMITS, "figures": subject.figures(),
        "most_bytes": most_bytes, "most_pixels": most_pixels,
        "values": constants,
    }  # fmt: skip

    def file(path: str, name: str, media_type: str) -> Route:
        text = templates.get_template(name).render(title="Is this picture generated?", **values)

        async def answer(request: Request) -> Response:
            return Response(text, media_type=media_type)

        return Route(path, answer)

    return [
        file("/", "page.html", "text/html"),
        file("/page.css", "page.css", "text/css"),
        file("/page.js", "page.js", "text/javascript"),
        file("/drawings.js", "drawings.js", "text/javascript"),
        Route("/values.json", _constant(constants)),
    ]


def _constant(values: dict[str, Any]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return JSONResponse(values)

    return answer


async def _answer_error(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return _refusal(error.status_code, error.detail, error.headers)
    if isinstance(error, InputError):
        return _refusal(400, str(error))
    if isinstance(error, ClientDisconnect):
        return Response(status_code=400)  # that nobody listens to
    return _refusal(500, "the server has failed: its own output says why")


def _refusal(code: int, line: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as TensorFlow Serving's REST interface has it."""
    return JSONResponse({"error": line}, code, headers)


async def _in(thread: ThreadPoolExecutor, function: Callable, *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(thread, function, *arguments)


class _SafeHeaders:
    """Puts _HEADERS on every answer."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._headers = [(k.lower().encode(), v.encode()) for k, v in _HEADERS.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *self._headers]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


class _SameOrigin:
    """Refuses what the pages of other sites send: browsers name the site, programs none."""

    def __init__(self, app: ASGIApp):
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope.get("headers", ()))
        origin, host = (headers.get(name, b"").decode("latin-1") for name in (b"origin", b"host"))
        is_other = origin and origin.partition("://")[2] != host
        refusal = _refusal(403, "pages of other sites may not ask this server")
        await (refusal if is_other else self._app)(scope, receive, send)
