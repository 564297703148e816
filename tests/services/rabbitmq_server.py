"""One RabbitMQ broker for tests: started, killed, paused and started again.

    with RabbitmqServer() as rabbit:
        rabbit.declare("jobs")
        rabbit.publish("jobs", [("e1", b"{}")])
        ... rabbit.address ...
        rabbit.kill()
        rabbit.start()

Debian's rabbitmq-server (scripts/packages test), as a node of its own: with an epmd of its own, its
data in a temporary folder and free ports of the loopback device, the same for the whole life of the
object. Waits are bounded, and no process that was started here outlives the program that started
it. Tests speak to it with pika, which comes from PyPI once.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pypi
from kafka_broker import Certificates
from server_process import (READY_SECONDS, ServerFailed, ServerProcess, free_ports, spawn,
                            wait_until_ready)

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # The one in PATH changes the user.
CONTROL = SERVER.with_name("rabbitmqctl")
USER, PASSWORD = "tide", "mill-secret"
READY = b"Server startup complete"
CLIENT = ("pika==1.3.2",)
TRIES, TRY_AGAIN = 10, 0.2  # How often, and after how many seconds.
# Few threads, which sleep when they have nothing to do: the cores are others' too.
ERLANG = "+S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none"


def load_pika():
    try:
        folder = pypi.packages(pypi.environment("amqp", CLIENT))
    except pypi.FetchFailed as failure:
        raise ServerFailed(str(failure)) from None
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    import pika  # pylint: disable=import-outside-toplevel
    return pika


class RabbitmqServer(ServerProcess):
    def __init__(self):
        if not SERVER.exists():
            raise ServerFailed(f"there is no {SERVER}; scripts/packages test installs it")
        self.pika = load_pika()
        self.own = tempfile.TemporaryDirectory(prefix="tidemill-rabbitmq-")
        self.folder = Path(self.own.name)
        self.certificates = Certificates(self.folder)
        self.port, self.tls_port, self.epmd_port, dist_port = free_ports(4)
        self.address = f"127.0.0.1:{self.port}"
        self.tls_address = f"127.0.0.1:{self.tls_port}"
        (self.folder / "rabbitmq.conf").write_text("\n".join((
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            f"listeners.ssl.1 = 127.0.0.1:{self.tls_port}",
            f"ssl_options.cacertfile = {self.certificates.ca}",
            f"ssl_options.certfile = {self.certificates.server}",
            f"ssl_options.keyfile = {self.certificates.server_key}",
            "ssl_options.verify = verify_none",
            f"default_user = {USER}",
            f"default_pass = {PASSWORD}",
            "disk_free_limit.absolute = 1MB",
            "")), encoding="utf-8")
        (self.folder / "enabled_plugins").write_text("[].\n", encoding="utf-8")
        self.environment = {
            **os.environ,
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(self.epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": "tidemill@localhost",
            "RABBITMQ_DIST_PORT": str(dist_port),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": ERLANG,
            # So that the script becomes the node, instead of waiting for it.
            "RUNNING_UNDER_SYSTEMD": "true",
        }
        self.epmd = None

    @property
    def log(self):
        return self.folder / "node.log"

    def begin(self):
        """As start(), but returns at once."""
        if self.epmd is None:
            self.epmd = spawn([shutil.which("epmd"), "-port", str(self.epmd_port), "-address",
                               "127.0.0.1"], self.folder / "epmd.log")
        self.process = spawn([str(SERVER)], self.log, cwd=self.folder, env=self.environment)

    def wait_until_ready(self):
        wait_until_ready(self.process, self.log, lambda: READY in self.log.read_bytes())

    def start(self):
        """Returns once it takes clients. After kill() it goes on with what it had."""
        self.begin()
        self.wait_until_ready()

    def __exit__(self, *_):
        self.kill()
        if self.epmd is not None:
            self.epmd.kill()
            self.epmd.wait()
        self.own.cleanup()

    def connect(self):
        """A connection of pika's, to be closed."""
        login = self.pika.PlainCredentials(USER, PASSWORD)
        return self.pika.BlockingConnection(self.pika.ConnectionParameters(
            "127.0.0.1", self.port, credentials=login, socket_timeout=30,
            blocked_connection_timeout=60))

    def ask(self, work):
        """As on_channel(), for what may be done again: a quorum queue of a broker that has just
        started may not answer yet."""
        for _ in range(TRIES - 1):
            try:
                return self.on_channel(work)
            except self.pika.exceptions.AMQPError:
                time.sleep(TRY_AGAIN)
        return self.on_channel(work)

    def on_channel(self, work):
        """What `work(channel)` answers."""
        connection = self.connect()
        try:
            return work(connection.channel())
        finally:
            if connection.is_open:
                connection.close()

    def declare(self, queue, **arguments):
        """A durable queue; the names of its arguments are written with _ for -."""
        arguments = {f"x-{name.replace('_', '-')}": value for name, value in arguments.items()}
        self.on_channel(lambda channel: channel.queue_declare(queue, durable=True,
                                                              arguments=arguments))

    def delete(self, queue):
        """With what is in it; its consumers are told."""
        self.on_channel(lambda channel: channel.queue_delete(queue))

    def declare_exchange(self, exchange, kind, *bindings):
        """A durable exchange; (queue, routing key) of each binding."""
        def make(channel):
            channel.exchange_declare(exchange, kind, durable=True)
            for queue, routing_key in bindings:
                channel.queue_bind(queue, exchange, routing_key)
        self.on_channel(make)

    def publish(self, queue, messages, exchange="", **properties):
        """(id, body) each; returns once the broker has all of them."""
        def put(channel):
            channel.confirm_delivery()
            for name, body in messages:
                self._publish(channel, exchange, queue, body, self.pika.BasicProperties(
                    message_id=name, delivery_mode=2, **properties))
        self.on_channel(put)

    def fill(self, queue, messages):
        """As publish() into a queue that nobody reads, for many."""
        def put(channel):
            for name, body in messages:
                channel.basic_publish("", queue, body, self.pika.BasicProperties(
                    message_id=name, delivery_mode=2))
        self.on_channel(put)
        deadline = time.monotonic() + READY_SECONDS
        while self.ready(queue) < len(messages):
            if time.monotonic() > deadline:
                raise ServerFailed(f"{queue} does not get {len(messages)} messages")
            time.sleep(TRY_AGAIN)

    def control(self, *command):
        """What an operator does with rabbitmqctl."""
        done = subprocess.run([str(CONTROL), *command], env=self.environment, cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=READY_SECONDS, check=False)
        if done.returncode != 0:
            raise ServerFailed(f"rabbitmqctl {' '.join(command)}: {done.stdout}")

    def _publish(self, channel, *message):
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                return channel.basic_publish(*message, mandatory=True)
            except self.pika.exceptions.NackError:  # Of a queue that is still being recovered.
                if time.monotonic() > deadline:
                    raise
                time.sleep(TRY_AGAIN)

    def ready(self, queue):
        """How many messages wait for a consumer."""
        return self.ask(lambda channel: channel.queue_declare(queue, passive=True)
                        .method.message_count)

    def consumers(self, queue):
        return self.ask(lambda channel: channel.queue_declare(queue, passive=True)
                        .method.consumer_count)

    def look_at_all(self, queue):
        """(routing key, properties, body) of every message that waits; it stays there."""
        def look(channel):
            seen = []
            while True:
                method, properties, body = channel.basic_get(queue, auto_ack=False)
                if method is None:
                    return seen
                seen.append((method.routing_key, properties, body))
        return self.ask(look)
