"""The Flink profiles of the containers: known to Flink, and at one with the embedded stack."""

from __future__ import annotations

import zipfile
from functools import cache

import pytest

from stack.installation import Installation
from stack.services import cluster

WAYS = ("embedded", "compose", "kubernetes")
# What a payment's decision and the state's format depend on.
PROMISES = (
    "python.execution-mode",
    "pipeline.max-parallelism",
    "taskmanager.numberOfTaskSlots",
    "execution.checkpointing.mode",
    "execution.checkpointing.interval",
    "execution.checkpointing.externalized-checkpoint-retention",
    "execution.buffer-timeout.interval",
    "restart-strategy.type",
    "classloader.parent-first-patterns.additional",
)
# Read by the operator, and by the reporter that the middle of the key names.
NOT_OF_FLINK_ITSELF = ("job.autoscaler.", "metrics.reporter.prometheus.")


@cache
def option_classes() -> bytes:
    """Return the class files in which Flink and PyFlink declare their options."""
    flink = Installation().flink
    jars = [*flink.glob("lib/flink-dist-*.jar"), *flink.glob("opt/flink-python-*.jar")]
    return b"".join(_options_of(zipfile.ZipFile(jar)) for jar in jars)


def _options_of(jar: zipfile.ZipFile) -> bytes:
    names = [n for n in jar.namelist() if n.endswith("Options.class") and "/flink/" in n]
    return b"".join(jar.read(name) for name in names)


def is_known(key: str) -> bool:
    """Say whether the key stands in a class's constants: its length in two bytes, then itself."""
    return len(key).to_bytes(2, "big") + key.encode() in option_classes()


@pytest.mark.parametrize("way", WAYS)
def test_flink_knows_every_option(way: str) -> None:
    options = cluster.profile(Installation(), way)
    keys = [key for key in options if not key.startswith(NOT_OF_FLINK_ITSELF)]
    assert [key for key in keys if not is_known(key)] == []


def test_a_mistyped_option_would_be_seen() -> None:
    assert not is_known("python.execution-mood")


@pytest.mark.parametrize("way", ["compose", "kubernetes"])
def test_every_way_keeps_the_same_promises(way: str) -> None:
    embedded, other = (cluster.profile(Installation(), name) for name in ("embedded", way))
    assert {key: other[key] for key in PROMISES} == {key: embedded[key] for key in PROMISES}
    assert other["execution.checkpointing.mode"] == "EXACTLY_ONCE"


def test_checkpoints_in_memory_are_never_the_fallback() -> None:
    for way in WAYS:
        assert (
            cluster.profile(Installation(), way)["execution.checkpointing.storage"] == "filesystem"
        )


def test_a_way_with_the_changelog_takes_over_what_it_starts_from() -> None:
    """Flink cannot copy a changelog: without CLAIM a job that is resumed fails over and over."""
    ways = {way: cluster.profile(Installation(), way) for way in WAYS}
    changelog = {way for way, told in ways.items() if told.get("state.changelog.enabled") == "true"}
    claiming = {way for way in WAYS if ways[way].get("execution.state-recovery.claim-mode")}
    assert changelog == claiming == {"kubernetes"}


def test_containers_accept_connections_from_each_other(compose_profile: dict[str, str]) -> None:
    bound = {key: value for key, value in compose_profile.items() if "bind" in key}
    assert len(bound) == 3 and set(bound.values()) == {"0.0.0.0"}
