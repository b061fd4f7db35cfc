"""The Java edge by its own tests: frames, chunks of a poll, keyed state without Python."""

from __future__ import annotations

import subprocess
from pathlib import Path
from xml.etree import ElementTree

from stack import prerequisites
from stack.installation import ROOT


def test_the_edge_passes_its_own_tests(tmp_path: Path) -> None:
    """Maven fetches the test harness of Flink where it has not yet."""
    maven = [str(prerequisites.maven().found), "-q", "-B", "-P", "tests"]
    pom = ["-f", str(ROOT / "jobs" / "java" / "pom.xml"), f"-Dcardwatch.jars={tmp_path}"]
    told = subprocess.run([*maven, *pom, "test"], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout[-5000:]
    reports = list((tmp_path / "target" / "edge" / "surefire-reports").glob("TEST-*.xml"))
    ran = {
        report.stem.rpartition(".")[2]: ElementTree.parse(report).getroot() for report in reports
    }
    written = {test.stem for test in ROOT.glob("jobs/java/src/test/**/*Test.java")}
    assert ran.keys() == written
    assert all(int(suite.attrib["tests"]) > 0 for suite in ran.values())
