"""One PostgreSQL server for tests: started, killed, paused and started again.

    with PostgresServer() as postgres:
        postgres.run("CREATE TABLE orders (id int PRIMARY KEY, total numeric)")
        ... postgres.url, postgres.user, postgres.password ...
        postgres.kill()
        postgres.start()

It lets its user in with a password (SCRAM), with TLS by a certificate of its own (`certificate`) or
without, and keeps what it was told: its commits are synced, and kill() ends all of its processes at
once. Everything lives in a temporary folder; the port is a free one of the loopback device, the same
for the whole life of the object. PostgreSQL does not run as root: there it runs as the user postgres,
or nobody. Waits are bounded, and no process that was started here outlives the program that started
it. Needs the package postgresql (scripts/packages test); starts no service of the system.
"""
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from server_process import (LOOK_EVERY, READY_SECONDS, ServerFailed, ServerProcess, free_ports,
                            spawn, wait_until_ready)

END_SECONDS = 10
USERS = ("postgres", "nobody")  # Who it may run as where we are root.
SETTINGS = """\
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
ssl = on
ssl_cert_file = '{folder}/cert.pem'
ssl_key_file = '{folder}/key.pem'
shared_buffers = 64MB
max_wal_size = 2GB
log_checkpoints = off
"""
ACCESS = """\
local all {admin} trust
host all all 127.0.0.1/32 scram-sha-256
"""


def programs():
    """The folder of a PostgreSQL installation: Debian keeps one for each version."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (folder / "initdb").exists():
            return folder
    if (found := shutil.which("initdb")) is not None:
        return Path(found).resolve().parent
    raise ServerFailed("there is no initdb; `scripts/packages test` installs postgresql")


def account():
    """For Popen: who to run it as."""
    if os.geteuid() != 0:
        return {}
    for name in USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise ServerFailed(f"PostgreSQL does not run as root, and there is neither of {USERS}")


class PostgresServer(ServerProcess):
    user, password, database = "tide", "swordfish-5432", "tide"

    def __init__(self):
        self.bin = programs()
        self.account = account()
        self.own = tempfile.TemporaryDirectory(prefix="tidemill-postgres-")
        self.folder = Path(self.own.name)
        self.port, = free_ports(1)
        self.url = f"postgres://127.0.0.1:{self.port}/{self.database}"
        self.certificate = self.folder / "cert.pem"
        self.process = None
        try:
            self._prepare()
        except BaseException:
            self.own.cleanup()
            raise

    @property
    def log(self):
        return self.folder / "server.log"

    def _call(self, *command, given=None):
        done = subprocess.run(
            [str(word) for word in command], input=given, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, timeout=READY_SECONDS, check=False, cwd=self.folder,
            **self.account)
        if done.returncode != 0:
            raise ServerFailed(f"{Path(command[0]).name}: {done.stderr or done.stdout}")
        return done.stdout

    def _prepare(self):
        if self.account:
            os.chown(self.folder, self.account["user"], self.account["group"])
        self._call("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                   "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj",
                   "/CN=tidemill test", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                   "-keyout", self.folder / "key.pem", "-out", self.certificate)
        self._call(self.bin / "initdb", "-D", self.folder / "data", "-U", "admin", "-A", "trust",
                   "-E", "UTF8", "--locale=C", "--no-instructions")
        data = self.folder / "data"
        with open(data / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(SETTINGS.format(port=self.port, folder=self.folder))
        (data / "pg_hba.conf").write_text(ACCESS.format(admin="admin"), encoding="utf-8")

    def start(self):
        """Returns once it answers. After kill() it goes on with what it had committed."""
        self.process = spawn([str(self.bin / "postgres"), "-D", str(self.folder / "data")],
                             self.log, cwd=self.folder, **self.account)
        wait_until_ready(self.process, self.log, self._answers)

    def __enter__(self):
        super().__enter__()
        try:
            self.run(f"CREATE ROLE {self.user} LOGIN PASSWORD '{self.password}'", database="postgres")
            self.run(f"CREATE DATABASE {self.database} OWNER {self.user}", database="postgres")
        except BaseException:
            self.__exit__()
            raise
        return self

    def run(self, *statements, database=None):
        """Runs each as the administrator of the server, and returns what the last one gives: rows of
        texts."""
        options = [word for one in statements for word in ("-c", one)]
        said = self._call(self.bin / "psql", "-X", "-q", "-A", "-t", "-F", "\x1f", "-R", "\x1e",
                          "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", self.port, "-U", "admin",
                          "-d", database or self.database, *options)
        said = said.rstrip("\n")
        return [tuple(row.split("\x1f")) for row in said.split("\x1e")] if said else []

    def _answers(self):
        try:
            self.run("SELECT 1", database="postgres")
            return True
        except ServerFailed:
            return False

    def _signal(self, number):
        """To all of its processes, which it answers. First to the one that would start more."""
        main = self.process.pid
        os.kill(main, signal.SIGSTOP)
        children = Path(f"/proc/{main}/task/{main}/children").read_text(encoding="ascii").split()
        for pid in (*map(int, children), main):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        return [main, *map(int, children)]

    def __exit__(self, *_):
        if self.alive():
            self.resume()
            self.process.send_signal(signal.SIGQUIT)  # So that it gives back its shared memory.
            try:
                self.process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                pass
        super().__exit__()

    def kill(self):
        if not self.alive():
            return
        killed = self._signal(signal.SIGKILL)
        self.process.wait()
        # As long as one of them holds the shared memory, no other server starts on its data.
        deadline = time.monotonic() + END_SECONDS
        while any(Path(f"/proc/{pid}").exists() for pid in killed) and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)

    def pause(self):
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)
