#!/usr/bin/env python3
"""Makes the crypto binding vectors of src/sstp/binding/tests.rs with Python's own hmac and hashlib.

[MS-SSTP] 3.2.5.2: key material zero, nonce 00..1f, certificate digests a1.. and b2..
"""
import hashlib, hmac


def compound_mac(hlak, bit, nonce, cert, digest):
    size = digest().digest_size
    cmk = hmac.new(hlak, b"SSTP inner method derived CMK" + size.to_bytes(2, "little") + b"\x01", digest).digest()
    message = bytes.fromhex("10010070000400010003006800000000")[:-1] + bytes([bit])
    message += nonce + cert.ljust(32, b"\0") + bytes(32)
    assert len(message) == 112
    return hmac.new(cmk, message, digest).hexdigest()


# [MS-SSTP] 4.7, to show that the function is right.
known = compound_mac(
    bytes.fromhex("2A1BB40D55AB0F5EF32F06F2B3CC73C48FD3FAC41D7A1315A19228D9024CA164"), 2,
    bytes.fromhex("412B489AEBD7ECC7D08966F26BE7CD72B231A0E9210D7C91B308862B0344C435"),
    bytes.fromhex("7993EF314C493DACE9F02D60E7E61C84B6690AAFE9D7AEEA92CBBE8AD599422D"), hashlib.sha256)
assert known == "52a68efd8cffbf52770b8f0fe8ec73716583af6d611eb6d179b3b20840985449", known

nonce = bytes(range(32))
print("ZERO_SHA256", compound_mac(bytes(32), 2, nonce, b"\xb2" * 32, hashlib.sha256))
print("ZERO_SHA1  ", compound_mac(bytes(32), 1, nonce, b"\xa1" * 20, hashlib.sha1))
