"""The TCP service behind a tunnel (see lwip/peer.c for its two requests), on the host's own stack.

data_server.py ADDRESS PORT: prints "listening" when ready, then one line per finished request.
"""

import hashlib
import socketserver
import sys


def pattern(size):
    """SHA-256("rasman" || block number as 8 bytes, big-endian), block after block."""
    blocks = (hashlib.sha256(b"rasman" + n.to_bytes(8, "big")).digest() for n in range((size + 31) // 32))
    return b"".join(blocks)[:size]


class Service(socketserver.StreamRequestHandler):
    def handle(self):
        verb, size = self.rfile.readline(80).split()
        size = int(size)
        digest = hashlib.sha256()
        if verb == b"SEND":
            left = size
            while left:
                data = self.rfile.read(min(left, 65536))
                if not data:
                    print(f"short: {size - left} of {size} bytes", flush=True)
                    return
                digest.update(data)
                left -= len(data)
        elif verb == b"RECV":
            data = pattern(size)
            digest.update(data)
            self.wfile.write(data)
        else:
            return
        line = digest.hexdigest()
        print(f"{verb.decode()} {size} bytes sha256 {line}", flush=True)
        self.wfile.write(line.encode() + b"\n")


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


with Server((sys.argv[1], int(sys.argv[2])), Service) as server:
    print("listening", flush=True)
    server.serve_forever()
