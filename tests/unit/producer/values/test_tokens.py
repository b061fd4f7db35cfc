import os
import stat
from pathlib import Path

import pyarrow as pa
import pytest

from producer.values.tokens import (
    Tokenizer,
    TokenKeyError,
    is_number,
    key_from_text,
    read_or_create_key,
)
from tests.unit.producer.samples import TOKENIZER, VISA


def test_a_card_has_one_token_however_it_is_written() -> None:
    tokens = {TOKENIZER.token(card) for card in (VISA, "4111 1111 1111 1111", "4111-1111-11111111")}
    assert len(tokens) == 1


def test_a_token_depends_on_the_key() -> None:
    assert TOKENIZER.token(VISA) != Tokenizer(bytes(32)).token(VISA)


def test_a_token_is_not_itself_a_card_number() -> None:
    assert not is_number(TOKENIZER.token(VISA))


def test_card_numbers_become_tokens_and_other_values_stay() -> None:
    cards = pa.array([VISA, "card-7", None, "", "4111 1111 1111 1111", "4111111111111112"])
    replaced = TOKENIZER.column(cards, every=False).to_pylist()
    token = TOKENIZER.token(VISA)
    assert replaced == [token, "card-7", None, "", token, "4111111111111112"]


def test_every_value_becomes_a_token_where_the_column_holds_card_numbers() -> None:
    replaced = TOKENIZER.column(pa.array(["630423337322", None]), every=True).to_pylist()
    assert replaced == [TOKENIZER.token("630423337322"), None]


def test_the_key_is_not_shown() -> None:
    assert "00" not in repr(Tokenizer(bytes(32)))


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "token.key"
    before = os.umask(0)
    try:
        key, made = read_or_create_key(path)
    finally:
        os.umask(before)
    assert made and len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_or_create_key(path) == (key, False)


@pytest.mark.parametrize("text", ["", "zz", "00", "00" * 65])
def test_a_key_that_is_none_is_refused_with_the_command_that_makes_one(text: str) -> None:
    with pytest.raises(TokenKeyError, match="openssl rand -hex 32"):
        Tokenizer(key_from_text(text, "--token-key-file"))
