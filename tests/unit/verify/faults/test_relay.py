"""The cable between two networks delays, drops and cuts as it is told."""

from __future__ import annotations

import random

from verify.faults.relay import Direction, Way


def _direction(way: Way, seed: int = 1) -> Direction:
    return Direction(0, 1, random.Random(seed), way)


def _send(direction: Direction, packets: int) -> list[bytes]:
    for number in range(packets):
        direction.take(b"%d" % number, now=0.0)
    return direction.hand_on(now=0.0)


def test_an_undisturbed_packet_arrives_at_once() -> None:
    direction = _direction(Way())
    assert _send(direction, 3) == [b"0", b"1", b"2"]
    assert (direction.passed, direction.dropped) == (3, 0)


def test_a_delayed_packet_arrives_when_it_is_due_and_in_order() -> None:
    direction = _direction(Way(delay_ms=200))
    direction.take(b"first", now=1.0)
    direction.take(b"second", now=1.1)
    assert direction.due_s() == 1.2
    assert direction.hand_on(now=1.19) == []
    assert direction.hand_on(now=1.25) == [b"first"]
    assert direction.hand_on(now=1.31) == [b"second"]
    assert direction.due_s() is None


def test_a_cut_direction_passes_nothing() -> None:
    direction = _direction(Way(cut=True))
    assert _send(direction, 100) == []
    assert direction.dropped == 100


def test_the_seed_fixes_which_share_is_lost() -> None:
    kept = _send(_direction(Way(loss=0.01)), 10_000)
    assert 9_850 < len(kept) < 9_950
    assert kept == _send(_direction(Way(loss=0.01)), 10_000)
    assert kept != _send(_direction(Way(loss=0.01), seed=2), 10_000)


def test_what_is_on_its_way_arrives_although_the_cable_is_cut_behind_it() -> None:
    direction = _direction(Way(delay_ms=200))
    direction.take(b"sent before", now=0.0)
    direction.way = Way(cut=True)
    direction.take(b"sent after", now=0.1)
    assert direction.hand_on(now=9.0) == [b"sent before"]
