"""What the servers of tests have in common: free ports, and one process that is killed and paused."""
import signal
import socket


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

    def pause(self):
        """It keeps its connections and does not answer on them."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)
