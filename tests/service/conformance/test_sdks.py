"""IBM's SDKs cannot tell the twin from the real service: one driver for each, the same steps."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.service.conformance.workshop import HERE, bench, fetch, require

pytestmark = pytest.mark.slow

STEPS = [
    "create",
    "import",
    "wrap",
    "unwrap",
    "rotate",
    "rewrap",
    "disable",
    "enable",
    "delete",
    "restore",
    "alias",
    "ring",
    "policy",
    "two regions",
]
RUNS_WITHIN = 120.0


def drive(folder: Path, env: dict[str, str], *command: str) -> list[str]:
    """The steps that held, as the driver printed them."""
    ran = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=RUNS_WITHIN,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return [line[3:] for line in ran.stdout.splitlines() if line.startswith("ok ")]


def test_the_sdk_for_node(quick_twin: dict[str, str]) -> None:
    npm = require("npm", "install Node.js 18 or later, which brings it.")
    folder = bench("node", [HERE / "node" / "package.json", HERE / "node" / "driver.cjs"])
    fetch(folder, npm, "install", "--no-package-lock", "--ignore-scripts", "--no-audit")
    assert drive(folder, quick_twin, "node", "driver.cjs") == STEPS


def test_the_client_for_go(quick_twin: dict[str, str]) -> None:
    go = require("go", "install Go 1.26 or later.")
    folder = bench("go", [HERE / "go" / name for name in ("go.mod", "go.sum", "main.go")])
    fetch(folder, go, "build", "-o", "driver", ".")
    assert drive(folder, quick_twin, "./driver") == STEPS


def test_the_core_of_the_sdks_for_java(quick_twin: dict[str, str]) -> None:
    """The SDK for Key Protect is in no registry: see the head of the driver."""
    maven = require("mvn", "install Maven 3.8 or later and a JDK 11 or later.")
    folder = bench("java", [HERE / "java" / name for name in ("pom.xml", "Driver.java")])
    fetch(folder, maven, "--quiet", "--batch-mode", "package")
    classes = f"target/classes{os.pathsep}target/lib/*"
    assert drive(folder, quick_twin, "java", "-cp", classes, "Driver") == STEPS
