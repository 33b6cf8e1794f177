"""`assay analyse`: any analysis of the Analysis page in the terminal."""

import argparse
from decimal import Decimal, InvalidOperation

from engine.cli import terminal
from engine.cli.jsonout import write_json
from engine.cli.progress import finished
from engine.cli.render import render, table
from engine.cli.session import add_json, opened
from engine.core.errors import KnownError
from engine.service import AnalysisOutcome, Form, Param, Service

NAME = "analyse"
_OFFERED = 12
HELP = "risk, allocation, scenarios, DeFi, NFTs, token scorecards and more"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("name", nargs="?", help="the analysis; left out: list them all")
    parser.add_argument(
        "values", nargs="*", metavar="NAME=VALUE", help="what it asks for, such as period=1y"
    )
    parser.add_argument(
        "--save", nargs=3, metavar=("KIND", "NAME", "TEXT"),
        help='store a scenario ("BTC -50, others -70"), a target ("BTC 60, ETH 30"), a scorecard '
        '(what is known of a token) or the profile "investor" ("risk high, horizon 10, objective '
        'grow, cap 40, excluded DOGE")',
    )  # fmt: skip
    parser.add_argument("--delete", nargs=2, metavar=("KIND", "NAME"), help="delete what is stored")
    add_json(parser)
    # In place of argparse's own, which knows nothing of the values of an analysis.
    parser.add_argument(
        "-h", "--help", action="store_true", help="show this, or what the values of NAME can be"
    )
    parser.set_defaults(usage=parser.format_help)


def run(args: argparse.Namespace) -> int:
    """List the analyses, or run one and show its cards."""
    if args.help and args.name is None:
        terminal.say(args.usage())
        return 0
    with opened(args, reading=not (args.save or args.delete)) as service:
        if args.save or args.delete:
            _store(service, args)
            return 0
        forms = {form.name: form for form in service.analysis.forms()}
        if args.name is None:
            _list(list(forms.values()), args.json)
            return 0
        form = forms.get(args.name)
        if form is None:
            raise KnownError(
                f"There is no analysis called {args.name!r}.", "`assay analyse` lists them."
            )
        if args.help:
            _explain(form)
            return 0
        outcome = _run(service, form, args.values)
        if args.json:
            write_json(outcome.cards)
        else:
            width = terminal.width()
            terminal.say("\n\n".join(render(card, width) for card in outcome.cards))
            for note in outcome.notes:
                terminal.say(f"\nNote: {note}")
    return 0


def _store(service: Service, args: argparse.Namespace) -> None:
    if args.save:
        kind, name, text = args.save
        service.analysis.save_text(kind, name, text)
        done = f"The {kind} {name} is stored."
    else:
        kind, name = args.delete
        service.analysis.delete(kind, name)
        done = f"The {kind} {name} is deleted."
    if args.json:
        write_json({"kind": kind, "name": name})
    else:
        terminal.say(done)


def _run(service: Service, form: Form, values: list[str]) -> AnalysisOutcome:
    given = dict(_value(form, text) for text in values)
    return finished(service, lambda: service.analysis.run(form.name, given))


def _value(form: Form, text: str) -> tuple[str, str | Decimal]:
    """A value as typed; KnownError if the analysis has no such name or it is no number."""
    name, mark, value = text.partition("=")
    param = next((p for p in form.parameters if p.name == name), None)
    if param is None or not mark:
        known = ", ".join(p.name for p in form.parameters) or "nothing"
        raise KnownError(f"{text!r} is not a value of {form.name}.", f"It asks for: {known}.")
    if param.schema()["type"] != "number":
        return name, value
    try:
        return name, Decimal(value)
    except InvalidOperation:
        raise KnownError(f"{name} must be a number.", f"Write it as {name}=10.") from None


def _list(forms: list[Form], json: bool) -> None:
    if json:
        write_json(forms)
        return
    rows = tuple(
        (form.group, form.name, form.title, " ".join(_hint(p) for p in form.parameters))
        for form in forms
    )
    titles = ("Group", "Name", "What", "Values")
    terminal.say("\n".join(table(titles, rows, (False,) * 4)))
    terminal.say("\n`assay analyse NAME --help` says what the values can be.")


def _explain(form: Form) -> None:
    """What an analysis answers, and what each of its values can be."""
    terminal.say(f"{form.title}: {form.intro}\n")
    rows = tuple(
        (param.name, _range(param, form.offers.get(param.name, ())), _default(param), param.help)
        for param in form.parameters
    )
    titles = ("Value", "Can be", "Left out", "What")
    terminal.say("\n".join(table(titles, rows, (False,) * 4)))


def _range(param: Param, offered: tuple[str, ...]) -> str:
    if param.least is not None or param.most is not None:
        ends = (("from", param.least), ("to", param.most))
        return " ".join(f"{word} {end:,f}" for word, end in ends if end is not None)
    known = param.choices or offered
    more = ["…"] if len(known) > _OFFERED else []
    return "; ".join([*known[:_OFFERED], *more])


def _default(param: Param) -> str:
    if param.required:
        return "(needed)"
    if param.default is None:
        return param.omitted
    return f"{param.default:f}" if isinstance(param.default, Decimal) else param.default


def _hint(param: Param) -> str:
    return param.name if param.required else f"[{param.name}]"
