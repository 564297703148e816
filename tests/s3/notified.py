"""Cases of buckets that tell of their objects: notifications of a real server, over HTTP and Kafka."""
import itertools
import json
import random
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from engine import Failed
from kafka_broker import KafkaBroker
from server_process import free_ports

HANGS = 120  # Seconds.
SOON = 1.0   # Within which what is told of has to be an event, where listings are an hour apart.


def expect(holds, what):
    if not holds:
        raise Failed(what)


def pipeline_of(case, notifications, **more):
    """Counts the objects of a bucket by key; listings are an hour apart."""
    source = {"url": f"s3://{case.uploads}", "endpoint": case.server.url, "scan": "1h",
              "notifications": notifications, **more}
    return case.file("notified.yaml", json.dumps({"pipelines": {"notified": {
        "source": {"bucket": source},
        "sinks": {"seen": {"from": "event",
                           "aggregate": {"table": "seen", "key": ".object.key", "count": True}}}}}}))


def start(case, engine):
    engine.start("--admin-listen", "off", "--log-level", "warning")
    ready = engine.wait_until(lambda: any(line["state"] == "running" for line in
                                          engine.live("/api/v1/pipelines")), HANGS)
    expect(ready, "the engine does not run")


def seen(engine):
    """How many events there were of each key, in the data folder of a stopped engine."""
    return {row["key"]: row["value"]["count"] for row in engine.lines("table", "export", "seen")}


def events_of(engine):
    return sum(line["committed"] for line in engine.live("/api/v1/pipelines"))


def wait_for_events(engine, events, seconds=HANGS):
    started = time.monotonic()
    expect(engine.wait_until(lambda: events_of(engine) >= events, seconds),
           f"{events} events do not come within {seconds} s")
    return time.monotonic() - started


def stop(engine):
    engine.process.terminate()
    expect(engine.wait(HANGS), "a drain hangs")
    expect(engine.process.returncode == 0, f"a drain ended with {engine.process.returncode}")


def push_to(case, url):
    """Has the server post what becomes of the objects of the case to `url`."""
    topic = case.store.topic(case.uploads, {"push-endpoint": url})
    case.store.s3.put_bucket_notification_configuration(
        Bucket=case.uploads, NotificationConfiguration={"TopicConfigurations": [
            {"Id": "all", "TopicArn": topic,
             "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}]})


def listener_of(case):
    (port,) = free_ports(1)
    source = {"http": {"listen": f"127.0.0.1:{port}", "path": "/s3", "respond": 200}}
    return source, f"http://127.0.0.1:{port}/s3"


def post(url, body):
    request = urllib.request.Request(url, data=body.encode(), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def notifications_are_events_at_once(case, keys):
    listener, url = listener_of(case)
    engine = case.engine_of(pipeline_of(case, listener, suffix=[".jpg"], events=["created", "removed"]))
    case.store.put(case.uploads, "before.jpg", b"x")
    start(case, engine)
    push_to(case, url)
    wait_for_events(engine, 1)
    took, unanswered = [], []
    for n, key in enumerate(keys):
        put = time.monotonic()
        unanswered += [one for one in (key, key + ".txt")  # The other one is not asked for.
                       if not case.store.put_once(case.uploads, one, b"x")]
        wait_for_events(engine, n + 2, 30)
        took.append(time.monotonic() - put)
    case.store.s3.delete_object(Bucket=case.uploads, Key=keys[0])
    wait_for_events(engine, len(keys) + 2, 30)
    status, why = post(url, "garbage")
    expect(status == 400 and "this is no notification of S3: it is not JSON" in why,
           f"garbage is answered with {status} {why!r}")
    status, _ = post(url, json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}))
    expect(status == 200, f"a test is answered with {status}")
    stop(engine)
    expect(seen(engine) == {"before.jpg": 1, keys[0]: 2, **dict.fromkeys(keys[1:], 1)},
           f"events: {seen(engine)}")
    # One may be the server's own doing (see put_once()); more are requests that got no answer here.
    expect(len(unanswered) <= 1, f"PUTs without an answer: {unanswered}")
    took.sort()
    expect(took[len(took) // 2] < SOON, f"an event takes {took[len(took) // 2]:.2f} s")
    return f"{len(keys)} keys, an event after {took[len(took) // 2] * 1000:.0f} ms"


def what_was_told_survives_a_kill(case):
    """The server is answered before anything is settled: what was told must not be lost with us."""
    listener, url = listener_of(case)
    engine = case.engine_of(pipeline_of(case, listener))
    chance = random.Random(case.options.seed)
    start(case, engine)
    push_to(case, url)
    answered, unanswered = [], []
    ending = threading.Event()

    def keep_putting():
        for key in map("{:05}".format, itertools.count()):
            if ending.is_set():
                return
            # Written once, answered or not (see put_once()): two events of it are one too many.
            known = answered if case.store.put_once(case.uploads, key, b"x") else unanswered
            known.append(key)

    with ThreadPoolExecutor(1) as threads:
        putting = threads.submit(keep_putting)
        try:
            for _ in range(5):
                wait_for_events(engine, 1)
                engine.wait(chance.uniform(0, 0.5))
                expect(engine.kill(), "the engine ended by itself")
                start(case, engine)
        finally:
            ending.set()
        putting.result()
    engine.wait_until(lambda: False, 0.5)
    stop(engine)
    put = {*answered, *case.store.keys(case.uploads)}
    # What was told while nobody listened is in the bucket, where a start finds it.
    engine.run_to_end(HANGS)
    counts = seen(engine)
    missing, doubled = put - set(counts), [key for key, n in counts.items() if n != 1]
    expect(not missing and not doubled,
           f"{len(missing)} of {len(put)} missing, {len(doubled)} twice")
    return f"{len(put)} objects, 5 kills, {len(unanswered)} answers never came"


def notifications_come_by_kafka(case):
    records = [
        {"Records": [{"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "s3": {
            "bucket": {"name": case.uploads}, "object": {"key": "of+aws%2B%C3%BC.jpg", "size": 1}}}]},
        {"EventName": "s3:ObjectCreated:Put", "Key": f"{case.uploads}/of minio.jpg", "Records": [
            {"eventSource": "minio:s3", "eventName": "s3:ObjectCreated:Put", "s3": {
                "bucket": {"name": case.uploads}, "object": {"key": "of+minio.jpg", "size": 1}}}]},
        {"Records": [{"s3": {"bucket": {"name": "others"}, "object": {"key": "theirs.jpg"}}}]}]
    with KafkaBroker() as kafka:
        kafka.create_topic("uploads")
        engine = case.engine_of(pipeline_of(case, {"kafka": {
            "brokers": kafka.address, "topic": "uploads", "group": "mill", "start": "earliest"}}))
        start(case, engine)
        for key in ("of aws+\u00fc.jpg", "of minio.jpg", "theirs.jpg"):
            case.store.put(case.uploads, key, b"x")
        kafka.produce("uploads", ["garbage", *map(json.dumps, records)])
        wait_for_events(engine, 2)
        settled = engine.wait_until(lambda: kafka.group_offsets("mill", "uploads", 1)[0] == 4, HANGS)
        expect(settled, "the group is not told")
        stop(engine)
        start(case, engine)
        stop(engine)
    expect(seen(engine) == {"of aws+\u00fc.jpg": 1, "of minio.jpg": 1, "theirs.jpg": 1},
           f"events: {seen(engine)}")
