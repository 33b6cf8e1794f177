"""Prices and rates that the user enters by hand; they count before all imported ones."""

from datetime import date
from decimal import Decimal

from engine.core.errors import KnownError
from engine.core.fields import EARLIEST_YEAR, FieldError, read_positive, read_symbol
from engine.core.money import to_text
from engine.core.records import MANUAL, PricePoint


def entered_price(asset: str, currency: str, day: date, price: Decimal, today: date) -> PricePoint:
    """The price of one asset, or the rate of a currency, in another on a day.

    Raises KnownError for what cannot be one: no symbols, a day to come or before 2009, a price
    that is not above zero.
    """
    try:
        symbol, unit = read_symbol(asset), read_symbol(currency, "currency")
        close = read_positive(to_text(price), "price")
        if symbol == unit:
            raise FieldError(f"it prices {symbol} in itself")
        if day > today:
            raise FieldError(f"the date {day} is in the future")
        if day.year < EARLIEST_YEAR:
            raise FieldError(f"the date {day} is before the first crypto asset existed")
    except FieldError as error:
        raise KnownError(f"This price cannot be stored: {error}.", "Correct it.") from error
    return PricePoint(symbol, unit, day, close, source=MANUAL)
