"""Pages for people: the model card of a bundle and the page of an evaluation, with their plots.

A page is one HTML file that works offline: no script, no external resource, plots inside. The same
input gives the same bytes, so a card is part of a reproducible bundle. Nothing here is imported by
what scores a payment.
"""

from training.report.card import model_card
from training.report.evaluation import evaluation_page
from training.report.measured import Measured

__all__ = ["Measured", "evaluation_page", "model_card"]
