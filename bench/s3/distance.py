"""Makes a server of HTTP as distant as one likes: a proxy that passes each request on after a delay.

    with Distance(server.port, 0.020) as far:
        ... far.url ...

Passes bytes on as they are, so that what is signed stays signed; a body follows its head without
further delay, and so does the answer. Serves on a thread of its own. It knows bodies by their
Content-Length, and of a client that sends one request before it has the answer to the last it would
delay only the first.
"""
import asyncio
import threading

PIECE = 1 << 18


class Distance:
    def __init__(self, port, delay):
        self.target = port
        self.delay = delay
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self):
        self.thread.start()
        serving = asyncio.start_server(self._serve, "127.0.0.1", 0, limit=PIECE)
        server = asyncio.run_coroutine_threadsafe(serving, self.loop).result()
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    async def _serve(self, client, to_client):
        server, to_server = await asyncio.open_connection("127.0.0.1", self.target, limit=PIECE)
        answers = asyncio.create_task(self._pass_on(server, to_client))
        try:
            while True:
                head = await client.readuntil(b"\r\n\r\n")
                await asyncio.sleep(self.delay)
                to_server.write(head)
                await self._pass_on(client, to_server, length_of(head))
        except (OSError, asyncio.IncompleteReadError):
            pass  # A side has left: so does the other.
        finally:
            to_server.close()
            await answers

    @staticmethod
    async def _pass_on(source, target, left=None):
        """`left` bytes, or all until the end, which is passed on, too."""
        try:
            while left != 0:
                piece = await source.read(PIECE if left is None else min(left, PIECE))
                if not piece:
                    break
                target.write(piece)
                await target.drain()
                if left is not None:
                    left -= len(piece)
        finally:
            if left is None:
                target.close()


def length_of(head):
    for line in head.lower().split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    return 0
