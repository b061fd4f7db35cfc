"""The one definition of every feature: the declarations, an entity's state, its transition.

The stream, the training replay and the tests call `card.advance`, `merchant.advance` and
`merchant.learn`; nothing else computes a feature. States and events in, next states and float32
values out; no clock, no input or output, no global that changes. `advance` takes a batch of
payments and changes the states that it is given; one payment is a batch of one.

Belongs here: windows and bounds (windows.py), amounts in one currency (money/), declarations
(catalogue.py) with their words (words.py), packed states and their versions (state.py,
upgrades.py), kernels (rows.py, kernel.py, measure.py, store.py, compaction.py), each in the folder
of its entity, and the batch around them (kernels/batch.py), and the compiled reader of payments
(plain/). Rates are the one thing that is read from files.
Does not: Flink, Kafka, models, thresholds, anything above features and events.
"""


def warm_up() -> None:
    """Compile every kernel, or load it from the cache, so that the first payment does not wait.

    An operator calls this in open(): a fraction of a second from the cache, half a minute without.
    """
    from features.warm import compile_everything  # numba is not loaded by importing names

    compile_everything()
