"""`assay serve` as a program of its own."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.engine.service.tiny import write_tiny_model

ASSAY = (sys.executable, "-m", "engine.cli")


def lines_until(process: "subprocess.Popen[str]", end: str) -> list[str]:
    """What it prints, until a line holds a text."""
    assert process.stdout is not None
    found: list[str] = []
    while not found or end not in found[-1]:
        line = process.stdout.readline()
        assert line, found
        found.append(line.strip())
    return found


@pytest.mark.alone
@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(("how", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_serving(tmp_path: Path, how: int, status: int) -> None:
    model = write_tiny_model(tmp_path / "tiny.gguf")
    command = [*ASSAY, "serve", "--port", "0", "--model", str(model)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            said = lines_until(process, "is ready")
            address = said[0].split()[5].removeprefix("http://").removesuffix("/v1,")
            key = next(line for line in said if line.startswith("Key: ")).removeprefix("Key: ")
            host, port = address.split(":")
            connection = http.client.HTTPConnection(host, int(port), timeout=20)
            body = json.dumps({"prompt": "Hi", "max_tokens": 4})
            headers = {"X-Api-Key": key, "Content-Type": "application/json"}
            connection.request("POST", "/v1/completions", body, headers)
            reply = connection.getresponse()
            assert reply.status == 200, reply.read()
            assert json.loads(reply.read())["usage"]["completion_tokens"] <= 4
            connection.close()
            started = time.monotonic()
            process.send_signal(how)
            assert process.wait(10) == status
            assert time.monotonic() - started < 8
        finally:
            process.kill()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the model by its parent in /proc")
@pytest.mark.parametrize("at_once", [True, False])
def test_a_model_that_dies_is_told_and_so_is_its_return(tmp_path: Path, at_once: bool) -> None:
    model = write_tiny_model(tmp_path / "tiny.gguf")
    (tmp_path / "key").write_text("a-key")
    command = [*ASSAY, "serve", "--port", "0", "--model", str(model)]
    command += ["--key-file", str(tmp_path / "key")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            said = lines_until(process, "is ready")
            address = said[0].split()[5].removeprefix("http://").removesuffix("/v1,")
            host, port = address.split(":")
            children = Path(f"/proc/{process.pid}/task").glob("*/children")
            (child,) = {int(one) for path in children for one in path.read_text().split()}
            os.kill(child, signal.SIGKILL)
            if not at_once:
                lines_until(process, "The system ended the model")
            connection = http.client.HTTPConnection(host, int(port), timeout=20)
            body = json.dumps({"prompt": "Hi", "max_tokens": 1})
            headers = {"X-Api-Key": "a-key", "Content-Type": "application/json"}
            connection.request("POST", "/v1/completions", body, headers)
            assert connection.getresponse().status == 200
            connection.close()
            assert lines_until(process, "is ready")[-1] == "Tiny is ready again."
        finally:
            process.kill()


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    path = tmp_path / "text.gguf"
    path.write_text("no model")
    done = subprocess.run(
        [*ASSAY, "serve", "--port", "0", "--model", str(path)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "not a GGUF model" in done.stderr
    assert "without a model" not in done.stderr


@pytest.mark.parametrize("text", ["", "two words\n", "ä" * 40, "x" * 301])
def test_a_key_file_without_a_key(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    done = subprocess.run(
        [*ASSAY, "serve", "--key-file", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "is no key" in done.stderr
