"""CSV files and JSON lines of any bytes: payments of the topic, rejected rows, or a sentence."""

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
from producer.files.data_sets import CARDWATCH, HANDBOOK, SPARKOV, ULB
from producer.files.form import AS_FOUND, FileForm
from producer.files.layouts import Layout, LayoutError, with_options
from producer.files.mapping import payments_of
from producer.files.reading import open_file
from producer.values.rejects import Reject
from producer.values.tokens import Tokenizer
from tests.file_sums import check_sums
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
_FORMS: Final = (
    AS_FOUND,
    FileForm(quotes="multiline"),
    FileForm(quotes="none"),
    FileForm(decimal="comma"),
    FileForm(decimal="point", delimiter=";"),
    FileForm(encoding="cp1252", skip_rows=1),
    FileForm(encoding="utf-16-le", quotes="multiline"),
    FileForm(skip_rows=2),
    FileForm(quotes="multiline", skip_rows=1),
)
_ENDS: Final = (".csv", ".tsv", ".csv.gz", ".csv.bz2")
FOLDER: Final = Path(tempfile.mkdtemp(prefix="cardwatch-fuzz-"))


def run(data: bytes) -> None:
    """Read a file; the first two bytes choose the layout, the packing and the form."""
    layout = LAYOUTS[data[0] % len(LAYOUTS)] if data else OWN
    choice = data[1] if len(data) > 1 else 0
    end = _ENDS[choice % len(_ENDS)]
    body = data[2:]
    if data[:1] > b"\x7f":  # a whole archive of whatever text there is
        body = gzip.compress(body) if end == ".csv.gz" else bz2.compress(body)
    path = FOLDER / f"payments{end}"
    path.write_bytes(body)
    judge(path, layout, _FORMS[choice // len(_ENDS) % len(_FORMS)])


def judge(path: Path, layout: Layout, form: FileForm = AS_FOUND) -> None:
    """Read a file to its end and hold what comes to what the topic would take.

    The sum of payments and refused rows is that of the rows, also where the file breaks off.
    """
    rejects: list[Reject] = []
    payments = 0
    file = None
    try:
        file = open_file(path, layout, form)
        tokenizer = Tokenizer(b"a key of tests, 32 bytes or more")
        for batch in payments_of(file, tokenizer, rejects.append):
            table = check_table(pa.Table.from_batches([batch]))
            assert table.num_rows == batch.num_rows
            payments += batch.num_rows
        check_sums(file)
    except LayoutError as error:
        check_refusal(error)
    if file is not None:
        account = file.account
        assert account.rows == payments + len(rejects) + account.skipped
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
    homes = cardwatch.replace(b"\n", b",time_zone,home_country\n", 1).replace(b"EUR", b"EUR,UTC,NP")
    for layout, text in enumerate((handbook, sparkov, ulb + b"0," * 30 + b"0\n", cardwatch, own)):
        yield bytes([layout, 0]) + text
    yield b"\3\0" + homes + b"u,c,m,1714564800000,5,EUR,asia/kathmandu,\n"
    yield b"\3\0" + homes + b"v,c,m,1714564800000,5,EUR,,np\nw,c,m,1714564800000,5,EUR,Factory,XK\n"
    yield b"\4\0" + own.replace(b"12.34", b"1e999").replace(b"2024", b"99999")
    yield b"\4\1" + own.replace(b",", b"\t")
    yield b"\4\2" + gzip.compress(own)
    yield b"\4\3" + bz2.compress(own)
    yield b"\x84\2" + own
    yield b"\4\0" + b'"\0' + own
    yield b"\4\0" + own.replace(b",", b";").replace(b".", b",")
    yield b"\4\4" + own.replace(b"m1", b'"m\n1"') + own.replace(b"c1", b'"c1')
    yield b"\4\x18" + own.decode().encode("utf-16-le")
    yield b"\4\x1c" + own + b"\n\n,,,\n# end\r\n"
    yield b"\3\0" + (
        b'{"transaction_id":"t","card_id":"c","timestamp":1714564800000,"amount":1.50,'
        b'"currency":"EUR","merchant_id":"m","attributes":{"V1":1.5}}\n[1]\n{\n'
    )
