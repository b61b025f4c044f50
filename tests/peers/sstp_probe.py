"""A foreign SSTP client, to prove a peer without our own code.

sstp_probe.py [options] HOST PORT
  (nothing more)            TLS and the HTTPS handshake only; prints the answer's status line and the Call Connect Ack
  --dial PEER HOST BYTES METHOD
                            then PPP by PEER (lwip-peer), BYTES to HOST:9000 and as many back through the tunnel
  --no-binding              never sends Call Connected
  --wrong-binding           sends it with a wrong Compound MAC
  --name NAME               the TLS server name; --ca FILE its authority (without it nothing is verified)

Status 0: all held. 3: the server refused (an abort or a disconnect came first). PEER_PASSWORD as everywhere.
"""

import argparse
import collections
import hashlib
import os
import select
import socket
import ssl
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import ppplib  # noqa: E402

CONNECT_REQUEST, CONNECT_ACK, CONNECTED, ABORT, DISCONNECT = 1, 2, 4, 5, 6
DISCONNECT_ACK, ECHO_REQUEST, ECHO_RESPONSE = 7, 8, 9


def control(kind, *attributes):
    body = struct.pack(">HH", kind, len(attributes))
    body += b"".join(struct.pack(">BBH", 0, i, 4 + len(v)) + v for i, v in attributes)
    return struct.pack(">BBH", 0x10, 1, 4 + len(body)) + body


class Tunnel:
    def __init__(self, options):
        context = ssl.create_default_context(cafile=options.ca)
        if not options.ca:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        raw = socket.create_connection((options.host, options.port), timeout=20)
        self.tls = context.wrap_socket(raw, server_hostname=options.name or options.host)
        self.rest = b""
        self.wake, self.pump = [], None
        print(f"tls {self.tls.version()} {self.tls.cipher()[0]}")

    def handshake(self):
        path = "/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/"
        self.tls.sendall(f"SSTP_DUPLEX_POST {path} HTTP/1.1\r\nHost: vpn.test\r\nSSTPCORRELATIONID: "
                         "{00000000-0000-4000-8000-000000000001}\r\nContent-Length: 18446744073709551615\r\n\r\n"
                         .encode())
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        return head.decode().split("\r\n")[0]

    def _more(self):
        """Waits for bytes; what the PPP peer says meanwhile goes out from here, as TLS has one user at a time."""
        while not self.tls.pending():
            ready, _, _ = select.select([self.tls, *self.wake], [], [], 20)
            if not ready:
                raise EOFError("the server is silent")
            for wake in self.wake:
                if wake in ready and os.read(wake, 4096):
                    self.pump()
            if self.tls in ready:
                break
        data = self.tls.recv(65536)
        if not data:
            raise EOFError("the server closed the connection")
        self.rest += data

    def send(self, packet):
        self.tls.sendall(packet)

    def receive(self):
        while len(self.rest) < 4 or len(self.rest) < int.from_bytes(self.rest[2:4], "big") & 0xFFF:
            self._more()
        n = int.from_bytes(self.rest[2:4], "big") & 0xFFF
        packet, self.rest = self.rest[:n], self.rest[n:]
        return packet[1] & 1, packet[4:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--dial", nargs=4)
    parser.add_argument("--no-binding", action="store_true")
    parser.add_argument("--wrong-binding", action="store_true")
    parser.add_argument("--name")
    parser.add_argument("--ca")
    options = parser.parse_args()

    tunnel = Tunnel(options)
    status = tunnel.handshake()
    print(status)
    if " 200 " not in status + " ":
        return 3
    tunnel.send(control(CONNECT_REQUEST, (1, b"\x00\x01")))
    is_control, body = tunnel.receive()
    if not is_control or body[:2] != bytes((0, CONNECT_ACK)):
        print("no Call Connect Ack:", body.hex())
        return 3
    hashes, nonce = body[11], body[12:44]
    print(f"call connect ack, hashes 0x{hashes:02x}")
    if not options.dial:
        return 0

    command, *call = options.dial
    peer = subprocess.Popen([command, "client", *call], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
    certificate = hashlib.sha256(tunnel.tls.getpeercert(binary_form=True)).digest()
    seen = {"response": None, "bound": False, "hung_up": False}

    frames, (wake, poke) = collections.deque(), os.pipe()

    def listen():
        """Empties the peer's pipe at all times, so that neither end of it can block the other."""
        decoder = ppplib.PppDecoder()
        while data := os.read(peer.stdout.fileno(), 65536):
            frames.extend(decoder.unescape(data))
            os.write(poke, b"+")
        frames.append(None)
        os.write(poke, b"+")

    def pump():
        while frames:
            frame = frames.popleft()
            if frame is None:
                seen["hung_up"] = True
                tunnel.send(control(DISCONNECT, (2, bytes(8))))
                return
            seen["response"] = ppplib.nt_response(frame) or seen["response"]
            tunnel.send(struct.pack(">BBH", 0x10, 0, 4 + len(frame)) + frame)

    def bind():
        seen["bound"] = True
        if options.no_binding:
            return
        keys = ppplib.server_keys(os.environ.get("PEER_PASSWORD", "wonderland"), seen["response"])
        message = control(CONNECTED, (3, b"\0\0\0\2" + nonce + certificate + bytes(32)))
        mac = ppplib.compound_mac(*keys, message)
        if options.wrong_binding:
            mac = bytes(x ^ 0xFF for x in mac)
        tunnel.send(message[:-32] + mac)

    threading.Thread(target=listen, daemon=True).start()
    tunnel.wake, tunnel.pump = [wake], pump
    while True:
        try:
            is_control, body = tunnel.receive()
        except (EOFError, OSError) as error:
            print(error)
            peer.terminate()
            return 3
        if not is_control:
            if ppplib.authenticated(body) and not seen["bound"]:
                bind()
            try:
                os.write(peer.stdin.fileno(), ppplib.escape(body))
            except BrokenPipeError:
                pass
            continue
        kind = body[1]
        if kind == ECHO_REQUEST:
            tunnel.send(control(ECHO_RESPONSE))
        elif kind == DISCONNECT_ACK and seen["hung_up"]:
            print("call disconnect ack")
            return peer.wait()
        elif kind in (ABORT, DISCONNECT):
            print("abort" if kind == ABORT else "disconnect", body[4:].hex())
            if seen["hung_up"] and kind == DISCONNECT:
                return peer.wait()
            peer.terminate()
            return 3


sys.exit(main())
