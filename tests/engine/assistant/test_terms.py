"""Which term a text asks for, in its own words; every listed term has an entry."""

from pathlib import Path

import pytest

from engine.assistant.terms import find_terms, term_key
from tests.engine.assistant.world import KNOWLEDGE
from training.assistant.surfaces import term_forms


def term(text: str) -> str | None:
    return next(iter(find_terms(text, KNOWLEDGE.terms)), None)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("what is staking", "staking"),
        ("What's a rug-pull?", "rug-pull"),
        ("fifo?", "fifo"),
        ("apy is what now", "apy"),
        ("explain gas fees to me like im five", "gas fees"),
        ("what does the term diamond hands mean", "diamond hands"),
        ("my discord keeps yelling diamond hands at me, meaning??", "diamond hands"),
        (
            ("My nephew at the barbecue went on and on about zero knowledge rollups and everyone "
            "nodded and I nodded too but I haven't the faintest idea, what are those?"),
            "zero knowledge rollups",
        ),
        (
            ("the guy on youtube says bitcoin wastes power because of proof of work and honestly i "
            "just nod along without ever getting it, so what does that actually mean"),
            "proof of work",
        ),
        ("someone in the pub explained options to me and got it wrong, what is it", "options"),
        ("what is tokenization", "tokenization"),
        ("what is a centralized exchange", "centralized exchange"),
        ("define self custody", "self custody"),
        ("what are soft forks", "soft forks"),
        ("what is impermanet loss", "impermanet loss"),
        ("what is the difference between apr and apy", "apr and apy"),
        ("difference between proof of work and proof of stake?",
         "proof of work and proof of stake"),
        ("what is a flurble in bitcoin mining", "flurble"),
        ("getting liquidated, what is it", "getting liquidated"),
        ("what does s&p 500 stand for", "s&p 500"),
        ("what is a 51% attack", "51% attack"),
        ("what is volume", "volume"),
    ],
)  # fmt: skip
def test_the_term_is_found(text: str, asked: str) -> None:
    assert term(text) == asked


@pytest.mark.parametrize(
    "text",
    [
        "what about twice the rate",
        "and what about last month?",
        "what are those?",
        "what does that mean",
        "how about 5%",
        "",
        "?!",
    ],
)
def test_there_is_no_term(text: str) -> None:
    assert term(text) is None


def test_everyday_words_in_a_story_are_no_terms() -> None:
    text = "Before I load four years of statements from three exchanges I want to be certain of it"
    assert find_terms(text, KNOWLEDGE.terms) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rug pull", "rugpulls"),
        ("Proof-of-Stake", "proof of stake"),
        ("tokenised assets", "tokenized asset"),
        ("centralised exchanges", "centralized exchange"),
        ("cross-chain bridge", "crosschain bridges"),
        ("addresses", "address"),
        ("Ponzi's", "ponzi"),
    ],
)
def test_names_are_compared_without_hyphens_plural_and_spelling(one: str, other: str) -> None:
    assert term_key(one) == term_key(other)


@pytest.mark.parametrize(("one", "other"), [("gas", "ga"), ("apr", "apy"), ("coin", "token")])
def test_other_names_stay_different(one: str, other: str) -> None:
    assert term_key(one) != term_key(other)


@pytest.mark.parametrize("form", term_forms())
def test_every_listed_term_is_explained_under_its_own_name(form: str) -> None:
    assert KNOWLEDGE.has(form)
    assert KNOWLEDGE.find(form) is not None


MORE = """
zk rollups | zero knowledge rollups | diamond hands | paper hands | rug pull | dusting attack | dca
whale | fud | wen moon | to the moon | mempool | gas limit | mev | basis trade | perpetuals
funding rate | sharpe | sortino | beta | alpha | cvar | slippage | tvl | airdrop farming
restaking | soft fork | ordinals | utxo | cold wallet | multisig | custodian | kyc | travel rule
wash sale | cost basis | hifo | nft | dao | stablecoin | depeg | flash loan | liquid staking
altseason | moonbag | maxi | short squeeze | mark price | covered call | dex aggregator
pig butchering | hd wallet | destination tag | fair launch | launchpad | the merge | eip-4844
black swan | stock to flow | mvrv | skewness | opportunity cost | max supply | total supply
gwei | hot wallet | seed phrase | hardware wallet | sandwich attack | smart contract | api key
day trading | copy trading | grid bot | insurance fund | liquidation penalty | vetoken | validium
solana | cardano | chainlink | uniswap | aave | tether | usdc | xrp ledger | monero | litecoin
"""


@pytest.mark.parametrize(
    "form", [t.strip() for t in MORE.replace("\n", "|").split("|") if t.strip()]
)
def test_further_terms_have_an_entry(form: str) -> None:
    assert KNOWLEDGE.find(form) is not None


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("roi", "Return on investment"),
        ("dpos", "Delegated proof of stake"),
        ("implied volatility", "Implied volatility"),
        ("getting liquidated", "Liquidation"),
        ("perpetuals", "Perpetual future"),
        ("zero knowledge rollups", "ZK-rollup"),
        ("fud", "FUD"),
        ("cagr", "Compound annual growth rate"),
        ("rsi", "Relative strength index"),
        ("impermanet loss", "Impermanent loss"),
        ("holding", "Position"),
        ("holdings", "Portfolio"),
    ],
)
def test_terms_lead_to_the_right_entry(asked: str, title: str) -> None:
    entry = KNOWLEDGE.find(asked)
    assert entry is not None
    assert entry.title == title


def test_the_glossary_is_in_alphabetical_order() -> None:
    for path in sorted(Path(KNOWLEDGE.folder).glob("glossary/*.md")):
        titles = [line[3:] for line in path.read_text("utf-8").splitlines() if line[:3] == "## "]
        assert titles == sorted(titles, key=str.lower)
        assert {title[0].lower() for title in titles} == {path.stem}
