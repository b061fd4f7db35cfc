"""Files as other programs write them: delimiters, encodings, packings, names, decimal marks."""

import bz2
import gzip
import io
import lzma
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from producer.files.decimals import evidence_of
from producer.files.form import BrokenOffError, FileForm
from producer.files.layouts import LayoutError, with_options
from producer.files.mapping import payments_of
from producer.files.reading import PaymentFile, open_file
from producer.values.rejects import Reject
from tests.unit.producer.samples import TOKENIZER

LAYOUT = with_options(
    None, ["card_id=card", "timestamp=at", "amount=sum", "merchant_id=shop"], ["currency=EUR"]
)
HEADER = "card,at,sum,shop\n"
ROW = "c1,2024-05-01 10:00:00,12.50,Café\n"
FILE = HEADER + ROW
EUROPEAN = "card;at;sum;shop\r\nc1;2024-05-01 10:00:00;12,50;Café\r\n"


def opened(path: Path, content: bytes | str, form: FileForm = FileForm()) -> PaymentFile:  # noqa: B008  # frozen
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_file(path, LAYOUT, form)


def amounts(file: PaymentFile) -> tuple[list[int], list[Reject]]:
    rejects: list[Reject] = []
    found = [
        amount
        for batch in payments_of(file, TOKENIZER, rejects.append)
        for amount in batch["amount_minor"].to_pylist()
    ]
    return found, rejects


def refused(path: Path, content: bytes | str, form: FileForm = FileForm()) -> str:  # noqa: B008  # frozen
    with pytest.raises(LayoutError) as caught:
        opened(path, content, form)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("own.csv", EUROPEAN, "delimiter semicolon, UTF-8, 4 columns, decimal comma"),
        ("own.csv", "\ufeff" + EUROPEAN, "UTF-8 with BOM"),
        ("own.csv", "sep=;\r\n" + EUROPEAN, "their names in line 2"),
        ("own.txt", FILE.replace(",", "\t"), "delimiter tab"),
        ("own.dat", FILE.replace(",", "|"), "delimiter pipe"),
        ("own.csv", FILE.encode("utf-16"), "delimiter comma, UTF-16"),
        ("OWN.CSV.GZ", gzip.compress(FILE.encode()), "packed by gzip"),
        ("own.csv", bz2.compress(FILE.encode()), "packed by bzip2"),
        ("own.csv.xz", lzma.compress(FILE.encode()), "packed by xz"),
        ("own", FILE.replace("\n", "\r"), "delimiter comma"),
        ("own.csv", "Export of May\n# two remarks\n\n" + FILE, "their names in line 4"),
    ],
)
def test_a_file_is_recognised_by_its_content_and_says_as_what(
    tmp_path: Path, name: str, content: bytes | str, said: str
) -> None:
    file = opened(tmp_path / name, content)
    assert said in file.recognised
    [batch] = payments_of(file, TOKENIZER)
    assert batch["amount_minor"].to_pylist() == [1250]
    assert batch["merchant_id"].to_pylist() == ["Café"]


def test_what_is_given_is_not_looked_for(tmp_path: Path) -> None:
    latin = opened(tmp_path / "a.csv", FILE.encode("latin-1"), FileForm(encoding="cp1252"))
    assert next(payments_of(latin, TOKENIZER))["merchant_id"].to_pylist() == ["Café"]
    tilde = opened(tmp_path / "b.csv", FILE.replace(",", "~"), FileForm(delimiter="~"))
    assert amounts(tilde)[0] == [1250]
    assert amounts(
        opened(tmp_path / "c.csv", FILE.encode("utf-16-le"), FileForm(encoding="utf-16-le"))
    )[0] == [1250]


@pytest.mark.parametrize(
    ("content", "form", "said"),
    [
        (EUROPEAN, FileForm(delimiter=","), "there with delimiter semicolon: say --delimiter"),
        (FILE.replace(",", "~"), FileForm(), "none of comma, semicolon, tab, pipe separates"),
        (FILE, FileForm(delimiter="<>"), "--delimiter: expected one character"),
        (FILE, FileForm(encoding="klingon"), "--encoding: expected a name such as utf-8"),
        ("\ufeff" + FILE, FileForm(encoding="cp1252"), "leave out --encoding"),
        (FILE.encode("utf-16-le"), FileForm(), "say --encoding utf-16-le"),
        (FILE.replace("card,", " Card,"), FileForm(), "say --map 'card_id= Card'"),
        (ROW * 3, FileForm(), "the first line looks like values"),
        (FILE.replace("shop\n", "sum\n"), FileForm(), "expected one column 'sum', got 2"),
        ("\n\n", FileForm(), "got an empty file"),
        (b"PK\x03\x04 xl/workbook.xml", FileForm(), "an Excel workbook; save the sheet as CSV"),
        (b"PK\x03\x04 payments.csv", FileForm(), "a zip archive; unpack it first"),
        ('[{"card": 1}]', FileForm(), "one JSON object a line"),
        (gzip.compress(b"PAR1"), FileForm(), "got it in gzip; unpack it"),
    ],
)
def test_a_file_that_cannot_be_read_says_what_was_seen_and_what_helps(
    tmp_path: Path, content: bytes | str, form: FileForm, said: str
) -> None:
    assert said in refused(tmp_path / "own.csv", content, form)


def test_parquet_is_known_under_any_name_and_csv_too(tmp_path: Path) -> None:
    names = HEADER.strip().split(",")
    sink = io.BytesIO()
    pq.write_table(pa.table(dict(zip(names, [[one] for one in ROW.strip().split(",")]))), sink)  # noqa: B905
    assert amounts(opened(tmp_path / "own.csv", sink.getvalue()))[0] == [1250]
    assert amounts(opened(tmp_path / "own.parquet", FILE))[0] == [1250]


def test_rows_of_another_width_and_lines_behind_the_last_are_refused(tmp_path: Path) -> None:
    found, rejects = amounts(
        opened(tmp_path / "own.csv", FILE + "\n,,,\n" + ROW.strip() + ",\n# 2 rows\n")
    )
    assert found == [1250]
    assert [reject.row for reject in rejects] == [2, 3]
    assert "end the line of names with the delimiter too" in rejects[0].sentence


@pytest.mark.parametrize("between", ["", "\n", "\ufeff"])
def test_the_names_of_columns_come_again_where_files_were_put_together(
    tmp_path: Path, between: str
) -> None:
    file = opened(tmp_path / "own.csv", FILE + between + FILE)
    found, rejects = amounts(file)
    assert found == [1250, 1250] and not rejects
    assert (file.account.rows, file.account.lines) == (2, 4 + (between == "\n"))


def test_names_in_another_encoding_ask_for_the_encoding(tmp_path: Path) -> None:
    layout = with_options(LAYOUT, ["merchant_id=Händler"])
    path = tmp_path / "own.csv"
    path.write_text(FILE.replace("shop", "Händler"), "cp1252")
    with pytest.raises(LayoutError, match="the names are not UTF-8: say --encoding cp1252"):
        open_file(path, layout)
    assert amounts(open_file(path, layout, FileForm(encoding="cp1252")))[0] == [1250]


def test_a_file_of_names_alone_holds_no_payment(tmp_path: Path) -> None:
    file = opened(tmp_path / "own.csv", HEADER)
    assert [batch.num_rows for batch in payments_of(file, TOKENIZER)] == [0]
    assert file.account.lines == file.account.heading == 1


SUMS = [
    (["12,50", "7", "1.234,5", "1 234,56", "1\u00a0234,56"], [1250, 700, 123450, 123456, 123456]),
    (["12.50", "1,234", "1,234.50", "1'234.50"], [1250, 123400, 123450, 123450]),
    (["1.234.567"], [123456700]),
    (["1,234,567"], [123456700]),
    (["0,125e2"], [1250]),
]


@pytest.mark.parametrize(("written", "read"), SUMS)
def test_decimals_and_thousands_are_told_apart_by_the_columns_own_values(
    tmp_path: Path, written: list[str], read: list[int]
) -> None:
    rows = "".join(f"c1;2024-05-01 10:00:00;{one};m\n" for one in written)
    found, rejects = amounts(opened(tmp_path / "own.csv", HEADER.replace(",", ";") + rows))
    assert found == read and not rejects


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (["1,234"], "got '1,234', which can be either; say --decimal comma or --decimal point"),
        (["1.234"], "got '1.234', which can be either"),
        (["1,50", "1.60"], "expected one decimal mark, got '1,50' and '1.60'"),
    ],
)
def test_a_sum_that_can_be_read_in_two_ways_is_asked_about(
    tmp_path: Path, written: list[str], said: str
) -> None:
    rows = "".join(f"c1;2024-05-01 10:00:00;{one};m\n" for one in written)
    content = HEADER.replace(",", ";") + rows
    assert said in refused(tmp_path / "own.csv", content)
    comma, _ = amounts(opened(tmp_path / "own.csv", content, FileForm(decimal="comma")))
    point, _ = amounts(opened(tmp_path / "own.csv", content, FileForm(decimal="point")))
    assert comma != point


def test_a_point_among_decimal_commas_is_refused_and_not_taken_for_thousands(
    tmp_path: Path,
) -> None:
    content = HEADER.replace(",", ";") + "".join(
        f"c1;2024-05-01 10:00:00;{one};m\n" for one in ("1,50", "1.50", "1.500")
    )
    found, rejects = amounts(opened(tmp_path / "own.csv", content, FileForm(decimal="comma")))
    assert found == [150, 150000]
    assert [(reject.row, reject.code) for reject in rejects] == [(2, "bad_amount")]
    assert "a decimal comma as in 12,50, got '1.50'" in rejects[0].sentence


def test_another_column_tells_what_a_doubtful_one_means(tmp_path: Path) -> None:
    layout = with_options(LAYOUT, ["attributes.rate=rate"])
    path = tmp_path / "own.csv"
    path.write_text("card;at;sum;shop;rate\nc1;2024-05-01 10:00:00;1.234;m;0,5\n")
    assert amounts(open_file(path, layout))[0] == [123400]


@pytest.mark.parametrize("text", ["", "x", "-", "1.2.3", "1,2,3", "12.34.567", "1e5", "7"])
def test_a_text_that_tells_of_no_mark_is_no_evidence(text: str) -> None:
    assert evidence_of(text) is None


LONG = (HEADER + "".join(ROW.replace("c1", f"c{n}") for n in range(30_000))).encode()


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(LONG[:500_000]) + gzip.compress(LONG[500_000:]),
        bz2.compress(LONG[:500_000]) + bz2.compress(LONG[500_000:]),
        gzip.compress(LONG) + b"\0" * 512,
    ],
    ids=["two gzip members", "two bzip2 members", "padded"],
)
def test_every_member_of_an_archive_is_read(tmp_path: Path, content: bytes) -> None:
    assert len(amounts(opened(tmp_path / "own.csv.gz", content))[0]) == 30_000


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(LONG)[:-9],
        gzip.compress(LONG)[:-8] + b"\1\2\3\4\5\6\7\0",
        gzip.compress(LONG) + b"rubbish",
        gzip.compress(LONG[:500_000]) + gzip.compress(LONG[500_000:])[:100],
        lzma.compress(LONG)[:-30],
    ],
    ids=["cut", "another checksum", "rubbish behind", "second member cut", "xz cut"],
)
def test_a_damaged_archive_is_told_behind_what_could_be_unpacked(
    tmp_path: Path, content: bytes
) -> None:
    file = opened(tmp_path / "own.csv.gz", content)
    with pytest.raises(BrokenOffError, match=r"expected a whole file of .* rows before"):
        amounts(file)
    assert 0 < file.account.payments == file.account.rows <= 30_000
