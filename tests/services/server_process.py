"""What the servers of tests have in common: free ports, and one process that is started, killed and
paused."""
import ctypes
import signal
import socket
import subprocess
import time

READY_SECONDS = 120
LOOK_EVERY = 0.05
SAID = 4000  # Characters of what one said before it failed.
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class ServerFailed(Exception):
    """The server could not be had, did not start, or refused something; the text says why."""


def spawn(command, log, **more):
    """A process that writes to `log` and ends with the thread that called this, by whatever signal
    that ends."""
    libc = ctypes.CDLL(None)
    with open(log, "w", encoding="utf-8") as out:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            preexec_fn=lambda: libc.prctl(DIE_WITH_PARENT, signal.SIGKILL), **more)


def wait_until_ready(process, log, ready):
    deadline = time.monotonic() + READY_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            said = log.read_text(encoding="utf-8", errors="replace")[-SAID:]
            raise ServerFailed(f"{process.args[0]} did not start; it said:\n{said}")
        time.sleep(LOOK_EVERY)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class ServerProcess:
    """A base for those that keep their process in `process`, and what it writes in a temporary
    folder, `own`. As a context manager it lives from start() to the end of the block."""
    process = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.kill()
        self.own.cleanup()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """As a machine stops it."""
        if self.alive():
            self.process.kill()
            self.process.wait()

    def stop(self, seconds=30):
        """As an operator stops it."""
        if not self.alive():
            return
        self.resume()
        self.process.terminate()
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def pause(self):
        """It keeps its connections and does not answer on them."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)
