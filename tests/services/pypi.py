"""What tests need of PyPI: a virtual environment below ~/.cache/tidemill, made once."""
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tidemill"
FETCH_SECONDS = 540


class FetchFailed(Exception):
    """The packages could not be had; the text says why."""


def environment(name, requirements):
    """The folder of an environment with `requirements`; made when it is not there yet."""
    digest = hashlib.sha256(" ".join((*requirements, sys.version)).encode()).hexdigest()[:16]
    folder = CACHE / f"{name}-{digest}"
    ready = folder / "ready"
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}-{digest}.lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if ready.exists():
            return folder
        shutil.rmtree(folder, ignore_errors=True)
        for command in ([sys.executable, "-m", "venv", str(folder)],
                        [str(folder / "bin/pip"), "install", "--quiet",
                         "--disable-pip-version-check", *requirements]):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=FETCH_SECONDS, check=False)
            if done.returncode != 0:
                raise FetchFailed(f"{' '.join(command)}:\n{done.stdout}")
        ready.touch()
    return folder


def packages(folder):
    """Where the modules of an environment are."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return folder / "lib" / version / "site-packages"
