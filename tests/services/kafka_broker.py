"""One Apache Kafka broker in KRaft mode, for tests: started, killed, paused and started again.

    with KafkaBroker() as kafka:
        kafka.create_topic("clicks", partitions=4)
        ... kafka.address ...
        kafka.kill()
        kafka.start()

The jars come from Maven Central once, into ~/.cache/tidemill. Everything else lives in a temporary
folder; the ports are free ones of the loopback device, the same for the whole life of the object.
Waits are bounded, and a broker that was started here never outlives the program that started it.
"""
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

import maven
from server_process import (READY_SECONDS, ServerFailed, ServerProcess, free_ports, spawn,
                            wait_until_ready)

HERE = Path(__file__).resolve().parent
POM = HERE / "kafka-pom.xml"
VERSION = "4.1.0"
OLDER_VERSION = "3.9.1"  # The last line of brokers before Kafka 4.
READY = b"Kafka Server started"
USER, PASSWORD = "tide", "mill-secret"  # Of both SASL mechanisms.
LISTENERS = ("PLAINTEXT", "SASL_PLAINTEXT", "SSL", "CONTROLLER")
# Requests of Kafka's protocol, each with its version.
CREATE_TOPICS, DELETE_TOPICS, DELETE_RECORDS = (19, 2), (20, 1), (21, 1)
OFFSET_FETCH = (9, 1)


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def text(value):
    """As Kafka's protocol has it."""
    data = value.encode()
    return struct.pack(">h", len(data)) + data


def many(items):
    return struct.pack(">i", len(items)) + b"".join(items)


class Certificates:
    """An authority of its own, a server and a client that it vouches for; all as PEM."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.ca = self.folder / "ca.pem"
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                "/CN=tests", "-keyout", str(self.folder / "ca.key"), "-out", str(self.ca))
        self.server, self.server_key = self._signed("server", "subjectAltName=IP:127.0.0.1")
        self.client, self.client_key = self._signed("client", "basicConstraints=CA:FALSE")

    def _signed(self, name, extension):
        key, request, certificate, more = (self.folder / f"{name}.{end}"
                                           for end in ("key", "csr", "pem", "ext"))
        more.write_text(extension + "\n", encoding="utf-8")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout",
                str(key), "-out", str(request))
        openssl("x509", "-req", "-in", str(request), "-CA", str(self.ca), "-CAkey",
                str(self.folder / "ca.key"), "-CAcreateserial", "-days", "2", "-extfile",
                str(more), "-out", str(certificate))
        return certificate, key


class KafkaBroker(ServerProcess):
    def __init__(self, folder=None, version=VERSION, **properties):
        """`folder` stays; without one there is a temporary one that goes. `properties` of the
        broker are written with _ for the dots of their names."""
        self.own = tempfile.TemporaryDirectory(prefix="tidemill-kafka-") if folder is None else None
        self.folder = Path(self.own.name if self.own else folder)
        try:
            self.jars = maven.jars(POM, kafka_version=version)
        except maven.FetchFailed as failure:
            raise ServerFailed(str(failure)) from None
        self.process = None
        self.certificates = Certificates(self.folder)
        ports = dict(zip(LISTENERS, free_ports(len(LISTENERS))))
        self.address = f"127.0.0.1:{ports['PLAINTEXT']}"
        self.sasl_address = f"127.0.0.1:{ports['SASL_PLAINTEXT']}"
        self.tls_address = f"127.0.0.1:{ports['SSL']}"
        self.config = self.folder / "server.properties"
        self.config.write_text(self._config(ports, properties), encoding="utf-8")
        self._format()

    def _config(self, ports, more):
        clients = [name for name in LISTENERS if name != "CONTROLLER"]
        keystore = self.folder / "server-keystore.pem"
        keystore.write_text(self.certificates.server_key.read_text(encoding="utf-8") +
                            self.certificates.server.read_text(encoding="utf-8"),
                            encoding="utf-8")
        scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        plain = ("org.apache.kafka.common.security.plain.PlainLoginModule required "
                 f'user_{USER}="{PASSWORD}";')
        lines = {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@127.0.0.1:{ports['CONTROLLER']}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listeners": ",".join(f"{name}://127.0.0.1:{ports[name]}" for name in LISTENERS),
            "advertised.listeners": ",".join(f"{name}://127.0.0.1:{ports[name]}"
                                             for name in clients),
            "listener.security.protocol.map": "CONTROLLER:PLAINTEXT," + ",".join(
                f"{name}:{name}" for name in clients),
            "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            "listener.name.sasl_plaintext.plain.sasl.jaas.config": plain,
            "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config": scram,
            "listener.name.sasl_plaintext.scram-sha-512.sasl.jaas.config": scram,
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": keystore,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": self.certificates.ca,
            "ssl.client.auth": "required",
            "log.dirs": self.folder / "data",
            "auto.create.topics.enable": "false",
            "offsets.topic.num.partitions": 1,
            "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 1,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            "group.min.session.timeout.ms": 1000,
            "num.network.threads": 2,
            "num.io.threads": 2,
            "log.cleaner.dedupe.buffer.size": 8 << 20,
        }
        lines.update({name.replace("_", "."): value for name, value in more.items()})
        return "".join(f"{name}={value}\n" for name, value in lines.items())

    def _java(self, main, *arguments):
        return ["java", "-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                "-Dlog4j.configurationFile=" + str(HERE / "kafka-log4j2.xml"),
                "-cp", f"{self.jars}/*", main, *arguments]

    def _format(self):
        scram = [f"SCRAM-SHA-{bits}=[name={USER},password={PASSWORD},iterations=4096]"
                 for bits in (256, 512)]
        done = subprocess.run(
            self._java("kafka.tools.StorageTool", "format", "-t", "dGlkZW1pbGwtdGVzdHMtMQ", "-c",
                       str(self.config), "--add-scram", scram[0], "--add-scram", scram[1]),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=READY_SECONDS,
            check=False)
        if done.returncode != 0:
            raise ServerFailed(f"the broker's folder could not be made:\n{done.stdout}")

    def __exit__(self, *_):
        self.stop()
        if self.own:
            self.own.cleanup()

    @property
    def log(self):
        return self.folder / "broker.log"

    def start(self):
        """Returns once it answers. After kill() or stop() it goes on with what it had."""
        self.process = spawn(self._java("kafka.Kafka", str(self.config)), self.log)
        wait_until_ready(self.process, self.log, lambda: READY in self.log.read_bytes())

    def create_topic(self, name, partitions=1, **config):
        """`config` of the topic is written with _ for the dots of its names."""
        settings = [(key.replace("_", "."), str(value)) for key, value in config.items()]
        self._admin(CREATE_TOPICS, many([
            text(name) + struct.pack(">ih", partitions, 1) + many([]) +
            many([text(key) + text(value) for key, value in settings])]) +
            struct.pack(">i?", READY_SECONDS * 1000, False))

    def delete_topic(self, name):
        self._admin(DELETE_TOPICS, many([text(name)]) + struct.pack(">i", READY_SECONDS * 1000))

    def delete_records(self, topic, partition, before):
        """As its retention does."""
        self._admin(DELETE_RECORDS, many([
            text(topic) + many([struct.pack(">iq", partition, before)])]) +
            struct.pack(">i", READY_SECONDS * 1000), error_at=16)

    def _admin(self, request, body, error_at=0):
        """Asks by Kafka's protocol, which takes a hundredth of the time of its tools. Of one topic:
        the answer is a throttle time and a list of one, with its name and, `error_at` bytes behind
        that, an error code."""
        answer = self._ask(request, body)
        at = 12  # Behind the number of the request, the throttle time and the length of the list.
        at += 2 + struct.unpack_from(">h", answer, at)[0] + error_at
        error, = struct.unpack_from(">h", answer, at)
        if error != 0:
            raise ServerFailed(f"the broker answers with error {error} to request {request[0]}")

    def group_offsets(self, group, topic, partitions):
        """What the group was told of each partition; -1: nothing."""
        numbers = range(partitions)
        answer = self._ask(OFFSET_FETCH, text(group) + many([
            text(topic) + many([struct.pack(">i", number) for number in numbers])]))
        at = 8  # Behind the number of the request and the length of a list of one topic.
        at += 2 + struct.unpack_from(">h", answer, at)[0] + 4
        offsets = {}
        for _ in numbers:
            number, offset, size = struct.unpack_from(">iqh", answer, at)
            offsets[number] = offset
            at += 14 + max(size, 0) + 2
        return [offsets[number] for number in numbers]

    def _ask(self, request, body):
        key, version = request
        frame = struct.pack(">hhi", key, version, 1) + text("tests") + body
        host, port = self.address.split(":")
        with socket.create_connection((host, int(port)), READY_SECONDS) as broker:
            broker.sendall(struct.pack(">i", len(frame)) + frame)
            size, = struct.unpack(">i", self._read(broker, 4))
            return self._read(broker, size)

    @staticmethod
    def _read(broker, size):
        data = b""
        while len(data) < size:
            more = broker.recv(size - len(data))
            if not more:
                raise ServerFailed("the broker has closed the connection")
            data += more
        return data

    def produce(self, topic, lines, *options):
        """One record a line, `key<TAB>value` with `-K`; returns when the broker has them all."""
        subprocess.run(["kcat", "-P", "-b", self.address, "-t", topic, *options],
                       input="".join(line + "\n" for line in lines), text=True, check=True,
                       timeout=READY_SECONDS)

    def produce_values(self, topic, partition, values):
        """One record for each of `values`, which may be any bytes."""
        with tempfile.TemporaryDirectory(prefix="tidemill-values-") as folder:
            files = []
            for value in values:
                files.append(f"{folder}/{len(files)}")
                Path(files[-1]).write_bytes(value)
            subprocess.run(["kcat", "-P", "-b", self.address, "-t", topic, "-p", str(partition),
                            *files], check=True, timeout=READY_SECONDS)

    def consume(self, topic, form="%s\\n", *options):
        """Every record that the topic has now, from its beginning, in kcat's format `form`."""
        done = subprocess.run(["kcat", "-C", "-b", self.address, "-t", topic, "-o", "beginning",
                               "-e", "-q", "-f", form, *options], stdout=subprocess.PIPE,
                              text=True, check=True, timeout=READY_SECONDS)
        return done.stdout.splitlines()
