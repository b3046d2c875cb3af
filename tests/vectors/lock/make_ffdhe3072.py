"""Prints ffdhe3072.json: the server lock's known answers for suite 2, by Python's integers and nothing of this repository.

Needs the package `cryptography` for ChaCha20-Poly1305. python3 make_ffdhe3072.py > ffdhe3072.json
"""

import base64
import hashlib
import hmac
import json
import struct

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

SIZE = 384
SUITE = b"\x02"


def e_times_power_of_two(bits: int) -> int:
    """floor(2^bits * e), from e's series with 64 bits more."""
    term = total = 1 << (bits + 64)
    k = 1
    while term:
        term //= k
        total += term
        k += 1
    return total >> 64


# RFC 7919, appendix A.2.
P = 2**3072 - 2**3008 + (e_times_power_of_two(2942) + 2625351) * 2**64 - 1
Q = (P - 1) // 2


def scalar(byte: int) -> int:
    return int.from_bytes(bytes([byte]) * 400, "big") % Q


def enc(value: int) -> bytes:
    return value.to_bytes(SIZE, "big")


def proof(s: int, r: int, x: int, y: int) -> dict:
    statement = [pow(2, s, P), x, y, pow(2, r, P), pow(x, r, P)]
    digest = hashlib.sha512(b"countersign/lock-dleq/v1" + SUITE + b"".join(map(enc, statement))).digest()
    c = int.from_bytes(digest, "big") % Q
    return {"c": enc(c).hex(), "z": enc((r + c * s) % Q).hex()}


def hchacha20(key: bytes, nonce: bytes) -> bytes:
    state = list(struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key) + struct.unpack("<4I", nonce))

    def quarter(a, b, c, d):
        for to, plus, turned, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[to] = (state[to] + state[plus]) & 0xFFFFFFFF
            mixed = state[turned] ^ state[to]
            state[turned] = ((mixed << by) | (mixed >> (32 - by))) & 0xFFFFFFFF

    for _ in range(10):
        for i in range(4):
            quarter(i, i + 4, i + 8, i + 12)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<8I", *(state[:4] + state[12:]))


def lp(*parts: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(part)) + part for part in parts)


def envelope_key(k: bytes) -> bytes:
    prk = hmac.digest(bytes(32), k, "sha256")
    return hmac.digest(prk, b"countersign/lock-envelope/v1\x01", "sha256")


def ciphertext(k: bytes, suite: bytes, key_id: bytes) -> bytes:
    names = [b"https://relay1.example", key_id, b"alice.near", b"example.com", b"wrap-key-seed"]
    nonce = b"\x66" * 24
    cipher = ChaCha20Poly1305(hchacha20(envelope_key(k), nonce[:16]))
    return cipher.encrypt(bytes(4) + nonce[16:], b"\x77" * 32, lp(b"\x01", suite, *names))


def vectors() -> dict:
    s, c, c2, k, r = (scalar(byte) for byte in (0x11, 0x22, 0x33, 0x44, 0x55))
    kek = pow(2, k, P)
    kek_c, kek_s = pow(kek, c, P), pow(kek, s, P)
    kek_cs, kek_sc2, kek_c2 = pow(kek_c, s, P), pow(kek_s, c2, P), pow(kek, c2, P)
    commitment = enc(pow(2, s, P))
    key_id = hashlib.sha256(b"countersign/lock-key-id/v1" + SUITE + commitment).digest()[:16]
    return {
        "suite": 2,
        "s": enc(s).hex(),
        "commitment": commitment.hex(),
        "keyId": base64.urlsafe_b64encode(key_id).decode().rstrip("="),
        "kek": enc(kek).hex(),
        "registrationRequest": enc(kek_c).hex(),
        "registrationAnswer": enc(kek_cs).hex(),
        "registrationProof": proof(s, r, kek_c, kek_cs),
        "lockedKek": enc(kek_s).hex(),
        "unlockRequest": enc(kek_sc2).hex(),
        "unlockAnswer": enc(kek_c2).hex(),
        "unlockProof": proof(s, r, kek_c2, kek_sc2),
        "envelopeKey": envelope_key(enc(kek)).hex(),
        "ciphertext": ciphertext(enc(kek), SUITE, key_id).hex(),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=2))
