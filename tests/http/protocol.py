"""Scenarios of the protocol: what a peer may say, and what it costs others when it may not."""
import select
import socket
import time

from talk import HANGS, Peer, ask, curl, expect, post, request, run

DRIBBLERS = 40
DRIBBLE_EVERY = 0.02  # Seconds: so a header of a dribbler takes much longer than it may.


def tls_is_spoken(case):
    key, certificate = case.folder / "key.pem", case.folder / "cert.pem"
    made = run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
               "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout",
               str(key), "-out", str(certificate))
    expect(made.returncode == 0, made.stdout)
    case.start({"tls": case.intake(tls={"certificate": str(certificate), "key": str(key)})})
    url = f"https://localhost:{case.port}/in"
    code, status = curl("--cacert", str(certificate), "--write-out", "%{http_code} %{http_version}",
                        "--data", '{"id": "sealed"}', url)
    expect((code, status) == (0, "202 1.1"), f"over TLS: {code} {status}")
    two = case.folder / "two"
    two.write_text("".join(f'url = "{url}"\ndata = "{{\\"id\\": \\"kept{n}\\"}}"\n' +
                           f'cacert = "{certificate}"\n' + ("next\n" if n == 0 else "")
                           for n in range(2)), encoding="utf-8")
    code, said = curl("--verbose", "--config", str(two))
    expect(code == 0 and "Re-using existing connection" in said, f"it is not kept: {said}")
    code, _ = curl("--data", "x", url)
    expect(code == 60, f"a certificate of nobody known is believed: {code}")
    code, _ = curl("--cacert", str(certificate), "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0",
                   "--data", "x", url)
    expect(code == 35, f"TLS 1.1 is spoken: {code}")
    code, _ = curl("--data", "x", f"http://localhost:{case.port}/in")
    expect(code in (52, 56), f"in the clear: {code}")
    case.stop()
    expect(set(case.rows()) == {"sealed", "kept0", "kept1"}, f"rows: {set(case.rows())}")


def dribble(port, head):
    """Connections that say `head` and then a byte now and then."""
    peers = [socket.create_connection(("127.0.0.1", port), timeout=HANGS) for _ in range(DRIBBLERS)]
    for peer in peers:
        peer.sendall(head)
    return peers


def slow_peers_cost_nobody_else(case):
    case.start({"in": case.intake(header_time="600ms", body_time="600ms", idle_max="800ms")})
    slow = dribble(case.port, b"POST /in HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
    slow += dribble(case.port, b"POST /in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 4000\r\n\r\n")
    idle = Peer(case.port)
    deadline = time.monotonic() + HANGS
    served = 0
    while slow:
        expect(time.monotonic() < deadline, f"{len(slow)} slow peers are still connected")
        answer = post(case.port, "/in", {"id": f"n{served}"})
        expect(answer and answer.status == 202, f"others are answered {answer}")
        served += 1
        select.select([], [], [], DRIBBLE_EVERY)
        for peer in list(slow):
            try:
                peer.sendall(b"x")
                ended = select.select([peer], [], [], 0)[0] and not peer.recv(65536)
            except OSError:
                ended = True
            if ended:
                peer.close()
                slow.remove(peer)
    expect(idle.is_closed(), "one that says nothing stays connected")
    case.stop()
    expect(len(case.rows()) == served, f"{len(case.rows())} rows of {served}")
    return f"{2 * DRIBBLERS} slow peers, {served} others served meanwhile"


def refuse_all(case, cases):
    """Says each to the engine and wants its status, while another connection goes on."""
    with Peer(case.port) as other:
        for what, said, status in cases:
            with Peer(case.port) as peer:
                peer.send(said)
                answer = peer.answer()
                expect(answer and answer.status == status, f"{what}: {answer}, not {status}")
                if answer.headers.get("connection") == "close":
                    peer.socket.shutdown(socket.SHUT_WR)
                    expect(peer.is_closed(), f"{what}: the connection lives on")
            good = other.ask("POST", "/in", f'{{"id": "after {what}"}}')
            expect(good and good.status == 202, f"after {what} others are answered {good}")
    case.stop()
    expect(set(case.rows()) == {f"after {what}" for what, _, _ in cases}, f"{set(case.rows())}")
    return f"{len(cases)} kinds"


def what_is_too_large_is_refused(case):
    case.start({"in": case.intake(header_max="4KiB", body_max="10KiB")})
    chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    chunked = {"Transfer_Encoding": "chunked", "Content_Length": None}
    return refuse_all(case, [
        ("a large header", request("POST", "/in", "{}", X_Large="x" * 5000), 431),
        ("many headers", request("POST", "/in", "{}", **{f"X{n}": n for n in range(1000)}), 431),
        ("a long target", request("GET", "/" + "x" * 5000), 431),
        ("a large body", request("POST", "/in", "x" * 10241), 413),
        ("a body that is said to be large", request("POST", "/in", Content_Length=10**12), 413),
        ("one that waits for a word", request("POST", "/in", Content_Length=10241,
                                              Expect="100-continue"), 413),
        ("many chunks", request("POST", "/in", **chunked) + chunk * 3, 413),
        ("one large chunk", request("POST", "/in", **chunked) + b"FFFFFFFF\r\nx", 413)])


def what_is_no_http_is_refused(case):
    case.start({"in": case.intake()})
    chunked = {"Transfer_Encoding": "chunked", "Content_Length": None}
    head = b"POST /in HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    return refuse_all(case, [
        ("garbage", b"\x00\x01\x02\r\n\r\n", 400),
        ("a greeting of TLS", bytes.fromhex("16030100c8010000c40303") + b"\r\n\r\n", 400),
        ("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        ("another version", request("POST", "/in", "{}", version="2.7"), 505),
        ("no method", b" /in HTTP/1.1\r\n\r\n", 400),
        ("a blank in a name", head + b"Content-Length : 2\r\n\r\n{}", 400),
        ("a name of nothing", head + b": x\r\n\r\n", 400),
        ("no host", request("POST", "/in", "{}", Host=None), 400),
        ("two hosts", head + b"Host: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}", 400),
        ("a length that is none", head + b"Content-Length: two\r\n\r\n{}", 400),
        ("two lengths", head + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        ("a length and chunks", request("POST", "/in", "{}", Transfer_Encoding="chunked"), 400),
        ("a coding that is not known", request("POST", "/in", "{}", Content_Length=None,
                                               Transfer_Encoding="gzip"), 400),
        ("chunks that are coded once more", request("POST", "/in", Content_Length=None,
                                                    Transfer_Encoding="chunked, gzip"), 400),
        ("a chunk without a size", request("POST", "/in", **chunked) + b"zz\r\nab\r\n", 400),
        ("a chunk with a wrong size", request("POST", "/in", **chunked) + b"1\r\nabc\r\n", 400),
        ("a malformed escape", request("GET", "/in%zz"), 400)])


def connections_live_on(case):
    case.start({"in": case.intake()})
    with Peer(case.port) as peer:
        peer.send(b"".join(request("POST", "/in", f'{{"id": "pipelined{n}"}}') for n in range(50)) +
                  request("POST", "/elsewhere", "x") + request("POST", "/in", '{"id": "last"}'))
        statuses = [answer and answer.status for answer in (peer.answer() for _ in range(52))]
        expect(statuses == [202] * 50 + [404, 202], f"pipelined: {statuses}")
        peer.send(request("POST", "/in", Content_Length=16, Expect="100-continue"))
        expect(peer.answer().status == 100, "nobody says to go on")
        peer.send(b'{"id": "waited"}')
        expect(peer.answer().status == 202, "what waited for a word")
        peer.send(request("POST", "/in", Content_Length=None, Transfer_Encoding="chunked"))
        for piece in (b"6;of=it\r\n{\"id\":\r\n", b"A\r\n \"chunked\"\r\n", b"1\r\n}\r\n",
                      b"0\r\nX-Trailer: x\r\n\r\n"):
            peer.send(piece)
        expect(peer.answer().status == 202, "what came in chunks")
        last = peer.ask("POST", "/in", '{"id": "closes"}', Connection="close")
        expect(last.status == 202 and peer.is_closed(), f"a peer that closes: {last}")
    with Peer(case.port) as peer:
        old = peer.ask("POST", "/in", '{"id": "old"}', version="1.0")
        expect(old.status == 202 and peer.is_closed(), f"HTTP/1.0: {old}")
    with Peer(case.port) as peer:
        for n in range(2):
            old = peer.ask("POST", "/in", f'{{"id": "old{n}"}}', version="1.0",
                           Connection="keep-alive")
            expect(old and old.status == 202, f"HTTP/1.0 that is kept: {old}")
    case.stop()
    wanted = {f"pipelined{n}" for n in range(50)}
    wanted |= {"last", "waited", "chunked", "closes", "old", "old0", "old1"}
    expect(set(case.rows()) == wanted, f"rows: {set(case.rows()) ^ wanted}")


def methods_that_ask(case):
    origin = "https://shop.example"
    users = {"source": case.listen(routes=["GET /users", "POST /users", "HEAD /users"],
                                   cors={"allow_origins": [origin], "allow_methods": ["GET"]}),
             "function": "users",
             "sinks": {"users": {"from": "users", "table": {}}}}
    case.start({"users": users}, functions={"users": {"native": "users"}})
    with Peer(case.port) as peer:
        listed = peer.ask("GET", "/users", Origin=origin)
        expect(listed.status == 200 and listed.body == '{"users":[]}', f"a list: {listed}")
        expect(listed.headers.get("access-control-allow-origin") == origin, f"a page: {listed}")
        head = peer.ask("HEAD", "/users")
        expect(head and head.body == "" and head.status == 405, f"a function without HEAD: {head}")
        for method in ("OPTIONS", "DELETE", "PUT"):
            no = peer.ask(method, "/users")
            expect(no.status == 405 and no.headers["allow"] == "GET, HEAD, POST", f"{method}: {no}")
        told = peer.ask("OPTIONS", "/users", Origin=origin, Access_Control_Request_Method="GET")
        expect(told.status == 204 and told.headers.get("access-control-allow-methods") == "GET",
               f"a page that asks first: {told}")
        no = peer.ask("GET", "/users", Host="evil.example")
        expect(no.status == 403 and "hosts" in no.body, f"another name for this machine: {no}")
    expect(ask(case.port, "GET", "/users").status == 200, "it is not there any more")
    case.stop()


SCENARIOS = [tls_is_spoken, slow_peers_cost_nobody_else, what_is_too_large_is_refused,
             what_is_no_http_is_refused, connections_live_on, methods_that_ask]
