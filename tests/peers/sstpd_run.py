"""Runs sorz/sstp-server with an async HDLC codec in Python: the C one of 0.6.0 aborts on Python 3.10 and later."""

import sys
import types

import sstpd

import ppplib

codec = types.ModuleType("sstpd.codec")
codec.escape = ppplib.escape
codec.PppDecoder = ppplib.PppDecoder
sys.modules["sstpd.codec"] = sstpd.codec = codec

from sstpd.__main__ import main  # noqa: E402 - after the codec is in place

main()
