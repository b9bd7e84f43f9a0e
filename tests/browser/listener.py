"""Records everything that arrives on a port, by TCP and UDP."""

from __future__ import annotations

import contextlib
import socket
import threading


class Listener:
    """Answers every request with an empty page that any origin may read."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._is_closed = threading.Event()
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._tcp.getsockname()[1])
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        for listen in (self._accept, self._receive):
            threading.Thread(target=listen, daemon=True).start()

    def close(self) -> None:
        self._is_closed.set()
        for listening in (self._tcp, self._udp):
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._tcp.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            request = connection.recv(65536).decode("latin-1")
            self.heard.append(request or "a connection")
            script = "text/javascript" if "Sec-Fetch-Dest: script" in request else "text/html"
            head = f"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: {script}\r\n"
            connection.sendall(f"{head}Content-Length: 0\r\nConnection: close\r\n\r\n".encode())

    def _receive(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                datagram, _ = self._udp.recvfrom(65536)
                if self._is_closed.is_set():
                    return
                self.heard.append(f"a datagram of {len(datagram)} bytes")
