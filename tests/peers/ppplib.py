"""What the scripts here share: the async HDLC codec of PPP, and the keys of MS-CHAPv2 (RFC 2759, 3079) for SSTP."""

import binascii
import hashlib
import hmac
import struct

_REVERSED = bytes(int(f"{i:08b}"[::-1], 2) for i in range(256))
_ESCAPED = [0x7D, 0x7E, *range(0x20)]  # 0x7d first: the others bring new ones


def fcs(data):
    """The register of the PPP FCS-16 after `data`: crc_hqx is the same polynomial with the bits the other way."""
    return int(f"{binascii.crc_hqx(bytes(data).translate(_REVERSED), 0xFFFF):016b}"[::-1], 2)


def escape(frame):
    """One frame (address, control, protocol, ...) as async HDLC, every control character escaped."""
    data = bytes(frame)
    data += struct.pack("<H", fcs(data) ^ 0xFFFF)
    for x in _ESCAPED:
        data = data.replace(bytes((x,)), bytes((0x7D, x ^ 0x20)))
    return b"~" + data + b"~"


class PppDecoder:
    """Takes async HDLC in any pieces, gives whole frames without FCS; damaged ones are dropped."""

    def __init__(self):
        self.rest = b""

    def unescape(self, data):
        *whole, self.rest = (self.rest + bytes(data)).split(b"~")
        return [f for f in map(self._frame, whole) if f is not None]

    @staticmethod
    def _frame(raw):
        first, *others = raw.split(b"\x7d")
        if not all(others):
            return None  # an escape with nothing after it: an aborted frame
        frame = first + b"".join(bytes((x[0] ^ 0x20,)) + x[1:] for x in others)
        return frame[:-2] if len(frame) > 4 and fcs(frame) == 0xF0B8 else None


def ppp_protocol(frame):
    """(protocol, information) of a frame with or without address-and-control and protocol compression."""
    if frame[:2] == b"\xff\x03":
        frame = frame[2:]
    if frame and frame[0] & 1:
        return frame[0], frame[1:]
    return int.from_bytes(frame[:2], "big"), frame[2:]


def nt_response(frame):
    """The NT-Response of an MS-CHAPv2 Response, None of any other frame."""
    protocol, info = ppp_protocol(frame)
    if protocol == 0xC223 and len(info) >= 54 and info[0] == 2 and info[4] == 49:
        return info[29:53]  # after 16 of peer challenge and 8 reserved
    return None


def authenticated(frame):
    """Whether the frame is the server's last word on a good password: CHAP Success, PAP Ack."""
    protocol, info = ppp_protocol(frame)
    return (protocol, info[:1]) in ((0xC223, b"\x03"), (0xC023, b"\x02"))


def md4(data):
    """RFC 1320; OpenSSL 3 no longer has it by default."""
    rol = lambda x, n: (x << n | x >> (32 - n)) & 0xFFFFFFFF
    data = bytes(data)
    state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476]
    padded = data + b"\x80" + bytes((55 - len(data)) % 64) + struct.pack("<Q", len(data) * 8)
    rounds = (
        (0, range(16), (3, 7, 11, 19), lambda x, y, z: x & y | ~x & z),
        (0x5A827999, [i + 4 * j for i in range(4) for j in range(4)], (3, 5, 9, 13),
         lambda x, y, z: x & y | x & z | y & z),
        (0x6ED9EBA1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15),
         lambda x, y, z: x ^ y ^ z),
    )
    for at in range(0, len(padded), 64):
        words = struct.unpack("<16I", padded[at:at + 64])
        a, b, c, d = state
        for constant, order, shifts, mix in rounds:
            for n, k in enumerate(order):
                a = rol((a + mix(b, c, d) + words[k] + constant) & 0xFFFFFFFF, shifts[n % 4])
                a, b, c, d = d, a, b, c
        state = [(x + y) & 0xFFFFFFFF for x, y in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


def server_keys(password, nt_response):
    """RFC 3079 3.3: the server's (send, receive) keys, which are the client's (receive, send).

    Without an NT-Response (PAP, CHAP-MD5) there are none, and [MS-SSTP] 3.2.5.2 takes zeros.
    """
    if nt_response is None:
        return bytes(16), bytes(16)
    hash_hash = md4(md4(password.encode("utf-16-le")))
    master = hashlib.sha1(hash_hash + nt_response + b"This is the MPPE Master Key").digest()[:16]

    def start(magic):
        return hashlib.sha1(master + bytes(40) + magic + b"\xf2" * 40).digest()[:16]

    client_sends = b"On the client side, this is the send key; on the server side, it is the receive key."
    server_sends = b"On the client side, this is the receive key; on the server side, it is the send key."
    return start(server_sends), start(client_sends)


def compound_mac(server_send, server_receive, call_connected):
    """[MS-SSTP] 3.2.5.2: the Compound MAC (SHA-256) of a Call Connected message whose MAC field is zero."""
    hlak = server_receive + server_send
    cmk = hmac.new(hlak, b"SSTP inner method derived CMK" + b"\x20\x00\x01", "sha256").digest()
    return hmac.new(cmk, call_connected, "sha256").digest()
