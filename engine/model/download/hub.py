"""Asks the Hugging Face Hub, or a mirror of it, for a file: what it is, a range of it, the rest.

Only `/{repo}/resolve/{revision}/{file}` is used. The Hub answers it with the file's checksum and
size in headers of its own and sends on to a host that has the bytes; both are read in one request.
What the file is called on this computer never comes from there.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from urllib.parse import quote

from engine.core.clock import Clock
from engine.core.errors import KnownError
from engine.core.exchange import Exchange, Limits, Request
from engine.core.pace import retry_after
from engine.core.steps import Step
from engine.core.webaddress import checked_address, is_loopback, joined_address
from engine.model.download.hub_file import Changed, HubFile, Missing, Passing, Place
from engine.net import Client, Stream

HUB = "https://huggingface.co"
SOURCE = "models"
"""Whose requests these are in the log."""
LARGEST = 1 << 45  # 32 TiB: sizes above are nonsense
_LIMITS = Limits(connect=15.0, silence=30.0, total=None)

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_WHOLE = re.compile(r"[0-9]{1,15}")
_RANGE = re.compile(r"bytes ([0-9]{1,15})-([0-9]{1,15})/([0-9]{1,15})")
_TAG = re.compile(r'"[!#-~]{0,200}"')


class Part:
    """The bytes of a file from `start` on. tag: of the host that sends them, "" if unusable."""

    def __init__(self, stream: Stream, file: HubFile, start: int) -> None:
        self._stream = stream
        self.file = file
        self.start = start
        found = stream.headers.get("etag", "")
        self.tag = found if _TAG.fullmatch(found) else ""

    def read(self, most: int) -> bytes:
        """What has come, b"" at the end. Raises Passing if the connection breaks."""
        try:
            return self._stream.read(most)
        except KnownError as error:
            raise Passing(error.sentence, error.hint) from error

    def close(self) -> None:
        """End the connection."""
        self._stream.close()

    def __enter__(self) -> "Part":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class Hub:
    """The Hub at one address."""

    def __init__(
        self,
        allowed: Callable[[], bool],
        log: Callable[[Exchange], None],
        clock: Clock,
        endpoint: str = HUB,
        token: str = "",
    ) -> None:
        """allowed: whether anything may be asked at all; log: told of every request.

        endpoint: the Hub's address or a mirror's; token: for files behind a licence, sent there
        and nowhere else. Raises KnownError if the address cannot be asked.
        """
        self.endpoint = endpoint.rstrip("/")
        url = checked_address(self.endpoint, plain=True)
        self._host = str(url.hostname)
        self._netloc = (url.scheme, url.netloc)
        # A mirror in the user's own network may do without https, but then it gets no token.
        self._plain = url.scheme == "http"
        secret = token and (not self._plain or is_loopback(self._host))
        self._headers = (("Authorization", f"Bearer {token}"),) if secret else ()
        self._has_token = bool(secret)
        self._clock = clock
        self._client = Client(lambda source: source == SOURCE and allowed(), log, clock)

    def look(self, place: Place, step: Step) -> HubFile:
        """What the Hub says of a file. Raises KnownError, Passing if it may help to try again."""
        with self._ask(place, "bytes=0-0", "", 1 << 20, step) as part:
            return part.file

    def read_range(self, place: Place, start: int, length: int, step: Step) -> bytes:
        """So many bytes of a file, fewer where it ends. Raises KnownError."""
        asked = f"bytes={start}-{start + length - 1}"
        with self._ask(place, asked, "", length + 1, step) as part:
            if part.start != start:
                raise Passing(f"{self._host} sent another part of the file than was asked for.")
            data = bytearray()
            while len(data) < length and (chunk := part.read(length - len(data))):
                data += chunk
        return bytes(data)

    def open(self, place: Place, start: int, tag: str, step: Step) -> Part:
        """The bytes from start on; from 0 if what is there is no longer what `tag` names.

        Raises KnownError, Passing if it may help to try again.
        """
        return self._ask(place, f"bytes={start}-" if start else "", tag, LARGEST, step)

    def _ask(self, place: Place, span: str, tag: str, most: int, step: Step) -> Part:
        headers = [("Accept", "*/*"), ("Accept-Encoding", "identity"), *self._headers]
        if span:
            headers.append(("Range", span))
        if span and tag:
            headers.append(("If-Range", tag))
        url = (
            f"{self.endpoint}/{place.repo}/resolve/{quote(place.revision, safe='')}"
            f"/{quote(place.file)}"
        )
        request = Request(
            SOURCE,
            url,
            tuple(headers),
            plain=self._plain,
            max_bytes=most,
            limits=_LIMITS,
            elsewhere=True,
        )
        try:
            stream = self._client.open(request, step)
        except KnownError as error:
            raise Passing(error.sentence, error.hint) from error
        try:
            return self._checked(stream, place, url, span)
        except BaseException:
            stream.close()
            raise

    def _checked(self, stream: Stream, place: Place, asked: str, span: str) -> Part:
        if stream.status not in (200, 206):
            raise self._refusal(stream, place)
        start, total = 0, _number(stream.headers.get("content-length", ""))
        if stream.status == 206:
            found = _RANGE.fullmatch(stream.headers.get("content-range", "").strip())
            if not span or found is None:
                raise Passing(f"{self._host} sent a part of the file that was not asked for.")
            start, _, total = (int(text) for text in found.groups())
        file = self._file(stream, asked, total)
        if total is not None and total != file.size:
            raise Passing(f"{self._host} says that the file has two different sizes.")
        return Part(stream, file, start)

    def _file(self, stream: Stream, asked: str, total: int | None) -> HubFile:
        """What the Hub's own headers say; those of the host with the bytes do not count."""
        said: dict[str, str] = {}
        url = checked_address(asked, plain=True)
        for headers in (*stream.passed, stream.headers):
            said |= {name: headers[name] for name in headers if name.startswith("x-")}
            url = checked_address(joined_address(url, headers.get("location", "")), plain=True)
            if (url.scheme, url.netloc) != self._netloc:
                break
        tag = said.get("x-linked-etag", "") or stream.headers.get("etag", "")
        tag = tag.strip().removeprefix("W/").strip('"')[:200]
        linked = _number(said.get("x-linked-size", ""))
        size = total if linked is None else linked
        if size is None or not 0 < size <= LARGEST:
            raise KnownError(f"{self._host} does not say how large the file is.")
        commit = said.get("x-repo-commit", "")
        digest = said.get("x-linked-etag", "").strip().strip('"').lower()
        return HubFile(
            commit if _COMMIT.fullmatch(commit) else "",
            tag,
            size,
            digest if _SHA256.fullmatch(digest) else None,
        )

    def _refusal(self, stream: Stream, place: Place) -> KnownError:
        """The sentence for an answer that is an error."""
        code = stream.headers.get("x-error-code", "")
        status, host = stream.status, self._host
        if status == 403 or code == "GatedRepo" or (status == 401 and self._has_token):
            return KnownError(
                f"{place.repo} is only given to those who have accepted its terms.",
                f"Accept them at {self.endpoint}/{place.repo}, then give Assay your access token"
                " (Models → Get models, or `assay models token`).",
            )
        if status == 401:
            return KnownError(
                f"{host} has no public repository {place.repo}.",
                "If it is behind a licence, give Assay your access token (Models → Get models, or "
                "`assay models token`).",
            )
        if status in (404, 410):
            missing = {
                "RepoNotFound": f"no repository {place.repo}",
                "RevisionNotFound": f"no revision {place.revision} of {place.repo}",
            }.get(code)
            hint = "It may have been renamed or deleted."
            if missing is None:
                return Missing(f"{host} has no file {place.file} in {place.repo}.", hint)
            return KnownError(f"{host} has {missing}.", hint)
        if status in (412, 416):
            return Changed(f"{host} no longer has the file that was begun.")
        if status == 429 or status >= 500:
            asked = retry_after(stream.headers.get("retry-after", ""), self._now())
            why = "has been asked too often" if status == 429 else f"answered with error {status}"
            return Passing(f"{host} {why}.", wait=asked)
        return KnownError(f"{host} answered with {status}.", "Try again later.")

    def _now(self) -> datetime:
        return self._clock.now().astimezone(UTC)


def _number(text: str) -> int | None:
    return int(text) if _WHOLE.fullmatch(text.strip()) else None
