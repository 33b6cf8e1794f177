"""assay-train NAME …: make a language model on this computer.

    assay-train sft --recipe training/recipes/sft.toml --model work/pretrain/model --out work/sft
    assay-train sft --recipe … --plan          what the run will need, without running it
    assay-train sft --recipe … --until 90m     end within 90 minutes, finished as well as can be
    assay-train sft --help                     every setting with its default
    assay-train report work/sft work/pretrain  plots of runs as one HTML file

Every setting is a key of the recipe and a flag of the same name (--loop.rows 4; --held-out is
--held_out); the first one needs no name (assay-train chat work/sft/model). The same command goes
on where it was stopped.
See docs/training.md.
"""

import argparse
import importlib
import inspect
import os
import re
import signal
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn, get_origin, get_type_hints

from engine.core.errors import KnownError
from training import recipe

# Command: module of its Config and run(), and what it does.
METHODS = {
    "prepare": "make a clean corpus of texts, news, posts and price tables, or clean dialogues",
    "tokenizer": "learn the vocabulary from a corpus",
    "cache": "tokenise a corpus, once",
    "pretrain": "pretrain a model on a token cache",
    "sft": "tune a model on dialogues",
    "heft": "tune a few layers of a model on dialogues, with little memory",
    "convert": "convert a MiniMind checkpoint to a model folder or back",
    "lengths": "perplexity by position, with and without YaRN",
    "distil": "learn from a teacher: from its text, or from its distributions",
    "recover": "win back what quantizing a model cost, keeping type and size",
    "topk": "store a teacher's top-k logits, to learn from without it in memory",
    "dpcd": "learn a domain and keep the teacher's chains of thought",
    "dpo": "tune a model on preferred and rejected answers",
    "reward": "train a reward model on preferred and rejected answers",
    "ppo": "tune a model on rewards, with a critic",
    "grpo": "reward answers against their group (GRPO, Dr.GRPO, DAPO, CISPO)",
    "spo": "reward answers against what their prompt has brought so far",
    "tools": "reward the use of the real tools over several turns",
    "chat": "talk to a model in the terminal",
    "dialogues": "make tool dialogues from the wordings and the real tools",
    "evaluate": "perplexity by domain and benchmark questions",
    "report": "plots of runs as one HTML file",
    "lexicon": "count the words of the spelling corrector",
    "router": "train the linear router",
}
_NO_ROOM = (
    "This does not fit in memory. Fewer rows, a shorter context, loop.checkpointing or an adapter "
    "need less; --plan says what a run needs."
)
_UNITS = {"s": 1 / 60, "m": 1.0, "h": 60.0}
# "name: what it is" or "one, another: …" in a Config's docstring; "name: type  # what it is".
_IN_TEXT = re.compile(r"(?:^|[;.] )(\w+(?:, \w+)*): (.+?)(?=[;.] \w+(?:, \w+)*: |\.?$)")
_BESIDE = re.compile(r"^    (\w+): [^#\n]*# (.+)$", re.MULTILINE)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """End with one sentence; the usage would be a screenful of flags."""
        self.exit(2, f"{self.prog}: {message}\nSee {self.prog} --help.\n")


def main(arguments: list[str] | None = None) -> int:
    """Run one method; 0 = finished, 1 = an error that was told, 3 = stopped, to be continued."""
    # oneDNN keeps a compiled kernel for each of the last 1,024 shapes. Batches differ in length, so
    # that most never return, and hundreds of MB go to them.
    os.environ.setdefault("ONEDNN_PRIMITIVE_CACHE_CAPACITY", "128")
    words = sys.argv[1:] if arguments is None else arguments
    try:
        return _run(words)
    except (KeyboardInterrupt, Exception) as error:
        if _is_interrupt(error):  # before or after the training itself, which saves
            print("Stopped.", file=sys.stderr)
            return 3
        told: object = _NO_ROOM if _lacks_memory(error) else error
        if told is error and not isinstance(error, KnownError | OSError | ValueError):
            raise
        print(f"assay-train: {_sentence(error) if told is error else told}", file=sys.stderr)
        return 1


def _run(words: list[str]) -> int:
    if not words or words[0] not in METHODS:
        _show_methods(words)
    name = words[0]
    # An exception is no way out of here: some libraries swallow it while they are imported.
    before = signal.signal(signal.SIGINT, _leave)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # engine/training_runs/child.py
    try:
        kind = _module(name).Config
        parser = _parser(name, kind)
        options = vars(parser.parse_args(list(map(_underscored, words[1:]))))
        from transformers.utils import logging  # noqa: PLC0415  (--help needs none of it)

        from training.loop import distributed  # noqa: PLC0415
        from training.methods.common import Options  # noqa: PLC0415
    finally:
        signal.signal(signal.SIGINT, before)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    overrides = {key: options[key] for key in _flags(kind) if options[key] is not None}
    if options["first"]:
        overrides[next(_walk(kind, ""))[0]] = options["first"]
    config = recipe.read(kind, name, options["recipe"], overrides)
    if _trains(kind):
        _check_folder(Path(config.out))
        if options["check"]:
            return 0
    try:
        distributed.join()
        told = Options(options.get("plan", False), options.get("until", 0.0))
        return 0 if _module(name).run(config, told) else 3
    finally:
        distributed.leave()


def _leave(_number: int, _frame: object) -> NoReturn:
    """End at once: nothing has been read or written yet."""
    os.write(2, b"Stopped.\n")
    os._exit(3)


def _is_interrupt(error: BaseException | None) -> bool:
    """Whether it came of Ctrl-C; libraries that load their parts late make an ImportError of it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _lacks_memory(error: BaseException) -> bool:
    """Whether memory has run out; by name, since torch is not imported for all commands."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return bool(kinds & {"OutOfMemoryError", "MemoryError"}) or "can't allocate mem" in str(error)


def _sentence(error: BaseException) -> str:
    """What it says, without the system's number if it is about a file."""
    if isinstance(error, OSError) and error.filename is not None:
        if isinstance(error, FileNotFoundError):
            return f"There is no {error.filename}."
        return f"{error.filename}: {error.strerror}."
    return str(error)


def _underscored(word: str) -> str:
    """A flag as its key is written: --held-out=a-b is --held_out=a-b."""
    return re.sub("^--[^=]+", lambda flag: "--" + flag[0][2:].replace("-", "_"), word)


def _check_folder(folder: Path) -> None:
    """KnownError if a run cannot be kept there; told before anything large is read."""
    folder = folder.absolute()
    there = next(one for one in (folder, *folder.parents) if one.exists())
    if not there.is_dir():
        raise KnownError(f"{there} is a file; out must be a folder.")
    if (folder / "model").is_file():
        raise KnownError(f"{folder / 'model'} is a file; the result is written to a folder there.")
    try:
        with TemporaryDirectory(dir=there):  # that it is allowed does not say that it is possible
            pass
    except OSError as error:
        raise KnownError(f"Nothing can be written to {there}; choose another out.") from error


def _show_methods(words: list[str]) -> NoReturn:
    parser = _Parser(
        prog="assay-train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="method", required=True, metavar="NAME")
    for method, text in METHODS.items():
        commands.add_parser(method, help=text)
    if words and not words[0].startswith("-"):
        parser.error(f"there is no {words[0]}.")
    parser.parse_args(words[:1])
    raise AssertionError("--help ends the program, and all else is an error")


def _parser(name: str, kind: Any) -> _Parser:
    command = _Parser(prog=f"assay-train {name}", description=METHODS[name])
    first = next(_walk(kind, ""))[0]
    many = "*" if get_origin(get_type_hints(kind)[first]) is tuple else "?"
    command.add_argument("first", nargs=many, metavar=first.upper(), help=f"same as --{first}")
    command.add_argument("--recipe", type=Path, help="TOML file with the settings")
    if _trains(kind):
        command.add_argument("--plan", action="store_true", help="say what it needs, and stop")
        command.add_argument("--check", action="store_true", help="see if this is right, and stop")
        command.add_argument("--until", type=_minutes, default=0.0, help="such as 90m or 8h")
    for flag, text in _flags(kind).items():
        command.add_argument(f"--{flag}", dest=flag, metavar="X", help=text)
    return command


def _trains(kind: Any) -> bool:
    return any(one.name == "loop" for one in fields(kind))


def _module(name: str) -> Any:
    return importlib.import_module(f"training.methods.{name.replace('-', '_')}")


def _flags(kind: Any) -> dict[str, str]:
    """Dotted name of each setting, with what it is and its default."""
    return dict(_walk(kind, ""))


def _walk(kind: Any, prefix: str) -> Iterator[tuple[str, str]]:
    hints, texts = get_type_hints(kind), _texts(kind)
    for one in fields(kind):
        if is_dataclass(hints[one.name]):
            yield from _walk(hints[one.name], f"{prefix}{one.name}.")
        else:
            default = "required" if one.default is MISSING else f"default {one.default!r}"
            text = texts.get(one.name, "")
            if not text or one.default is not None:  # None: the text says what it follows from
                text = f"{text} ({default})" if text else default
            yield f"{prefix}{one.name}", text.replace("%", "%%")


def _texts(kind: type) -> dict[str, str]:
    """What the settings are, in the words of the source."""
    found: dict[str, str] = {}
    for one in reversed(kind.__mro__[:-1]):
        for names, text in _IN_TEXT.findall(" ".join((one.__doc__ or "").split())):
            found |= dict.fromkeys(names.split(", "), text)
        found |= _BESIDE.findall(inspect.getsource(one))
    return found


def _minutes(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if match is None or not float(match[1]):
        raise argparse.ArgumentTypeError("write it as 90m, 8h or 45s")
    return float(match[1]) * _UNITS[match[2]]


if __name__ == "__main__":
    sys.exit(main())
