#!/usr/bin/env python3
"""Dials from Python by ctypes: the structures of ras.h are packed to four bytes, and the handler is a C function.

usage: dial.py ENTRY USER, and the password on standard input. RASAPI32 may name the library.
"""

import ctypes
import getpass
import os
import sys
import threading

RASCS_DONE = 0x2000
RASCS_CONNECTED = 0x2000


class RasDialParams(ctypes.Structure):
    _pack_ = 4
    _fields_ = [
        ("dwSize", ctypes.c_uint32),
        ("szEntryName", ctypes.c_char * 257),
        ("szPhoneNumber", ctypes.c_char * 129),
        ("szCallbackNumber", ctypes.c_char * 129),
        ("szUserName", ctypes.c_char * 257),
        ("szPassword", ctypes.c_char * 257),
        ("szDomain", ctypes.c_char * 16),
        ("dwSubEntry", ctypes.c_uint32),
        ("dwCallbackId", ctypes.c_size_t),
        ("dwIfIndex", ctypes.c_uint32),
        ("szEncPassword", ctypes.c_char_p),
    ]


HANDLER = ctypes.CFUNCTYPE(
    ctypes.c_uint32,  # 0: do not call again
    ctypes.c_size_t,  # callback id
    ctypes.c_uint32,  # link
    ctypes.c_void_p,  # handle
    ctypes.c_uint32,  # message
    ctypes.c_uint32,  # state
    ctypes.c_uint32,  # error
    ctypes.c_uint32,  # extended error
)

ras = ctypes.CDLL(os.environ.get("RASAPI32", "librasapi32.so.0"))
ras.RasHangUpA.argtypes = [ctypes.c_void_p]


def text_of(code):
    buffer = ctypes.create_string_buffer(512)
    if ras.RasGetErrorStringA(code, buffer, len(buffer)) != 0:
        return f"code 0x{code:08X}"
    return buffer.value.decode()


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    password = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    params = RasDialParams(
        dwSize=ctypes.sizeof(RasDialParams),
        szEntryName=sys.argv[1].encode(),
        szUserName=sys.argv[2].encode(),
        szPassword=password.encode(),
    )
    over = threading.Event()
    end = {}

    @HANDLER
    def handler(_id, _link, _handle, _message, state, error, _extended):
        print(f"state 0x{state:x}, error {error}", flush=True)
        if error or state & RASCS_DONE:
            end.update(state=state, error=error)
            over.set()
        return 1

    connection = ctypes.c_void_p()
    code = ras.RasDialA(None, None, ctypes.byref(params), 2, handler, ctypes.byref(connection))
    if code != 0:
        sys.exit(f"error {code}: {text_of(code)}")
    over.wait()
    ras.RasHangUpA(connection)
    if end["error"] or end["state"] != RASCS_CONNECTED:
        sys.exit(f"error {end['error']}: {text_of(end['error'])}")


if __name__ == "__main__":
    main()
