"""One S3 server for tests, Ceph's radosgw: started, killed, paused and started again.

    with S3Server() as s3:
        ... s3.url, s3.access_key, s3.secret_key ...
        s3.kill()
        s3.start()

It checks signatures, has multipart uploads, versions and notifications. Its objects live in the
memory of an OSD beside it, so that they outlive a kill of the server, not the end of the object.
Everything else lives in a temporary folder; the ports are free ones of the loopback device, the
same for the whole life of the object. Waits are bounded, and no process that was started here
outlives the program that started it. Needs the packages radosgw, ceph-mon, ceph-osd and ceph-common
(scripts/packages test); starts no service of the system.
"""
import http.client
import shutil
import subprocess
import tempfile
import uuid
from pathlib import Path

from server_process import (READY_SECONDS, ServerFailed, ServerProcess, free_ports, spawn,
                            wait_until_ready)

PROGRAMS = ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "ceph-authtool",
            "monmaptool", "openssl")

CONFIG = """\
[global]
fsid = {fsid}
mon host = 127.0.0.1:{mon_port}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {folder}/keyring
auth allow insecure global id reclaim = false
osd pool default size = 1
osd pool default min size = 1
osd crush chooseleaf type = 0
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
osd objectstore = memstore
memstore device bytes = 4294967296
memstore page set = false
osd max object name len = 256
osd class load list = *
osd class default list = *
run dir = {folder}
log file = {folder}/$name.log
mon cluster log file = {folder}/cluster.log
admin socket = {folder}/$name.asok
pid file = {folder}/$name.pid
ms bind ipv6 = false
public addr = 127.0.0.1
setuser match path = {folder}
[mon]
mon data = {folder}/mon
mon data avail crit = 1
mon data avail warn = 2
[osd]
osd data = {folder}/osd
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:{port} ssl_endpoint=127.0.0.1:{tls_port} \
ssl_certificate={folder}/cert.pem ssl_private_key={folder}/key.pem
rgw enable apis = s3, s3website, sts, admin, notifications
rgw dns name = s3.local
rgw thread pool size = 64
rgw run sync thread = false
rgw enable usage log = false
"""

KEYS = (("mon.", ("mon", "allow *")),
        ("client.admin", ("mon", "allow *"), ("osd", "allow *"), ("mgr", "allow *")),
        ("osd.0", ("mon", "allow profile osd"), ("osd", "allow *"), ("mgr", "allow profile osd")),
        ("client.rgw.a", ("mon", "allow rw"), ("osd", "allow rwx")))


def missing_programs():
    return [program for program in PROGRAMS if shutil.which(program) is None]


class S3Server(ServerProcess):
    access_key = "TIDEMILLTESTS"
    secret_key = "mill/secret+of=tests"

    def __init__(self):
        if missing := missing_programs():
            raise ServerFailed(f"not installed: {', '.join(missing)}; scripts/packages test "
                               "brings them")
        self.own = tempfile.TemporaryDirectory(prefix="tidemill-s3-")
        self.folder = Path(self.own.name)
        mon_port, port, tls_port = free_ports(3)
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.tls_url = f"https://127.0.0.1:{tls_port}"
        self.ca = self.folder / "cert.pem"
        self.conf = self.folder / "ceph.conf"
        self.fsid = str(uuid.uuid4())
        self.conf.write_text(CONFIG.format(fsid=self.fsid, folder=self.folder, mon_port=mon_port,
                                           port=port, tls_port=tls_port), encoding="utf-8")
        self.mon_port = mon_port
        self.cluster = []
        self.process = None

    def __enter__(self):
        try:
            self._start_cluster()
            self.start()
            self._radosgw_admin("user", "create", "--uid=tests", "--display-name=tests",
                                f"--access-key={self.access_key}",
                                f"--secret-key={self.secret_key}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in (self.process, *reversed(self.cluster)):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
        self.own.cleanup()

    def start(self):
        """Returns once it answers. After kill() or stop() it goes on with what it had. It ends with
        the thread that called this."""
        self.process = self._spawn("radosgw", "-f", "-n", "client.rgw.a")
        self._wait("radosgw", self.process, self._answers)

    def restart(self):
        self.kill()
        self.start()

    def _run(self, program, *arguments, seconds=READY_SECONDS):
        done = subprocess.run([program, *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=seconds, check=False,
                              cwd=self.folder)
        if done.returncode != 0:
            raise ServerFailed(f"{program} {' '.join(arguments[:2])} failed:\n{done.stdout}")
        return done.stdout

    def _radosgw_admin(self, *arguments):
        return self._run("radosgw-admin", "-c", str(self.conf), *arguments)

    def _log(self, program):
        return self.folder / f"{program}.out"

    def _spawn(self, program, *arguments):
        return spawn([program, "-c", str(self.conf), *arguments], self._log(program), cwd=self.folder)

    def _wait(self, name, process, ready):
        wait_until_ready(process, self._log(name), ready)

    def _start_cluster(self):
        keyring, monmap = str(self.folder / "keyring"), str(self.folder / "monmap")
        for name in ("mon", "osd"):
            (self.folder / name).mkdir()
        for i, (name, *caps) in enumerate(KEYS):
            flags = [word for cap in caps for word in ("--cap", *cap)]
            self._run("ceph-authtool", *(["--create-keyring"] if i == 0 else []), keyring,
                      "--gen-key", "-n", name, *flags)
        self._run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                  "-subj", "/CN=tests", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                  "-keyout", "key.pem", "-out", "cert.pem")
        self._run("monmaptool", "--create", "--add", "a", f"127.0.0.1:{self.mon_port}", "--fsid",
                  self.fsid, monmap)
        self._run("ceph-mon", "-c", str(self.conf), "--mkfs", "-i", "a", "--monmap", monmap,
                  "--keyring", keyring)
        mon = self._spawn("ceph-mon", "-f", "-i", "a")
        self.cluster.append(mon)
        self._wait("ceph-mon", mon, lambda: self._ceph_says("quorum", "quorum_status"))
        osd_id = str(uuid.uuid4())
        self._run("ceph", "-c", str(self.conf), "osd", "new", osd_id, "0")
        self._run("ceph-osd", "-c", str(self.conf), "-i", "0", "--mkfs", "--osd-uuid", osd_id)
        self._run("ceph", "-c", str(self.conf), "auth", "import", "-i", keyring)
        osd = self._spawn("ceph-osd", "-f", "-i", "0")
        self.cluster.append(osd)
        self._wait("ceph-osd", osd, lambda: self._ceph_says("1 up", "osd", "stat"))

    def _ceph_says(self, sentence, *command):
        done = subprocess.run(["ceph", "-c", str(self.conf), "--connect-timeout", "5", *command],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              timeout=READY_SECONDS, check=False)
        return done.returncode == 0 and sentence in done.stdout

    def _answers(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
