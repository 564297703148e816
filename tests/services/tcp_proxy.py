"""Stands before a server of any protocol, as the network between it and its clients, and fails as
networks do: in silence, or by being gone.

    with TcpProxy(server.port) as network:
        ... network.address ...
        network.stall()      # Connections stay, new ones too, and no byte gets through.
        network.flow()       # What was held up arrives.
        network.go_away()    # Connections end, and new ones are refused.
        network.come_back()

The port is a free one of the loopback device, the same for the whole life of the object.
"""
import socket
import threading

from server_process import free_ports


class TcpProxy:
    def __init__(self, port):
        self.target = ("127.0.0.1", port)
        (self.port,) = free_ports(1)
        self.address = f"127.0.0.1:{self.port}"
        self.flowing = threading.Event()
        self.flowing.set()
        self.lock = threading.Lock()
        self.sockets = set()
        self.listener = self.thread = None

    def __enter__(self):
        self.come_back()
        return self

    def __exit__(self, *_):
        self.go_away()

    def stall(self):
        self.flowing.clear()

    def flow(self):
        self.flowing.set()

    def come_back(self):
        self.listener = socket.create_server(self.target[:1] + (self.port,))
        self.thread = threading.Thread(target=self._accept, args=(self.listener,), daemon=True)
        self.thread.start()

    def go_away(self):
        if self.listener is None:
            return
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = None
        self.thread.join()
        with self.lock:
            for one in self.sockets:
                self._end(one)
        self.flow()  # Nothing is left that could get through.

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.sockets.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        self.flowing.wait()
        try:
            server = socket.create_connection(self.target)
        except OSError:
            self._drop(client)  # There is no server now.
            return
        with self.lock:
            self.sockets.add(server)
        back = threading.Thread(target=self._pump, args=(server, client), daemon=True)
        back.start()
        self._pump(client, server)
        back.join()
        self._drop(client)
        self._drop(server)

    def _pump(self, source, target):
        try:
            while piece := source.recv(1 << 16):
                self.flowing.wait()
                target.sendall(piece)
        except OSError:
            pass  # A side has left: so does the other.
        self.flowing.wait()
        self._end(source)
        self._end(target)

    def _drop(self, one):
        with self.lock:
            self.sockets.discard(one)
        one.close()

    @staticmethod
    def _end(one):
        try:
            one.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The other side was first.
