"""CSV files of any bytes: payments that the topic takes, rejected rows, or a sentence."""

from __future__ import annotations

import bz2
import gzip
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from events.errors import REASONS
from events.table import check_table
from producer.data_sets import CARDWATCH, HANDBOOK, SPARKOV, ULB
from producer.layouts import Layout, LayoutError, with_options
from producer.mapping import read
from producer.rejects import Reject
from producer.tokens import Tokenizer
from tests.fuzz.oracle import check_refusal

OWN: Final = with_options(
    None,
    [
        "card_id=card",
        "timestamp=at",
        "amount=sum",
        "merchant_id=shop",
        "lat=lat",
        "lon=lon",
        "attributes.V1=v",
        "city=city",
        "is_fraud=bad",
    ],
    ["currency=EUR"],
)
LAYOUTS: Final = (HANDBOOK, SPARKOV, ULB, CARDWATCH, OWN)
_ENDS: Final = (".csv", ".tsv", ".csv.gz", ".csv.bz2")
FOLDER: Final = Path(tempfile.mkdtemp(prefix="cardwatch-fuzz-"))


def run(data: bytes) -> None:
    """Read a file; the first two bytes choose the layout and how the name ends."""
    layout = LAYOUTS[data[0] % len(LAYOUTS)] if data else OWN
    end = _ENDS[data[1] % len(_ENDS)] if len(data) > 1 else ".csv"
    body = data[2:]
    if data[:1] > b"\x7f":  # a whole archive of whatever text there is
        body = gzip.compress(body) if end == ".csv.gz" else bz2.compress(body)
    path = FOLDER / f"payments{end}"
    path.write_bytes(body)
    judge(path, layout)


def judge(path: Path, layout: Layout) -> None:
    """Read a file to its end and hold what comes to what the topic would take."""
    rejects: list[Reject] = []
    try:
        for batch in read(
            path, layout, Tokenizer(b"a key of tests, 32 bytes or more"), rejects.append
        ):
            table = check_table(pa.Table.from_batches([batch]))
            assert table.num_rows == batch.num_rows
    except LayoutError as error:
        check_refusal(error)
    for reject in rejects[:50]:
        assert reject.code in REASONS and reject.row >= 1
        check_refusal(ValueError(reject.sentence))


def seeds() -> Iterator[bytes]:
    """One small file for each layout, and for each way of packing it."""
    own = b"card,at,sum,shop,lat,lon,v,city,bad\n"
    own += b"c1,2024-05-01T12:00:00Z,12.34,m1,48.2,16.4,1e3,Wien,1\n"
    handbook = (
        b"TRANSACTION_ID,TX_DATETIME,CUSTOMER_ID,TERMINAL_ID,TX_AMOUNT,TX_FRAUD\n"
        b"1,2018-04-01 00:00:31,596,3156,57.16,0\n2,2018-04-01 00:02:10,4961,,x,2\n"
    )
    sparkov = (
        b"trans_num,cc_num,unix_time,amt,merchant,category,city,merch_lat,merch_long,is_fraud\n"
        b'a1,4111111111111111,1325376018,4.97,fraud_Rippin,misc,"Moravian, Falls",36.0,-82.0,0\n'
    )
    ulb = ("Time," + ",".join(f"V{n}" for n in range(1, 29)) + ",Amount,Class\n").encode()
    cardwatch = b"transaction_id,card_id,merchant_id,timestamp_ms,amount_minor,currency\n"
    cardwatch += b"t,c,m,1714564800000,5,EUR\n"
    for layout, text in enumerate((handbook, sparkov, ulb + b"0," * 30 + b"0\n", cardwatch, own)):
        yield bytes([layout, 0]) + text
    yield b"\4\0" + own.replace(b"12.34", b"1e999").replace(b"2024", b"99999")
    yield b"\4\1" + own.replace(b",", b"\t")
    yield b"\4\2" + gzip.compress(own)
    yield b"\4\3" + bz2.compress(own)
    yield b"\x84\2" + own
    yield b"\4\0" + b'"\0' + own
