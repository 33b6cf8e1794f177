"""`assay models build` and `assay models builds`: from a source to a compared model in the list."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.progress import progress_line
from engine.cli.render import table
from engine.core.builds import BuildOrder, BuildStatus
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event, JobProgress
from engine.service import Service

DEFAULT = "Q4_K_M"


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `build`."""
    group = parser.add_argument_group("build")
    group.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        help="a model's folder, a .gguf file, a training run, or OWNER/NAME[@REVISION] on the Hub",
    )
    aim = group.add_mutually_exclusive_group()
    aim.add_argument("--type", metavar="TYPE", help=f"how to store the weights ({DEFAULT})")
    aim.add_argument(
        "--bpw", metavar="BITS", help="search the best types for so many bits a weight"
    )
    aim.add_argument("--size", metavar="SIZE", help="search them for a size, such as 2.4GiB")
    group.add_argument(
        "--text", type=Path, nargs="+", metavar="FILE", help="calibrate on these texts, too"
    )
    group.add_argument("--use", action="store_true", help="answer with it from then on")
    group.add_argument(
        "--delete", action="store_true", help="delete what is kept of a build, not a model"
    )


def build(service: Service, args: argparse.Namespace) -> None:
    """Build a model and put it into the list, or go on with that."""
    found = service.builds.find(args.model)
    if args.delete:
        if found is None:
            raise KnownError(
                f"There is no build {args.model}.", "`assay models builds` lists them."
            )
        freed = service.builds.delete(found.key)
        terminal.say(f"The making of {found.order.name} is deleted; {_size(freed)} are free again.")
        return
    key = _begun(service, args, found)
    try:
        status = _followed(service, key)
    except KeyboardInterrupt:
        service.builds.stop(key)
        terminal.complain(f"Stopped. `assay models build {args.model!r}` goes on with it.")
        raise
    if status.state not in ("built", "registered"):
        raise KnownError(status.notice or "The build was stopped.")
    number = service.builds.register(key, args.use)
    status = next(one for one in service.builds.list() if one.key == key)
    if args.json:
        write_json(status)
        return
    for stage in status.stages:
        terminal.say(f"{stage.title}: {stage.text}")
    if status.notice:
        terminal.say(status.notice)
    # The same file may be there under another name.
    called = next((one.name for one in service.models.list() if one.id == number), "")
    before = called != status.order.name or (found is not None and found.model is not None)
    added = "was added before" if before else "is added"
    how = "answers from now on" if args.use else f"{added}; `assay models use {number}` uses it"
    terminal.say(f"{called} {how}.")


def show(service: Service, args: argparse.Namespace) -> None:
    """List the builds."""
    found = service.builds.list()
    if args.json:
        write_json(found)
        return
    if not found:
        terminal.say("Nothing has been built. `assay models build NAME --from SOURCE` builds.")
        return
    rows = tuple((one.order.name, one.order.target, one.state, _stage(one)) for one in found)
    terminal.say("\n".join(table(("Name", "Aim", "State", "Stage"), rows, (False,) * 4)))
    for one in found:
        if one.notice:
            terminal.say(f"{one.order.name}: {one.notice}")
        if not one.order.target:  # nothing is known of it
            terminal.say(f"`assay models build {one.key} --delete` deletes it.")


def _begun(service: Service, args: argparse.Namespace, found: BuildStatus | None) -> str:
    """The key of the build that runs now: a new one, or the one that was there."""
    target = f"{args.bpw}bpw" if args.bpw else args.size or args.type
    if args.source is None:
        if found is None:
            raise KnownError(
                f"There is no build {args.model} to go on with.", "Give its source with --from."
            )
        if not target and not args.text:
            service.builds.resume(found.key)
            return found.key
        before = found.order  # which is to be the same
        texts = tuple(args.text or before.texts)
        return service.builds.start(replace(before, target=target or before.target, texts=texts))
    texts = tuple(args.text or ())
    return service.builds.start(BuildOrder(args.model, args.source, target or DEFAULT, texts))


def _followed(service: Service, key: str) -> BuildStatus:
    """Show how far a build is until it ends."""
    line = terminal.StatusLine(sys.stderr)

    def tell(event: Event) -> None:
        if isinstance(event, JobProgress) and not event.done:
            line.show(progress_line(event)[: terminal.width() - 1])
        elif isinstance(event, DataChanged):
            line.clear()

    unsubscribe = service.bus.subscribe(tell)
    try:
        return service.builds.wait(key)
    finally:
        unsubscribe()
        line.clear()


def _stage(status: BuildStatus) -> str:
    """The stage that a build is at."""
    left = (stage for stage in status.stages if stage.state != "done")
    stage = next(left, None)
    return stage.title if stage is not None else ""


def _size(count: int) -> str:
    return f"{count / 1e6:,.0f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} kB"
