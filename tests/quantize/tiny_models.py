"""Small random models in Hugging Face folders, and both sides' logits."""

import ctypes
import json
import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import LoraConfig, get_peft_model
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import (
    AutoModelForCausalLM,
    PreTrainedTokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from engine.model.child.api import AbortFlag, api
from engine.model.child.model import Model

QWEN2_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
WORDS = 640  # more than the tokenizer has, as in many real models
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
ADDED = ("<think>", "</think>", "<tool_call>", "</tool_call>", '"price"', '"what_if"')
TEXT = (
    "The price of bitcoin fell by 3.5 % while ether rose; the portfolio lost a little of its "
    "value. Yields in pools are not free money: impermanent loss, fees and risk come with them. "
) * 24
NUMBERS = ["12345 678 90 1234"] * 50
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
)


GEMMA_BLANKS = ("▁▁", "▁▁▁", "▁▁▁▁", "\n", "\n\n", "\n\n\n", "<table>", "<unused7>")
LLAMA3_SPLIT = QWEN2_SPLIT.replace(r"\p{N}|", r"\p{N}{1,3}|")


def make_tokenizer(folder: Path, split: str = QWEN2_SPLIT) -> None:
    """A trained tokenizer; split: its expression, "" for GPT-2's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    if split:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(split), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([TEXT, "  \n\n1234 tell me what's what", *NUMBERS], trainer)
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in SPECIAL])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in ADDED])
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    wrapped.chat_template = TEMPLATE
    wrapped.save_pretrained(folder)


def make_pieces(folder: Path, gemma: bool = False) -> None:
    """A tokenizer as transformers makes of SentencePiece models: all ways to merge, by rank.

    gemma: as Gemma's, without "▁" before a text and with tokens of their own for blanks.
    """
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=330, show_progress=False)
    learner.train_from_iterator([TEXT, "tell me what's what", *NUMBERS], trainer)
    learned = learner.get_vocab()
    first = ["<unk>", "<s>", "</s>", *(f"<0x{value:02X}>" for value in range(256))]
    if gemma:
        learned |= dict.fromkeys(GEMMA_BLANKS, 0)
    words = [*first, *sorted(learned, key=lambda word: (len(word) < 2, learned[word]))]
    vocabulary = {word: number for number, word in enumerate(words)}
    merges = [
        (word[:at], word[at:])
        for word in words[len(first) :]
        for at in range(1, len(word))
        if word[:at] in learned and word[at:] in learned
    ]
    tokenizer = Tokenizer(
        models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
    )
    if gemma:
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
        tokenizer.add_tokens([AddedToken(blank, normalized=False) for blank in GEMMA_BLANKS])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
    )
    tokenizer.add_special_tokens([AddedToken(text, special=True) for text in first[:3]])
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))


def make_model(folder: Path, **settings: object) -> Qwen3ForCausalLM:
    """A random model; head_dim × heads differs from the width, as in real Qwen3 models."""
    model = make_other(folder, Qwen3Config, Qwen3ForCausalLM, **{"head_dim": 32, **settings})
    assert isinstance(model, Qwen3ForCausalLM)
    return model


def make_other(folder: Path, config: Any, kind: Any, **settings: object) -> Any:
    """A random model of any kind; config, kind: its classes in transformers."""
    torch.manual_seed(7)
    values: dict[str, object] = {
        "vocab_size": WORDS,
        "hidden_size": 256,
        "intermediate_size": 512,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "rope_parameters": {"rope_type": "default", "rope_theta": 50_000.0},
        "rms_norm_eps": 1e-5,
        "initializer_range": 0.08,
        "tie_word_embeddings": True,
    }
    return save_random(kind(config(**{**values, **settings})), folder)


def save_random(model: Any, folder: Path) -> Any:
    """Give norms and biases, which start as ones and zeros, random values and save the model."""
    model.eval()
    for name, parameter in (*model.named_parameters(), *model.named_buffers()):
        if "norm" in name:
            torch.nn.init.normal_(parameter, 1.0, 0.2)
        if "bias" in name:
            torch.nn.init.normal_(parameter, 0.0, 0.3)
    model.save_pretrained(folder)
    return model


def make_adapter(folder: Path, target: Path, **settings: object) -> Any:
    """A random LoRA adapter of a folder's model in peft's format; the model with it, in torch."""
    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    torch.manual_seed(2)
    values = {"r": 4, "lora_alpha": 24, "target_modules": ["q_proj", "down_proj"], **settings}
    with warnings.catch_warnings():  # peft asks transformers by an older name
        warnings.simplefilter("ignore", FutureWarning)
        adapted = get_peft_model(model, LoraConfig(**values)).eval()
    for name, parameter in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter, 0.0, 0.05)
    adapted.save_pretrained(target)
    return adapted


def edit_json(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a JSON file in place."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


TOKENS = [int(token) for token in np.random.default_rng(3).integers(0, 600, 200)]


def assert_same(
    path: Path, model: Any, tolerance: float = 2e-4, adapter: Path | None = None
) -> None:
    """The file, with an adapter's, and the model in torch give the same logits."""
    expected, found = torch_logits(model, TOKENS), llama_logits(path, TOKENS, adapter)
    assert expected.std() > 0.5  # else closeness would mean little
    assert np.abs(expected - found).max() < tolerance
    assert (expected.argmax(axis=1) == found.argmax(axis=1)).all()


def torch_logits(model: Any, tokens: Sequence[int]) -> NDArray[np.float32]:
    with torch.no_grad():
        result: NDArray[np.float32] = model(torch.tensor([list(tokens)])).logits[0].float().numpy()
    return result


def llama_logits(
    path: Path, tokens: Sequence[int], adapter: Path | None = None
) -> NDArray[np.float32]:
    """Logits [tokens, words] with a float32 key-value memory, so that no rounding hides errors."""
    model = Model(str(path), lambda _: None, AbortFlag())
    params = api.llama_context_default_params()
    params.n_ctx = params.n_batch = params.n_ubatch = params.n_outputs_max = len(tokens)
    params.type_k = params.type_v = 0
    params.flash_attn_type = 0
    params.n_threads = params.n_threads_batch = 1
    context = api.llama_init_from_model(model.handle, params)
    if adapter is not None:
        handle = api.llama_adapter_lora_init(model.handle, os.fsencode(adapter))
        assert handle
        handles = (ctypes.POINTER(ctypes.c_void_p) * 1)(handle)
        assert api.llama_set_adapters_lora(context, handles, 1, (ctypes.c_float * 1)(1.0)) == 0
    batch = api.llama_batch_init(len(tokens), 0, 1)
    batch.n_tokens = len(tokens)
    for index, token in enumerate(tokens):
        batch.token[index], batch.pos[index] = token, index
        batch.n_seq_id[index], batch.seq_id[index][0] = 1, 0
        batch.logits[index] = True
    assert api.llama_decode(context, batch) == 0
    rows = np.ctypeslib.as_array(api.llama_get_logits(context), (len(tokens), model.size)).copy()
    api.llama_batch_free(batch)
    api.llama_free(context)
    api.llama_model_free(model.handle)
    return rows
