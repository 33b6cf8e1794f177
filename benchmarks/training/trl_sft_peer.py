"""TRL's side of trl_sft.py, run by the interpreter that has TRL: SFTTrainer on a file."""

import json
import sys
from pathlib import Path

from datasets import Dataset
from trl import SFTConfig, SFTTrainer

# The starter model's format with the marks from which TRL takes what the assistant wrote.
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{% if message.role == 'assistant' %}"
    "{% generation %}{{ message.content }}<|im_end|>{% endgeneration %}"
    "{% else %}{{ message.content }}<|im_end|>{% endif %}\n"
    "{% endfor %}"
)


def main() -> None:
    """One epoch over the dialogues, packed; nothing is logged or saved on the way."""
    options = json.loads(sys.argv[1])
    out = Path(options["out"])
    template = out.with_suffix(".jinja")
    template.write_text(TEMPLATE)
    rows = [json.loads(line) for line in Path(options["data"]).read_text().splitlines()]
    settings = SFTConfig(
        output_dir=str(out),
        model_init_kwargs={"dtype": "float32"},
        chat_template_path=str(template),
        assistant_only_loss=True,
        packing=True,
        max_length=options["context"],
        per_device_train_batch_size=options["rows"],
        num_train_epochs=1,
        learning_rate=options["rate"],
        optim="adamw_torch_fused",
        bf16=True,
        use_cpu=True,
        gradient_checkpointing=False,
        dataloader_pin_memory=False,
        save_strategy="no",
        report_to="none",
        logging_steps=10_000,
        disable_tqdm=True,
    )
    trainer = SFTTrainer(options["model"], args=settings, train_dataset=Dataset.from_list(rows))
    trainer.train()
    print(json.dumps(trainer.state.log_history), trainer.state.global_step, "steps")


if __name__ == "__main__":
    main()
