"""The stages of a recipe: tokenizer, token cache, pretraining, instruction tuning."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from tokenizers import Tokenizer
from transformers import Qwen3ForCausalLM

from training import checkpoint, distributed
from training.architectures import PRESETS, build
from training.data import cache
from training.data.cleaning import Overlap, benchmark_texts, is_prose
from training.data.formats import Document, select
from training.data.mixing import Mixture
from training.data.sft import DialogueStream, read_dialogues
from training.evaluate.bits_per_byte import bits_per_byte
from training.evaluate.calls import score_calls
from training.loop import Evaluate, share_done, train
from training.recipe import Group, PretrainConfig, Recipe
from training.tokenizer import bytes_per_token, load_tokenizer, save_tokenizer, train_tokenizer

TEMPLATE = Path(__file__).parents[1] / "resources" / "prompts" / "starter.jinja"


def make_tokenizer(recipe: Recipe, corpus: Path, work: Path) -> None:
    """Train the tokenizer on a sample of every group, as large as the group's weight."""
    whole = sum(group.weight for group in recipe.groups)
    limit = recipe.tokenizer.sample_megabytes * 1e6

    def sample() -> Iterator[str]:
        for group in recipe.groups:
            left = limit * group.weight / whole
            for document in _documents(group, corpus, None):
                yield document.text
                left -= len(document.text)
                if left < 0:
                    break

    tokenizer = train_tokenizer(sample(), recipe.tokenizer.vocab_size)
    template = TEMPLATE.read_text(encoding="utf-8")
    save_tokenizer(tokenizer, work / "tokenizer", template, PRESETS[recipe.preset].context)


def fill_cache(recipe: Recipe, corpus: Path, work: Path, benchmarks: Path | None) -> None:
    """Tokenise every group that is not yet in the cache, without what overlaps a benchmark."""
    tokenizer = load_tokenizer(work / "tokenizer")
    overlap = Overlap(benchmark_texts(benchmarks)) if benchmarks else None
    for group in recipe.groups:
        if not cache.has_group(work / "cache", group.name):
            documents = _documents(group, corpus, overlap)
            cache.write_group(work / "cache", group.name, documents, tokenizer)
        found = cache.open_group(work / "cache", group.name)
        print(
            f"{group.name}: {len(found.train)} tokens, {len(found.held_out)} held out", flush=True
        )


def pretrain(recipe: Recipe, work: Path, weights: Path | None) -> None:
    """Pretrain, continuing from the newest checkpoint in work/pretrain if there is one.

    weights: a model to start from instead of random weights, used when there is no checkpoint.
    """
    config, folder = recipe.pretrain, work / "pretrain"
    groups = [cache.open_group(work / "cache", group.name) for group in recipe.groups]
    evaluate = _held_out(groups, config, load_tokenizer(work / "tokenizer"))
    for context, until in (
        (config.context, 1.0 - config.long_share),
        (config.long_context, 1.0),
    ):
        newest = max(checkpoint.finished(folder), default=None)
        if newest and share_done(checkpoint.read_progress(newest), config.train) >= until:
            continue
        model = _start(recipe, newest, weights)
        train_config = replace(config.train, rows=config.train.rows * config.context // context)
        shares = [group.weight for group in recipe.groups]
        stream = Mixture([g.train for g in groups], shares, context, recipe.seed)
        if not train(
            model, stream, train_config, folder, resume=newest, evaluate=evaluate, until=until
        ):
            return


def tune(
    recipe: Recipe, work: Path, dialogues: Path, held_out: Path | None, weights: Path | None
) -> None:
    """Instruction-tune, continuing from the newest checkpoint in work/sft if there is one.

    dialogues, held_out: JSON lines as data/sft.py reads them. weights: the pretrained model,
    else the newest checkpoint of work/pretrain. The finished model goes to work/model.
    """
    config, folder = recipe.sft, work / "sft"
    tokenizer = load_tokenizer(work / "tokenizer")
    stream = DialogueStream(
        read_dialogues(dialogues, tokenizer, config.weights, config.context), recipe.seed
    )
    evaluate: Evaluate | None = None
    if held_out:
        scored = read_dialogues(held_out, tokenizer, config.weights, config.context)
        limit = config.held_out_dialogues
        evaluate = partial(score_calls, dialogues=scored, tokenizer=tokenizer, limit=limit)
    total = round(config.epochs * stream.epoch_tokens(config.train.rows))
    train_config = replace(config.train, total_tokens=total)
    newest = max(checkpoint.finished(folder), default=None)
    weights = weights or max(checkpoint.finished(work / "pretrain"), default=None)
    if weights is None:
        raise FileNotFoundError(f"{work / 'pretrain'} has no checkpoint; pretrain first.")
    model = _start(recipe, newest, weights)
    finished = train(model, stream, train_config, folder, resume=newest, evaluate=evaluate)
    if finished and distributed.is_first():
        publish(model, work / "tokenizer", work / "model")


def publish(model: Qwen3ForCausalLM, tokenizer: Path, target: Path) -> None:
    """Write the model with its tokenizer as one transformers folder."""
    model.save_pretrained(target)
    for file in tokenizer.iterdir():
        shutil.copyfile(file, target / file.name)
    print(f"Wrote {target}", flush=True)


def _start(recipe: Recipe, newest: Path | None, weights: Path | None) -> Qwen3ForCausalLM:
    """The model of the newest checkpoint, else of the given weights, else a random one."""
    source = newest or weights
    print(
        f"Starting from {source or 'random weights'}. "
        "Stop with SIGTERM or Ctrl-C; run the same command again to continue.",
        flush=True,
    )
    if source:
        return checkpoint.load_weights(source)
    return build(PRESETS[recipe.preset], recipe.tokenizer.vocab_size, recipe.seed)


def _documents(group: Group, corpus: Path, overlap: Overlap | None) -> Iterator[Document]:
    for selection in group.selections:
        for document in select(corpus, selection):
            if "<|im_start|>" not in document.text and not is_prose(document.text):
                continue
            if overlap is None or not overlap.found_in(document.text):
                yield document


def _held_out(
    groups: list[cache.CachedGroup], config: PretrainConfig, tokenizer: Tokenizer
) -> Evaluate:
    sizes = bytes_per_token(tokenizer)

    def evaluate(model: Qwen3ForCausalLM) -> dict[str, float]:
        model.eval()
        scores = {}
        for group in groups:
            part = cache.iterate(group.held_out, config.context, config.held_out_windows)
            scores[group.name] = bits_per_byte(model, part, sizes)
        model.train()
        return scores

    return evaluate
