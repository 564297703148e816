"""What an archive has made: its objects, and the events in them.

An object that has its final name must be whole, whenever it is looked at.
"""
import ctypes
import gzip
import hashlib
import json
import re
import threading
import zlib
from datetime import datetime, timezone
from pathlib import Path

from engine import Failed

PLACE = re.compile(r"dt=(\d{4}-\d\d-\d\d)/hour=(\d\d)/[^/]+\.ndjson(\.zst|\.gz)?$")
STEP = 1 << 20


class _Buffer(ctypes.Structure):
    _fields_ = [("bytes", ctypes.c_void_p), ("size", ctypes.c_size_t), ("at", ctypes.c_size_t)]


class _Zstd:
    """Python has no zstd of its own yet; the library is there wherever the engine is."""

    def __init__(self):
        self.library = ctypes.CDLL("libzstd.so.1")
        for name in ("ZSTD_createDStream", "ZSTD_decompressStream"):
            getattr(self.library, name).restype = (
                ctypes.c_void_p if name == "ZSTD_createDStream" else ctypes.c_size_t)
        self.library.ZSTD_decompressStream.argtypes = [ctypes.c_void_p, ctypes.c_void_p,
                                                       ctypes.c_void_p]
        self.library.ZSTD_freeDStream.argtypes = [ctypes.c_void_p]

    def text(self, archive):
        stream = self.library.ZSTD_createDStream()
        try:
            source = ctypes.create_string_buffer(archive, len(archive))
            room = ctypes.create_string_buffer(STEP)
            taken = _Buffer(ctypes.addressof(source), len(archive), 0)
            text = b""
            while True:
                given = _Buffer(ctypes.addressof(room), STEP, 0)
                left = self.library.ZSTD_decompressStream(stream, ctypes.byref(given),
                                                          ctypes.byref(taken))
                if self.library.ZSTD_isError(ctypes.c_size_t(left)):
                    raise Failed("it is no zstd frame, or a damaged one")
                text += ctypes.string_at(room, given.at)
                if left == 0 and taken.at == taken.size:
                    return text
                if given.at < STEP and taken.at == taken.size:
                    raise Failed("it ends in the middle of a zstd frame")
        finally:
            self.library.ZSTD_freeDStream(stream)


def decoded(path, archive):
    try:
        if path.suffix == ".zst":
            return _Zstd().text(archive)
        return gzip.decompress(archive) if path.suffix == ".gz" else archive
    except (Failed, EOFError, OSError, zlib.error) as error:
        raise Failed(f"{path} is there, but not whole: {error}") from error


def objects(root):
    """All that have their final names."""
    return [path for path in sorted(Path(root).rglob("*"))
            if path.is_file() and not any(part.startswith(".")
                                          for part in path.relative_to(root).parts)]


def events(root, time_of=None):
    """Every event of every object, as JSON. With `time_of`, each has to be of its object's hour."""
    found = []
    for path in objects(root):
        place = PLACE.search(str(path))
        if not place:
            raise Failed(f"{path} lies in no dt= and hour=")
        text = decoded(path, path.read_bytes())
        if not text.endswith(b"\n"):
            raise Failed(f"{path} does not end with a whole line")
        for line in text.splitlines():
            event = json.loads(line)
            found.append(event)
            if time_of is None:
                continue
            at = datetime.fromtimestamp(time_of(event), timezone.utc)
            if (at.strftime("%Y-%m-%d"), at.strftime("%H")) != place.group(1, 2):
                raise Failed(f"an event of {at} is in {path}")
    return found


class Watch(threading.Thread):
    """Looks at every object as soon as it has its name; none may be partial, or change later."""

    def __init__(self, *roots):
        super().__init__(daemon=True)
        self.roots = roots
        self.seen = {}
        self.wrong = []
        self.looks = 0
        self.ended = threading.Event()

    def run(self):
        while not self.ended.wait(0.002):
            self.look()

    def look(self):
        self.looks += 1
        for root in self.roots:
            for path in objects(root):
                if self.ended.is_set():
                    return
                # A repeat puts another file in its place, so what is known is looked at again now
                # and then; its bytes have to be the same.
                if path in self.seen and self.looks % 50 != 0:
                    continue
                self.check(path)

    def check(self, path):
        try:
            archive = path.read_bytes()
            if path not in self.seen:
                decoded(path, archive)
            digest = hashlib.sha256(archive).digest()
            if self.seen.setdefault(path, digest) != digest:
                self.wrong.append(f"{path} was overwritten with other bytes")
        except Failed as failure:
            self.wrong.append(str(failure))

    def end(self):
        self.ended.set()
        self.join()
        for path in list(self.seen):
            self.check(path)
        return self.wrong
