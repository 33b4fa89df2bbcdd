# SPDX-License-Identifier: ISC
#
# Makes the vectors in this folder anew: plain keys and signatures by ssh-keygen, those of
# security keys by Python's cryptography, every one of them then checked by ssh-keygen. The
# secret keys are forgotten. How to run it is in tests/vectors/README.
import base64
import hashlib
import os
import shutil
import struct
import subprocess
import tempfile

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils

HERE = os.path.dirname(os.path.abspath(__file__))
APPLICATION = b"ssh:handseal"
NAMESPACE = b"file"
MESSAGE = b"signed by OpenSSH, or for it\n"
FLAGS, COUNTER = 0x05, 0x01020304


def string(b):
    return struct.pack(">I", len(b)) + b


def mpint(n):
    return string(n.to_bytes(n.bit_length() // 8 + 1, "big")) if n else string(b"")


def save(name, data):
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)


def keygen(*args, stdin=None):
    run = subprocess.run(["ssh-keygen", *args], input=stdin, capture_output=True, check=True)
    return run.stdout


def plain(kind, tmp):
    key = os.path.join(tmp, kind)
    keygen("-q", "-t", kind, "-N", "", "-C", kind + " vector", "-f", key)
    save(kind + ".pub", open(key + ".pub", "rb").read())
    save(kind + ".sig", keygen("-q", "-Y", "sign", "-n", "file", "-f", key, stdin=MESSAGE))


def security_key(kind):
    if kind == "ed25519":
        secret = ed25519.Ed25519PrivateKey.generate()
        raw = secret.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        name, fields = b"sk-ssh-ed25519@openssh.com", string(raw)
    else:
        secret = ec.generate_private_key(ec.SECP256R1())
        raw = secret.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        name, fields = b"sk-ecdsa-sha2-nistp256@openssh.com", string(b"nistp256") + string(raw)
    blob = string(name) + fields + string(APPLICATION)
    digest = hashlib.sha512(MESSAGE).digest()
    body = b"SSHSIG" + string(NAMESPACE) + string(b"") + string(b"sha512") + string(digest)
    told = struct.pack(">BI", FLAGS, COUNTER)
    data = hashlib.sha256(APPLICATION).digest() + told + hashlib.sha256(body).digest()
    if kind == "ed25519":
        sig = secret.sign(data)
    else:
        r, s = utils.decode_dss_signature(secret.sign(data, ec.ECDSA(hashes.SHA256())))
        sig = mpint(r) + mpint(s)
    outer = (b"SSHSIG" + struct.pack(">I", 1) + string(blob) + string(NAMESPACE) + string(b"")
             + string(b"sha512") + string(string(name) + string(sig) + told))
    text = base64.b64encode(outer).decode()
    lines = "\n".join(text[i:i + 70] for i in range(0, len(text), 70))
    save("sk-" + kind + ".pub", name + b" " + base64.b64encode(blob) + b" sk-"
         + kind.encode() + b" vector\n")
    save("sk-" + kind + ".sig", ("-----BEGIN SSH SIGNATURE-----\n" + lines
                                 + "\n-----END SSH SIGNATURE-----\n").encode())


def main():
    tmp = tempfile.mkdtemp()
    fingerprints = b""
    for kind in ("ecdsa", "ed25519"):
        plain(kind, tmp)
        security_key(kind)
    for name in ("ecdsa", "ed25519", "sk-ecdsa", "sk-ed25519"):
        path = os.path.join(HERE, name)
        fingerprints += keygen("-l", "-f", path + ".pub")
        keygen("-Y", "check-novalidate", "-n", "file", "-s", path + ".sig", stdin=MESSAGE)
    save("fingerprints", fingerprints)
    save("message", MESSAGE)
    shutil.rmtree(tmp)


main()
