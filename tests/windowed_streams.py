"""Streams of events with a time, a key and a value, and what windows over them must hold.

The real ones come from a folder of recorded streams, with an `expected.json` that others computed;
a made one comes from a seed. Both have the same reference: the rules of docs/reference/aggregates.md,
said as plainly as Python can.
"""
import csv
import datetime
import hashlib
import json
import math
import random
import re

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR

COMBINED = re.compile(r'^\S+ \S+ \S+ \[([^\]]+)\] "\S+ \S+[^"]*" (\d+) (\S+) "[^"]*" "[^"]*"$')


def micros(text, form):
    moment = datetime.datetime.strptime(text, form)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return int(moment.timestamp()) * SECOND


def iso(time):
    moment = datetime.datetime.fromtimestamp(time // SECOND, datetime.timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time % SECOND:06d}Z"


class Stream:
    """Events as (time in microseconds, key, value), in the order in which they arrive."""

    def __init__(self, name, events, size, written=iso, every=None):
        self.name = name
        self.events = list(events)
        self.size = size
        self.every = every or size
        self.written = written  # How the time stands in an event.

    def lines(self):
        for time, key, value in self.events:
            yield json.dumps({"ts": self.written(time), "key": key, "value": value}) + "\n"

    def windows(self, time):
        start = time // self.every * self.every
        while start >= 0 and start + self.size > time:
            yield start
            start -= self.every

    def reference(self, lateness):
        """The rows by (start, key), and how many events were late and dropped."""
        rows, late, dropped, latest = {}, 0, 0, 0
        for time, key, value in self.events:
            watermark = max(0, latest - lateness)
            late += time < watermark
            open_windows = [s for s in self.windows(time) if s + self.size > watermark]
            dropped += not open_windows
            for start in open_windows:
                rows.setdefault((start, key), []).append(value)
            latest = max(latest, time)
        return Rows(self, rows, late, dropped, latest - lateness)

    def later_than(self, lateness):
        latest, late = 0, 0
        for time, _, _ in self.events:
            late += latest - time > lateness
            latest = max(latest, time)
        return late


class Rows:
    def __init__(self, stream, values, late, dropped, watermark):
        self.stream = stream
        self.values = values
        self.late = late
        self.dropped = dropped
        self.watermark = watermark

    def table(self):
        """As `table export` shows them, by (key, window_start)."""
        return {(key, iso(start)): self.row(start, values)
                for (start, key), values in self.values.items()}

    def row(self, start, values):
        whole = all(isinstance(value, int) for value in values)
        exact = sum(values) if whole else math.fsum(values)
        return {"window_start": iso(start), "window_end": iso(start + self.stream.size),
                "count": len(values), "sum": exact, "min": min(values), "max": max(values),
                "avg": math.fsum(values) / len(values)}

    def closed(self):
        return {place for place in self.values
                if place[0] + self.stream.size <= self.watermark}

    def kept(self, retention):
        """Those whose end lies no further behind the watermark."""
        gone = (self.watermark - retention) // self.stream.every * self.stream.every
        return {place for place in self.values if place[0] + self.stream.size > gone}


def digest(table):
    """Of rows by (key, window_start), as the README beside `expected.json` defines it."""
    places = sorted((start, key, row["count"]) for (key, start), row in table.items())
    text = "".join(f"{start[:-4]}Z,{key},{count}\n" for start, key, count in places)
    return hashlib.sha256(text.encode()).hexdigest()


def made(count, keys, seed):
    """A clock that jitters, events that come late by up to a minute, now and then by an hour."""
    chance = random.Random(seed)
    time = 1_700_000_000 * SECOND
    for _ in range(count):
        time += chance.randrange(200_000)
        behind = chance.choice((0, 0, 0, chance.randrange(60 * SECOND)))
        if chance.random() < 0.002:
            behind = chance.randrange(HOUR)
        value = chance.choice((chance.randrange(-1000, 1000), round(chance.uniform(-9, 9), 3)))
        yield time - behind, f"key-{chance.randrange(keys)}", value


def access_log(folder):
    with open(folder / "apache_access.log", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            found = COMBINED.match(line.rstrip("\n"))
            if found:
                size = 0 if found[3] == "-" else int(found[3])
                yield micros(found[1], "%d/%b/%Y:%H:%M:%S %z"), found[2], size


def github(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            yield (micros(event["created_at"], "%Y-%m-%dT%H:%M:%SZ"), event["type"],
                   event["actor"]["id"])


def flights(folder):
    for flight in json.loads((folder / "flights_20k.json").read_text()):
        yield micros(flight["date"], "%Y/%m/%d %H:%M"), flight["origin"], flight["delay"]


def earthquakes(folder):
    collection = json.loads((folder / "earthquakes_usgs_week.geojson").read_text())
    for feature in reversed(collection["features"]):
        about = feature["properties"]
        yield about["time"] * 1000, about["net"], about["mag"]


def taxi(folder):
    with open(folder / "riot_taxi_nyc_senml.csv", encoding="utf-8") as lines:
        for line in lines:
            time, record = line.split(",", 1)
            said = {each["n"]: each for each in json.loads(record)["e"]}
            yield (int(time) * 1000, said["taxi_identifier"]["sv"],
                   float(said["total_amount"]["v"]))


def series(path):
    with open(path, encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield micros(row["timestamp"], "%Y-%m-%d %H:%M:%S"), "all", float(row["value"])


def in_millis(time):
    return time // 1000


def in_seconds(time):
    return time / SECOND


def real_streams(folder):
    streams = [
        Stream("access_log", access_log(folder), HOUR),
        Stream("github", github(folder / "github_events.ndjson"), 10 * SECOND),
        Stream("flights", flights(folder), DAY),
        Stream("earthquakes", earthquakes(folder), HOUR, in_millis),
        Stream("taxi", taxi(folder), 60 * SECOND, in_millis),
    ]
    for path in sorted((folder / "nab").glob("real*.csv")):
        streams.append(Stream(path.stem.split("_", 1)[1], series(path), HOUR, in_seconds))
        streams[-1].expected_as = f"nab/{path.name}"
    return streams


def rows(engine, table):
    return {(row["key"], row["value"].get("window_start")): row["value"]
            for row in engine.lines("table", "export", table)}


def differences_from_expected(expected, name, stream, table):
    """What others computed of a recorded stream, against the rows that the engine has."""
    about = expected[getattr(stream, "expected_as", {
        "access_log": "apache_access.log", "github": "github_events.ndjson",
        "flights": "flights_20k.json", "earthquakes": "earthquakes_usgs_week.geojson",
        "taxi": "riot_taxi_nyc_senml.csv"}.get(stream.name))]
    per = about.get("hourly") or about.get("per_10s") or about.get("daily") or {}
    expected_digest = (per.get("digest") or about.get("hourly_digest") or about.get("per_minute_digest"))
    found = []

    def same(what, mine, theirs):
        if mine != theirs:
            found.append(f"{name}: {what} is {mine}, expected.json says {theirs}")

    for lateness, count in about.get("order_reversed", about["order"])["later_than_ms"].items():
        same(f"later than {lateness} ms", stream.later_than(int(lateness) * 1000), count)
    by_window = {}
    for (_, start), row in table.items():
        by_window[start] = by_window.get(start, 0) + row["count"]
    if "by_window" in per:
        same("windows", {start[:-4] + "Z": count for start, count in by_window.items()},
             per["by_window"])
        same("keyed pairs", len(table), per["keyed_pairs"])
    if expected_digest:
        same("digest", digest(table), expected_digest)
    if "hourly_windows" in about:
        same("hourly windows", len(table), about["hourly_windows"])
        # Theirs is added up event by event and rounded each time; the engine's is rounded once.
        theirs = 0.0
        for _, _, value in stream.events:
            theirs += value
        same("sum, added up as they did", round(theirs, 6), about["sum"])
        same("sum", round(math.fsum(row["sum"] for row in table.values()), 6),
             round(math.fsum(value for _, _, value in stream.events), 6))
        same("min", min(row["min"] for row in table.values()), about["min"])
        same("max", max(row["max"] for row in table.values()), about["max"])
        same("hourly mean", round(max(row["avg"] for row in table.values()), 6),
             about["hourly_mean_max"])
    return found
