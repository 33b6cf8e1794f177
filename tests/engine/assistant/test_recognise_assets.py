"""Coins and accounts as people write them."""

import pytest

from engine.assistant.recognise import recognise
from engine.assistant.recognise.accounts import find_accounts
from tests.engine.assistant.world import TODAY

OWNED = ("BTC", "ETH", "LINK", "OP", "XYZ")
ACCOUNTS = ("Coinbase", "Kraken", "Ledger", "Main", "Cold Wallet", "Binance.US")


def assets(text: str, owned: tuple[str, ...] = OWNED) -> tuple[object, ...]:
    return recognise(text, TODAY, owned, ACCOUNTS).values("asset")


def accounts(text: str) -> tuple[object, ...]:
    return recognise(text, TODAY, OWNED, ACCOUNTS).values("account")


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("how much BTC do I have", ("BTC",)),
        ("btc", ("BTC",)),
        ("$btc and $ETH", ("BTC", "ETH")),
        ("bitcoin vs ether", ("BTC", "ETH")),
        ("Bitcoin's price", ("BTC",)),
        ("my bitcoins and eths", ("BTC", "ETH")),
        ("price of corn", ("BTC",)),
        ("solana, cardano & polkadot", ("SOL", "ADA", "DOT")),
        ("shiba inu or doge", ("SHIB", "DOGE")),
        ("bitcoin cash", ("BCH",)),
        ("ethereum classic and ethereum", ("ETC", "ETH")),
        ("wrapped bitcoin", ("WBTC",)),
        ("usdc/usdt", ("USDC", "USDT")),
        ("BTC-ETH", ("BTC", "ETH")),
        ("1inch", ("1INCH",)),
        ("what is my XYZ worth", ("XYZ",)),
        ("xyz?", ("XYZ",)),
        ("BTC, btc and Bitcoin", ("BTC",)),
    ],
)
def test_symbols_names_and_nicknames(text: str, symbols: tuple[str, ...]) -> None:
    assert assets(text) == symbols


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("bitcion", "BTC"),
        ("bitcoinn", "BTC"),
        ("etherium", "ETH"),
        ("etheruem", "ETH"),
        ("solanna", "SOL"),
        ("cardanno", "ADA"),
        ("dogecion", "DOGE"),
        ("avalance", "AVAX"),
        ("chainlnik", "LINK"),
        ("litecon", "LTC"),
        ("cradno", "ADA"),  # two slips, in a name that is no English word
        ("tehter", "USDT"),
        ("etherum", "ETH"),
        ("salona", "SOL"),
        ("dodgecoin", "DOGE"),
        ("polkdto", "DOT"),
    ],
)
def test_slips_of_the_finger(text: str, symbol: str) -> None:
    assert assets(f"what is {text} worth") == (symbol,)


@pytest.mark.parametrize(
    "text",
    [
        "is there a link between the two",
        "the link with the market",
        "near the top of the range",
        "op is short for operation",
        "one for all, all for one",
        "any gas to pay",
        "i just want to know",
        "the sun and the moon",
        "other coins are better",
        "compound interest",
        "what is the balance",
        "worst setback of my portfolio",
        "worst setback near the top",
        "show me the graph",
        "a stellar performance",
        "the ripple effect",
        "what is a zk rollup",
        "SHOW ME ONE OF THE COINS NEAR THE TOP",
        "send me a link",
        "the weakest link",
        "the beach is made of sand",
        "did it triple",
        "stable income, rather than letters",
        "the market is flat and solid",
        "unknown UVW coin",
        "",
    ],
)
def test_everyday_words_are_no_coins(text: str) -> None:
    assert assets(text, ("BTC", "ETH", "OP")) == ()


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("OP price", ("OP",)),
        ("$op price", ("OP",)),
        ("NEAR today", ("NEAR",)),
        ("near protocol", ("NEAR",)),
        ("price of near", ("NEAR",)),
        ("how much sand do i have", ("SAND",)),
        ("compare link with btc", ("LINK", "BTC")),
        ("WHAT IS MY LINK WORTH", ("LINK",)),
        ("the graph token", ("GRT",)),
        ("how is link doing", ("LINK",)),
        ("Maker and BTC", ("MKR", "BTC")),
        ("is there a link between btc and eth", ("BTC", "ETH")),
        ("what is the link between LINK and btc", ("LINK", "BTC")),
    ],
)
def test_everyday_words_that_are_coins_here(text: str, symbols: tuple[str, ...]) -> None:
    assert assets(text) == symbols


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("what is on Kraken", ("Kraken",)),
        ("kraken's value", ("Kraken",)),
        ("krakn and coinbse", ("Kraken", "Coinbase")),
        ("my ledger", ("Ledger",)),
        ("the ledger for march", ()),
        ("show the ledger lines for 2025", ()),
        ("export ledger.csv", ()),
        ("general ledger of march", ()),
        ("my ledger entries", ()),
        ("how much is on the ledger", ("Ledger",)),
        ("my ledger's value", ("Ledger",)),
        ("main", ("Main",)),
        ("in my cold wallet", ("Cold Wallet",)),
        ("the wallet is cold", ()),
        ("on binance.us", ("Binance.US",)),
        ("no account at all", ()),
    ],
)
def test_accounts(text: str, names: tuple[str, ...]) -> None:
    assert accounts(text) == names


def test_a_coin_within_an_account_name_is_no_coin() -> None:
    found = recognise("what is in my BTC vault", TODAY, ("BTC",), ("BTC Vault",))
    assert found.values("account") == ("BTC Vault",)
    assert found.values("asset") == ()


@pytest.mark.parametrize("name", ["", " ", "…", "$$$", "日本", "O'Neil & Söhne (2)", "a" * 300])
def test_odd_account_names_do_no_harm(name: str) -> None:
    found = recognise("how much btc do i have on kraken", TODAY, ("BTC",), (name, "Kraken"))
    assert found.values("account") == ("Kraken",)
    assert found.values("asset") == ("BTC",)


@pytest.mark.parametrize(
    ("text", "name", "meant"),
    [
        ("what was my portfolio worth a year ago", "A", False),
        ("WHAT IS IN A WALLET", "A", False),
        ("what is on A?", "A", True),
        ("what is in account A", "A", True),
        ("show a wallet", "A", False),
        ("how much cash do I have", "Cash", False),
        ("what is in Cash", "Cash", True),
        ("what is in my cash account", "Cash", True),
        ("value of Main", "Main", True),
        ("what is my main position", "Main", False),
        ("what is my kraken value", "Kraken", True),
    ],
)
def test_an_account_called_like_a_word_needs_more_than_the_word(
    text: str, name: str, meant: bool
) -> None:
    assert [m.value for m in find_accounts(text, [name])] == [name] * meant
