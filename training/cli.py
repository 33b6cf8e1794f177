"""assay-train STAGE …: make a small language model on this computer.

    assay-train tokenizer --recipe training/recipes/starter.toml --corpus corpus
    assay-train cache     --recipe training/recipes/starter.toml --corpus corpus
    assay-train pretrain  --recipe training/recipes/starter.toml
    assay-train dialogues --corpus corpus --out dialogues.jsonl --count 40000
    assay-train sft       --recipe training/recipes/starter.toml --dialogues dialogues.jsonl
    assay-train chat      --model work/starter/model
    assay-train lexicon   --corpus corpus --out resources/models/lexicon.txt
    assay-train router    --corpus corpus --out resources/models/router.npz

Every stage keeps its files below --work and continues where it stopped. See docs/training.md.
"""

import argparse
import sys
from pathlib import Path

from transformers.utils import logging

from training import chat, distributed, lexicon, router, stages
from training.data import dialogues
from training.recipe import Recipe, read_recipe


def main(arguments: list[str] | None = None) -> int:
    """Run one stage; returns the exit status."""
    options = _parser().parse_args(arguments)
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        if options.stage == "chat":
            tokenizer = options.tokenizer or options.model
            chat.talk(options.model, tokenizer, options.system)
        elif options.stage == "dialogues":
            dialogues.write(
                options.out, options.count, options.seed, options.corpus, options.held_out_wordings
            )
        elif options.stage == "lexicon":
            lexicon.main(options.corpus, options.out)
        elif options.stage == "router":
            router.main(options.out, options.corpus)
        else:
            recipe = read_recipe(options.recipe)
            distributed.join()
            _run(options, recipe, options.work or Path("work") / recipe.name)
            distributed.leave()
    except (FileNotFoundError, ValueError) as error:
        print(f"assay-train: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, recipe: Recipe, work: Path) -> None:
    match options.stage:
        case "tokenizer":
            stages.make_tokenizer(recipe, options.corpus, work)
        case "cache":
            stages.fill_cache(recipe, options.corpus, work, options.benchmarks)
        case "pretrain":
            stages.pretrain(recipe, work, options.weights)
        case "sft":
            stages.tune(recipe, work, options.dialogues, options.held_out, options.weights)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="assay-train", description="Train a small model.")
    stage = parser.add_subparsers(dest="stage", required=True)
    made = {
        name: stage.add_parser(name, help=text)
        for name, text in (
            ("tokenizer", "learn the vocabulary from the corpus"),
            ("cache", "tokenise the corpus, once"),
            ("pretrain", "pretrain; run it again to continue"),
            ("sft", "instruction-tune on dialogues; run it again to continue"),
            ("chat", "talk to a model in the terminal"),
            ("dialogues", "make tool dialogues from the wordings and the real tools"),
            ("lexicon", "count the words of the spelling corrector"),
            ("router", "train the linear router"),
        )
    }
    for name, command in made.items():
        if name in ("tokenizer", "cache", "pretrain", "sft"):
            command.add_argument("--recipe", type=Path, required=True)
            command.add_argument("--work", type=Path, help="default: work/NAME of the recipe")
        if name in ("tokenizer", "cache"):
            command.add_argument("--corpus", type=Path, required=True, help="folder of .jsonl[.xz]")
        if name in ("pretrain", "sft"):
            command.add_argument("--weights", type=Path, help="start from this model")
    made["cache"].add_argument("--benchmarks", type=Path, help="texts that must not be learnt")
    made["sft"].add_argument("--dialogues", type=Path, required=True)
    made["sft"].add_argument("--held-out", type=Path, help="dialogues to score, never trained on")
    made["chat"].add_argument("--model", type=Path, required=True, help="folder of a model")
    made["chat"].add_argument("--tokenizer", type=Path, help="its tokenizer, if elsewhere")
    made["chat"].add_argument("--system", default="", help="system text")
    for name in ("dialogues", "lexicon", "router"):
        made[name].add_argument("--out", type=Path, required=True)
        made[name].add_argument("--corpus", type=Path, required=name == "lexicon")
    made["dialogues"].add_argument("--count", type=int, default=40_000)
    made["dialogues"].add_argument("--seed", type=int, default=11)
    made["dialogues"].add_argument(
        "--held-out-wordings",
        action="store_true",
        help="only wordings kept for trials, to score a model on",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
