"""The analyses, run on the user's data as jobs; the cards are the same as in the chat."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from engine.assistant.analyses import ANALYSES
from engine.assistant.analyses.base import Follows, Group, first_coins
from engine.assistant.analyses.optimise import OPTIMISE
from engine.assistant.analyses.saved import PROFILE, Body, body_of, checked, with_flags
from engine.assistant.calls import call_json, check_arguments
from engine.assistant.tools.base import Param
from engine.core.cards import Card
from engine.core.errors import KnownError
from engine.core.events import DataChanged, Event
from engine.core.jobs import Job, JobPool, Progress
from engine.service.view import View
from engine.store.documents import DocumentRepo, Kind

_NOTE = "note: "


@dataclass(frozen=True, slots=True)
class Form:
    """What an analysis asks for. offers: by parameter, the values that the data make possible.

    remembers: whether its values can be kept as the investor profile. lacks: a sentence on what
    must be imported before there is anything to compute with, or "". follows: values that change
    with what is chosen elsewhere, see Follows.
    """

    name: str
    group: Group
    title: str
    intro: str
    parameters: tuple[Param, ...]
    offers: Mapping[str, tuple[str, ...]]
    remembers: bool = False
    lacks: str = ""
    follows: Follows = field(default_factory=dict)

    def asks_as(self, other: "Form") -> bool:
        """Whether it asks for the same as another, be it with other values to begin with."""
        return self._without_defaults() == other._without_defaults()

    def _without_defaults(self) -> "Form":
        return replace(self, parameters=tuple(replace(p, default=None) for p in self.parameters))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The cards of an analysis, and its call, which a chat can run again.

    notes: sentences on what is missing or uncertain.
    """

    cards: tuple[Card, ...]
    call: str
    notes: tuple[str, ...] = ()


class AnalysisArea:
    """Lists and runs the analyses, and keeps what the user sets up for them."""

    def __init__(
        self,
        view: View,
        documents: DocumentRepo,
        jobs: JobPool,
        publish: Callable[[Event], None],
    ) -> None:
        self._view = view
        self._documents = documents
        self._jobs = jobs
        self._publish = publish

    def forms(self) -> list[Form]:
        """All analyses by group."""
        context = self._view.context()
        priced = tuple(context.library.priced())
        coins = first_coins(context)[:1]
        found = []
        for one in ANALYSES.values():
            offers: dict[str, tuple[str, ...]] = {
                p.name: priced for p in one.tool.parameters if p.kind in ("asset", "assets")
            }
            offers |= {p.name: context.accounts for p in one.tool.parameters if p.kind == "account"}
            offers |= one.offers(context)
            needed = (p for p in one.tool.parameters if p.kind == "asset" and p.required)
            begin = {p.name: coin for p in needed for coin in coins} | dict(one.defaults(context))
            parameters = tuple(
                replace(p, default=begin[p.name]) if p.name in begin else p
                for p in one.tool.parameters
            )
            found.append(
                Form(
                    one.name,
                    one.group,
                    one.title,
                    one.intro,
                    parameters,
                    offers,
                    remembers=one.name == OPTIMISE.name,
                    lacks=one.lacks(context),
                    follows=one.follows(context),
                )
            )
        return found

    def run(self, name: str, arguments: Mapping[str, Any]) -> Job[Outcome]:
        """Run one; KnownError for an unknown name or values that do not fit."""
        analysis = ANALYSES.get(name)
        if analysis is None:
            raise KnownError(
                f"There is no analysis called {name!r}.", f"Known: {', '.join(ANALYSES)}."
            )
        tool = analysis.tool
        try:
            values = check_arguments(tool, arguments)
        except ValueError as error:
            raise KnownError(f"{analysis.title}: {error}.") from error
        self._check_account(tool.parameters, values)

        def compute(progress: Progress) -> Outcome:
            progress.check()
            result = tool.run(self._view.context(), values)
            notes = (line for line in result.text.splitlines() if line.startswith(_NOTE))
            sentences = tuple(line.removeprefix(_NOTE) for line in notes)
            return Outcome(result.cards, call_json(name, values), sentences)

        return self._jobs.submit(analysis.title, compute)

    def _check_account(self, parameters: Sequence[Param], values: Mapping[str, object]) -> None:
        known = self._view.context().accounts
        for param in parameters:
            name = values.get(param.name)
            if param.kind == "account" and name is not None and name not in known:
                raise KnownError(
                    f"There is no account {name}.", f"Your accounts: {', '.join(known) or 'none'}."
                )

    def saved(self, kind: str) -> Mapping[str, Body]:
        """What is stored of a kind ("scenario", "target", "scorecard", "profile"), by name."""
        return self._documents.all(cast(Kind, kind))

    def save(self, kind: str, name: str, body: Body) -> None:
        """Store one, in place of one of its name; KnownError if it cannot be."""
        stored = checked(kind, name, body)
        if kind == "scorecard":
            before = self._documents.get("scorecard", name)
            stored = with_flags(stored, before, self._view.context().today)
        self._documents.put(cast(Kind, kind), name, stored)
        self._publish(DataChanged(frozenset({"documents"})))

    def save_text(self, kind: str, name: str, text: str) -> None:
        """The same from a line of text: "BTC 60, ETH 30" for a target. KnownError."""
        self.save(kind, name, body_of(kind, name, text))

    def remember_profile(self, values: Mapping[str, Any]) -> None:
        """Keep what the optimiser's form says of the investor. KnownError."""
        fields = {"risk": "risk", "horizon": "horizon", "objective": "objective"}
        fields["cap"] = "cap_percent"
        body = {name: values[field] for name, field in fields.items() if field in values}
        before = self._documents.get("profile", PROFILE) or {}
        self.save("profile", PROFILE, {"excluded": before.get("excluded", [])} | body)

    def delete(self, kind: str, name: str) -> None:
        """Delete what is stored; KnownError if it is gone."""
        self._documents.delete(cast(Kind, kind), name)
        self._publish(DataChanged(frozenset({"documents"})))
