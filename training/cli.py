"""assay-train NAME …: make a language model on this computer.

    assay-train sft --recipe training/recipes/sft.toml --model work/pretrain/model --out work/sft
    assay-train sft --recipe … --plan          what the run will need, without running it
    assay-train sft --recipe … --until 90m     end within 90 minutes, finished as well as can be
    assay-train sft --help                     every setting with its default

Every setting is a key of the recipe and a flag of the same name (--loop.rows 4); the first one
needs no name (assay-train chat work/sft/model). The same command goes on where it was stopped.
See docs/training.md.
"""

import argparse
import importlib
import re
import sys
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from engine.core.errors import KnownError
from training import recipe

# Command: module of its Config and run(), and what it does.
METHODS = {
    "prepare": "make a clean corpus of texts, news, posts and price tables",
    "tokenizer": "learn the vocabulary from a corpus",
    "cache": "tokenise a corpus, once",
    "pretrain": "pretrain a model on a token cache",
    "sft": "tune a model on dialogues",
    "heft": "tune a few layers of a model on dialogues, with little memory",
    "convert": "convert a MiniMind checkpoint to a model folder or back",
    "lengths": "perplexity by position, with and without YaRN",
    "distil": "learn from a teacher: from its text, or from its distributions",
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
_UNITS = {"s": 1 / 60, "m": 1.0, "h": 60.0, "": 1.0}


def main(arguments: list[str] | None = None) -> int:
    """Run one method; 0 = finished, 1 = an error that was told, 3 = stopped, to be continued."""
    words = sys.argv[1:] if arguments is None else arguments
    name = words[0] if words and words[0] in METHODS else ""
    parser, kind = _parser(name)
    options = parser.parse_args(words)
    from transformers.utils import logging  # noqa: PLC0415  (--help needs none of it)

    from training.loop import distributed  # noqa: PLC0415
    from training.methods.common import Options  # noqa: PLC0415

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    given = {key: value for key, value in vars(options).items() if key in set(_flags(kind))}
    if options.first is not None:
        given[next(_walk(kind, ""))[0]] = options.first
    overrides = {key: value for key, value in given.items() if value is not None}
    try:
        config = recipe.read(kind, name, options.recipe, overrides)
        distributed.join()
        finished = _module(name).run(config, Options(options.plan, options.until))
    except (KnownError, FileNotFoundError, ValueError) as error:
        print(f"assay-train: {error}", file=sys.stderr)
        return 1
    finally:
        distributed.leave()
    return 0 if finished else 3


def _parser(name: str) -> tuple[argparse.ArgumentParser, Any]:
    parser = argparse.ArgumentParser(
        prog="assay-train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="method", required=True, metavar="NAME")
    kind: Any = None
    for method, text in METHODS.items():
        command = commands.add_parser(method, help=text, description=text)
        if method != name:
            continue
        kind = _module(name).Config
        first = next(_walk(kind, ""))[0]
        command.add_argument("first", nargs="?", metavar=first.upper(), help=f"same as --{first}")
        command.add_argument("--recipe", type=Path, help="TOML file with the settings")
        command.add_argument("--plan", action="store_true", help="say what it needs, and stop")
        command.add_argument("--until", type=_minutes, default=0.0, help="such as 90m or 8h")
        for flag, default in _flags(kind).items():
            command.add_argument(f"--{flag}", dest=flag, metavar="X", help=default)
    return parser, kind


def _module(name: str) -> Any:
    return importlib.import_module(f"training.methods.{name.replace('-', '_')}")


def _flags(kind: Any) -> dict[str, str]:
    """Dotted name of each setting, with its default as help."""
    return dict(_walk(kind, ""))


def _walk(kind: Any, prefix: str) -> Iterator[tuple[str, str]]:
    hints = get_type_hints(kind)
    for one in fields(kind):
        if is_dataclass(hints[one.name]):
            yield from _walk(hints[one.name], f"{prefix}{one.name}.")
        else:
            default = "required" if one.default is MISSING else f"default {one.default!r}"
            yield f"{prefix}{one.name}", default.replace("%", "%%")


def _minutes(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError("write it as 90m, 8h or 45s")
    return float(match[1]) * _UNITS[match[2]]


if __name__ == "__main__":
    sys.exit(main())
