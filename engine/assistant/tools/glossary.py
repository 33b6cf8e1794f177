"""The tool that explains a term from Assay's own knowledge base, with its source."""

from engine.assistant.tools.base import Arguments, ToolResult
from engine.assistant.tools.context import ToolContext
from engine.assistant.tools.figures import figures_of
from engine.core.cards import QuoteCard


def explain_term(context: ToolContext, arguments: Arguments) -> ToolResult:
    """Looks a term up; says so plainly when there is no entry."""
    term = str(arguments["term"])
    entry = context.knowledge.find(term)
    if entry is None:
        return ToolResult(f"There is no entry for “{term}” in Assay's glossary.", (), ())
    figures = figures_of(entry.title, f"{entry.title}\n{entry.text}")
    card = QuoteCard(entry.title, entry.text, entry.source)
    return ToolResult(entry.quote, (card,), figures, sources=(entry.source,))
