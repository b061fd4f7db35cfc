"""The cluster's class path reads batches in every codec that a Kafka client can choose."""

from __future__ import annotations

from pathlib import Path
from typing import Final, get_args
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest

from producer.sending.kafka import Compression
from stack.installation import ROOT, Installation
from stack.services.cluster import link_jars
from stack.settings import Layout

NEEDS: Final = {
    "none": "java/lang/Object.class",
    "gzip": "java/util/zip/GZIPInputStream.class",
    "snappy": "org/xerial/snappy/SnappyInputStream.class",
    "lz4": "net/jpountz/lz4/LZ4Factory.class",
    "zstd": "com/github/luben/zstd/ZstdInputStreamNoFinalizer.class",
}
"""The class that Kafka's client loads to read a batch of a codec."""


def test_every_codec_of_our_own_producer_is_looked_at() -> None:
    assert set(get_args(Compression)) == set(NEEDS)


@pytest.mark.parametrize("codec", NEEDS)
def test_the_class_path_of_the_cluster_has_the_classes_of_the_codec(
    codec: str, tmp_path: Path
) -> None:
    layout = Layout(tmp_path)
    link_jars(Installation(), layout)
    found = {name for jar in layout.lib.iterdir() for name in ZipFile(jar).namelist()}
    assert NEEDS[codec] in found or NEEDS[codec].startswith("java/")


def test_the_pinned_jars_of_flink_are_the_connector_and_the_codec_that_it_leaves_out() -> None:
    """The image and the embedded cluster link everything that pom.xml copies to FOLDER/flink."""
    pom = ElementTree.parse(ROOT / "pom.xml").getroot()
    namespace = {"m": "http://maven.apache.org/POM/4.0.0"}
    names = [item.text for item in pom.findall(".//m:artifactItem/m:artifactId", namespace)]
    assert names == ["flink-sql-connector-kafka", "zstd-jni"]


def test_the_cluster_reads_zstd_with_the_version_that_the_broker_writes() -> None:
    """A second version on one class path would be loaded by chance."""
    jars = Installation().jars
    flink, kafka = (
        sorted(each.name for each in (jars / f).glob("zstd-jni-*.jar")) for f in ("flink", "kafka")
    )
    assert flink == kafka and len(flink) == 1
