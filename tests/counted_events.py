"""A file of events for crash_counter, and what an engine must have made of it."""
import random

POISON = 0.01
FLAKY = 0.05
LINE_BYTES = 120


class CountedEvents:
    """Writes the file; keeps the reference: counters, the last event per key, and the poison."""

    def __init__(self, path, count, keys, seed, poison=POISON, flaky=FLAKY):
        self.path = path
        self.count = count
        self.bytes = 0
        self.counters = {}
        self.latest = {}
        self.poison = {}  # Where poison events begin: their key, value and number.
        chance = random.Random(seed)
        half = poison / 2
        with open(path, "w", encoding="ascii") as file:
            for n in range(count):
                key = f"key-{chance.randrange(keys)}"
                value = chance.randrange(1000)
                dice = chance.random()
                act = ("reject" if dice < half else "throw" if dice < poison
                       else "flaky" if dice < poison + flaky else "count")
                line = f'{{"n":{n},"key":"{key}","value":{value},"act":"{act}","text":"'
                line += "x" * (LINE_BYTES - len(line) - 3) + '"}\n'
                if act in ("reject", "throw"):
                    self.poison[self.bytes] = (key, value, n)
                else:
                    self.expect(key, value, n)
                self.bytes += file.write(line)

    def expect(self, key, value, n):
        for name, amount in ((f"{key}/events", 1), (f"{key}/value", value)):
            self.counters[name] = self.counters.get(name, 0) + amount
        self.latest[key] = n

    def heal(self):
        """What was poison is counted from here on."""
        for key, value, n in self.poison.values():
            self.expect(key, value, n)
        self.poison = {}

    def differences(self, engine, ordered, pipeline):
        """What of the engine's tables and dead letters is not as it must be, in sentences."""
        found = compared("counter", self.counters, rows_of(engine, "counters"))
        if ordered:
            found += compared("latest event of", self.latest, rows_of(engine, "latest"))
        return found + self.letter_differences(engine, pipeline)

    def letter_differences(self, engine, pipeline):
        letters = [int(letter["event_id"].rpartition("@")[2])  # An id ends with its offset.
                   for letter in engine.lines("dlq", "list", "--pipeline", pipeline)]
        buried = set(letters)
        found = []
        if len(letters) != len(buried):
            found.append(f"{len(letters) - len(buried)} dead letters are there twice")
        for offset in sorted(self.poison.keys() - buried)[:5]:
            found.append(f"the poison event at {offset} is not in the dead letters")
        for offset in sorted(buried - self.poison.keys())[:5]:
            found.append(f"the event at {offset} is in the dead letters but is no poison")
        return found


def rows_of(engine, table):
    return {row["key"]: row["value"] for row in engine.lines("table", "export", table)}


def compared(what, expected, seen):
    wrong = [key for key in expected.keys() | seen.keys() if expected.get(key) != seen.get(key)]
    found = [f"{what} {key}: {seen.get(key)} instead of {expected.get(key)}"
             for key in sorted(wrong)[:5]]
    if len(wrong) > 5:
        found.append(f"{what}: {len(wrong) - 5} more are wrong")
    return found

