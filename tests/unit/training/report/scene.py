"""Small test parts, evaluations, and a reader of pages that the tests of reports share."""

from html.parser import HTMLParser

import numpy as np

from scoring.bundle.manifest import AgainstBest, Interval
from training.arrays import Floats
from training.data.segments import Segments
from training.fit_settings import Targets
from training.metrics.figures import FIGURES
from training.metrics.results import Evaluation, FoldSummary, ModelResult, PublishedRow
from training.report import Measured

ROWS = 2_000


def targets() -> Targets:
    """One payment in twenty is a fraud."""
    frauds = np.arange(ROWS) % 20 == 0
    return np.asarray(frauds, dtype=np.int8)


def scores(strength: float, seed: int = 1) -> Floats:
    """Scores between 0 and 1 that frauds raise."""
    noise = np.random.default_rng(seed).normal(size=ROWS)
    raw = 1 / (1 + np.exp(-(noise + strength * targets() - 3)))
    return np.asarray(raw, dtype=np.float32)


def measured() -> Measured:
    """A test part with two models and one division."""
    channel = Segments("Channel", ("web", "<b>pos</b>"), (np.arange(ROWS) % 2).astype(np.int8))
    models = {"random_forest": scores(3), "xgboost": scores(4)}
    return Measured(targets(), scores(5), models, (channel,))


def evaluation(folds: int = 2) -> Evaluation:
    """Two models on one or more folds, and a published row with one figure."""
    summaries = tuple(
        FoldSummary(
            f"fold {i}", 100, 5, 80, 4, ("2018-07-25", "2018-07-31"), ("2018-08-08", "2018-08-14")
        )
        for i in range(folds)
    )
    models = tuple(
        ModelResult(
            name,
            f"{name} in words",
            tuple(
                {"auc_roc": 0.8 + place / 100 + i / 50, "average_precision": 0.5 + place / 10}
                for i in range(folds)
            ),
            {"auc_roc": (0.75, 0.92)},
            targets(),
            scores(strength),
            np.empty((0, len(FIGURES))),
        )
        for place, (name, strength) in enumerate((("plain", 3.0), ("tuned & tested", 4.0)))
    )
    published = (PublishedRow("LSTM", "a book", {"auc_roc": 0.876}, {"auc_roc": 0.02}),)
    against = AgainstBest(
        member="plain",
        figure="average_precision",
        difference=Interval(value=-0.02, low=-0.03, high=-0.01),
    )
    return Evaluation("A title <1>", "A protocol", summaries, models, published, against)


class Page(HTMLParser):
    """What a reader of a page meets: headings, images, links, text; and that tags are closed."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.images: list[dict[str, str | None]] = []
        self.addresses: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        if tag not in self.VOID:
            self._open.append(tag)
        if tag == "img":
            self.images.append(given)
        self.ids += [value for name, value in attrs if name == "id" and value]
        for name, value in attrs:
            if name == "href" and value and value.startswith("#"):
                self.targets.append(value[1:])
            elif name in ("src", "href", "srcset", "action", "data") and value:
                self.addresses.append(value)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        self.text += data
