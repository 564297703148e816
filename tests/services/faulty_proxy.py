"""Stands before a server of HTTP and, when it is told to, answers with errors in its place.

    with FaultyProxy(server.port) as proxy:
        ... proxy.url ...
        proxy.answer(503, "<Error><Code>SlowDown</Code></Error>")
        proxy.pass_on()

Passes bytes on as they are, so that what is signed stays signed. Every change ends the connections
there are; `answered` counts the requests that were answered in the server's place. With `to`, only
connections whose first request begins with that feel a fault: `PUT `, for instance.
"""
import socket
import threading

HEAD_MAX = 64 << 10


class FaultyProxy:
    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.lock = threading.Lock()
        self.sockets = set()
        self.fault = None
        self.to = b""
        self.answered = 0
        self.thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        self._hang_up()

    def answer(self, status, body="", to=""):
        """From now on."""
        self.to = to.encode()
        self.fault = (f"HTTP/1.1 {status} Fault\r\nContent-Type: application/xml\r\n"
                      f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}").encode()
        self._hang_up()

    def reset(self, to=""):
        """Connections break before any answer."""
        self.to = to.encode()
        self.fault = b""
        self._hang_up()

    def pass_on(self):
        self.fault = None
        self._hang_up()

    def _hang_up(self):
        with self.lock:
            for one in self.sockets:
                try:
                    one.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass  # The other side was first.

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            self._keep(client)
            try:
                head = b"" if self.fault is None else self._head(client)
                fault = self.fault
                if fault is None or not head.startswith(self.to):
                    with socket.create_connection(self.target) as server:
                        self._keep(server)
                        server.sendall(head)
                        back = threading.Thread(target=self._pump, args=(server, client),
                                                daemon=True)
                        back.start()
                        self._pump(client, server)
                        back.join()
                        self._drop(server)
                elif head:
                    self._refuse(client, fault)
            except OSError:
                pass  # A side has left: so does the other.
            finally:
                self._drop(client)

    @staticmethod
    def _head(client):
        """Nothing of a client that left."""
        head = b""
        while b"\r\n\r\n" not in head and len(head) < HEAD_MAX:
            piece = client.recv(4096)
            if not piece:
                return b""
            head += piece
        return head

    def _refuse(self, client, fault):
        with self.lock:
            self.answered += 1
        client.sendall(fault)
        # What the client still sends must not reset the connection before it has read why.
        client.shutdown(socket.SHUT_WR)
        while fault and client.recv(1 << 16):
            pass

    @staticmethod
    def _pump(source, target):
        try:
            while piece := source.recv(1 << 16):
                target.sendall(piece)
        except OSError:
            pass
        for one in (source, target):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _keep(self, one):
        with self.lock:
            self.sockets.add(one)

    def _drop(self, one):
        with self.lock:
            self.sockets.discard(one)
