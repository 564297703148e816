"""Jars of servers under test, from Maven Central: fetched once, into ~/.cache/tidemill."""
import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidemill"
PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1"
FETCH_SECONDS = 540


class FetchFailed(Exception):
    """The jars could not be had; the text says why."""


def jars(pom, goal="copy-dependencies", **properties):
    """The folder of the jars that `pom`, NAME-pom.xml, names; or, with the goal
    unpack-dependencies, of what is in the archives that it names. `properties` of the pom are written
    with _ for the dots of their names."""
    digest = hashlib.sha256(pom.read_bytes()).hexdigest()[:16]
    name = "-".join([pom.name.removesuffix("-pom.xml"), *properties.values(), digest])
    folder = CACHE / name
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder
        if shutil.which("mvn") is None:
            raise FetchFailed("mvn is not installed; scripts/packages test brings it")
        half = Path(tempfile.mkdtemp(prefix=name, dir=CACHE))
        try:
            done = subprocess.run(["mvn", "-q", "-B", "-f", str(pom), f"{PLUGIN}:{goal}",
                                   "-DincludeScope=runtime", f"-DoutputDirectory={half}",
                                   f"-DmarkersDirectory={half}/.markers",
                                   *(f"-D{name.replace('_', '.')}={value}"
                                     for name, value in properties.items())],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                  timeout=FETCH_SECONDS, check=False)
            if done.returncode != 0:
                raise FetchFailed(f"mvn could not fetch what {pom.name} names:\n{done.stdout}")
            half.rename(folder)
        finally:
            shutil.rmtree(half, ignore_errors=True)
    return folder
