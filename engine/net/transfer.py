"""A request whose answer is read as a whole."""

import concurrent.futures
import http.client
import zlib

from engine.core.exchange import Reply
from engine.net.faults import packed, too_large
from engine.net.wire import CHUNK, Wire


class Transfer(Wire):
    """One request and its answer."""

    def run(self, future: concurrent.futures.Future[Reply]) -> None:
        """Do it; the thread's whole work."""
        try:
            future.set_result(self._perform())
        except BaseException as error:  # noqa: BLE001  (it belongs to whoever waits)
            future.set_exception(error)
        finally:
            self.close()

    def _perform(self) -> Reply:
        with self.ask("gzip") as response:
            return Reply(
                response.status,
                self._body(response),
                response.getheader("Location", ""),
                response.getheader("Retry-After", ""),
            )

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        most = self._request.max_bytes
        coding = response.getheader("Content-Encoding", "identity").strip().lower()
        if coding not in ("identity", "gzip", ""):
            raise packed(self.host)
        unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS) if coding == "gzip" else None
        if (response.length or 0) > most:
            raise too_large(self.host, most)
        body = bytearray()
        while chunk := response.read(CHUNK):
            self.received += len(chunk)
            body += unpacker.decompress(chunk, most + 1 - len(body)) if unpacker else chunk
            # Packed bytes as well: what follows the end of a packed body unpacks to nothing.
            if max(len(body), self.received) > most:
                raise too_large(self.host, most)
        if response.length or (unpacker and self.received and not unpacker.eof):
            raise http.client.IncompleteRead(b"")
        return bytes(body)
