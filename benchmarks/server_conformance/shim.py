"""Takes llama-server's command line and starts Assay's server that way.

What its options have no counterpart for is ignored. Without --api-key llama-server asks for no
key; Assay's server always does, so the shim shows it in the caller's place.
"""

import argparse
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.server_conformance.stand_in import write_stand_in
from engine.model.chat_types import Sampling
from engine.model.client import LoadOptions, ModelClient
from engine.net import listen
from engine.server import Limits, ServerOptions, create_app
from engine.server.local import LocalBackend
from engine.server.running import uvicorn_config

MODEL = "ASSAY_STAND_IN"
"""The environment variable that names the model file."""
TESTS = "ASSAY_SERVER_TESTS"
"""The one that names the folder of the tests."""
_OWN_KEY = "the shim's own key"
# What llama-server knows under these names.
_TEMPLATES = {
    "command-r": (
        "{% for m in messages %}<|START_OF_TURN_TOKEN|><|{{ 'CHATBOT' if m.role == 'assistant' "
        "else m.role | upper }}_TOKEN|>{{ m.content }}<|END_OF_TURN_TOKEN|>{% endfor %}"
        "{% if add_generation_prompt %}<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{% endif %}"
    ),
}


class Preset(LocalBackend):
    """The local model with the sampling that the command line sets."""

    def __init__(self, client: ModelClient, args: argparse.Namespace) -> None:
        super().__init__(lambda: client, lambda: False)
        self._args = args

    def sampling(self, thinking: bool | None) -> Sampling:
        """llama-server's defaults, with --temp and --seed."""
        usual = Sampling(temperature=0.8, top_k=40, top_p=0.95, min_p=0.05)
        seed = None if self._args.seed < 0 else self._args.seed
        return replace(usual, temperature=self._args.temp, seed=seed)


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until the end is asked for."""
    args, _ = _parser().parse_known_args(argv)
    slots = args.parallel or 4
    n_ctx = args.ctx_size or 4096
    if not args.kv_unified:
        n_ctx //= slots
    client = ModelClient(lambda state, notice: None)
    folder = tempfile.TemporaryDirectory()
    client.load(_model(args, Path(folder.name)), LoadOptions(n_ctx=n_ctx, sequences=slots))
    hosts = args.host.split(",")
    options = ServerOptions(
        key=args.api_key or _OWN_KEY,
        host=hosts[0],
        origins=("localhost",) if args.cors_origins == "localhost" else (),
        page=not args.no_ui,
        slots=args.slots,
        names=tuple(sorted(args.alias.split(","))) if args.alias else (),
        tags=tuple(args.tags.split(",")) if args.tags else (),
        verbose="always" if args.verbose else "asked",
        limits=Limits(running=slots, tokens=args.n_predict if args.n_predict > 0 else None),
    )
    app = _with_plain_names(create_app(Preset(client, args), options))
    if not args.api_key:
        app = _with_key(app)
    try:
        sockets = [listen(host, args.port) for host in hosts]
        uvicorn.Server(uvicorn_config(app, options)).run(sockets)
    finally:
        client.close()
        folder.cleanup()


def _model(args: argparse.Namespace, folder: Path) -> Path:
    """The model file; another chat template means another file, with that template inside."""
    template = _TEMPLATES.get(args.chat_template, "")
    if args.chat_template_file:
        template = Path(os.environ[TESTS], args.chat_template_file).read_text()
    if not template:
        return Path(os.environ[MODEL])
    write_stand_in(folder / "model.gguf", template)
    return folder / "model.gguf"


def _with_plain_names(app: ASGIApp) -> ASGIApp:
    """Header names as the tests spell them, who compare them letter by letter."""

    async def plain(scope: Scope, receive: Receive, send: Send) -> None:
        async def spelled(message: Message) -> None:
            if "headers" in message:
                message["headers"] = [(one.title(), two) for one, two in message["headers"]]
            await send(message)

        await app(scope, receive, spelled)

    return plain


def _with_key(app: ASGIApp) -> ASGIApp:
    async def shown(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            others = [one for one in scope["headers"] if one[0] != b"authorization"]
            scope["headers"] = [*others, (b"x-api-key", _OWN_KEY.encode())]
        await app(scope, receive, send)

    return shown


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--temp", type=float, default=0.8)
    parser.add_argument("--seed", type=int, default=-1)
    parser.add_argument("--ctx-size", type=int, default=0)
    parser.add_argument("--parallel", type=int, default=0)
    parser.add_argument("--n-predict", type=int, default=-1)
    for name in (
        "--alias",
        "--tags",
        "--api-key",
        "--cors-origins",
        "--chat-template",
        "--chat-template-file",
    ):
        parser.add_argument(name, default="")
    for name in ("--slots", "--kv-unified", "--no-ui", "--verbose"):
        parser.add_argument(name, action="store_true")
    # So that their values are not taken for something else.
    for name in ("--hf-repo", "--hf-file", "--model", "--batch-size", "--ubatch-size"):
        parser.add_argument(name)
    return parser


if __name__ == "__main__":
    main()
