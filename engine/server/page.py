"""The chat page: three files that ask nobody else for anything."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from engine.core.resources import resource

PAGE_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/chat.css": ("chat.css", "text/css; charset=utf-8"),
    "/chat.js": ("chat.js", "text/javascript; charset=utf-8"),
}
"""The file and its type for each path."""


async def page_file(request: Request) -> Response:
    """One of the page's files."""
    name, kind = PAGE_FILES[request.url.path]
    data = await run_in_threadpool(resource("web", name).read_bytes)
    return Response(data, media_type=kind)
