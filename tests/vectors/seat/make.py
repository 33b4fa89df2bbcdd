# SPDX-License-Identifier: ISC
#
# Makes the vectors in this folder anew, all of them by OpenSSH: host keys and certificates, and what
# its client says to an agent while it logs in to its server. The secret keys are forgotten. How to run
# it is in the README beside it.
import base64
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

OUT = sys.argv[1]
SSHD = os.environ.get("SSHD", "/usr/sbin/sshd")
TIMES = "20260101000000Z:20270101000000Z"
KEYS = {"ed25519": ["ed25519"], "p256": ["ecdsa", "-b", "256"], "p384": ["ecdsa", "-b", "384"],
        "p521": ["ecdsa", "-b", "521"], "rsa2048": ["rsa", "-b", "2048"],
        "rsa3072": ["rsa", "-b", "3072"], "rsa1024": ["rsa", "-b", "1024"]}
ALGORITHMS = {"ed25519": "ssh-ed25519", "p256": "ecdsa-sha2-nistp256", "p384": "ecdsa-sha2-nistp384",
              "p521": "ecdsa-sha2-nistp521", "rsa2048": "rsa-sha2-512", "rsa3072": "rsa-sha2-256"}
SIGNERS = {"ed25519": "rsa2048", "p256": "ed25519", "p384": "p256", "p521": "p384", "rsa2048": "p521"}
tmp = tempfile.mkdtemp(prefix="seat-")


def at(name):
    return os.path.join(tmp, name)


def run(*args, **more):
    done = subprocess.run(args, stdout=subprocess.PIPE, **more)
    if done.returncode != 0:
        raise SystemExit(f"{args} failed")
    return done.stdout


def save(name, data):
    with open(os.path.join(OUT, name), "wb") as f:
        f.write(data)


def blob(name):
    return base64.b64decode(open(at(name)).read().split()[1])


def take(b):
    n = struct.unpack(">I", b[:4])[0]
    return b[4:4 + n], b[4 + n:]


class Between(threading.Thread):
    """Stands between a client and ssh-agent, and keeps what the client says."""

    def __init__(self, path, agent):
        super().__init__(daemon=True)
        self.agent, self.said = agent, []
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.bind(path)
        self.sock.listen(8)

    def run(self):
        while True:
            threading.Thread(target=self.serve, args=self.sock.accept()[:1], daemon=True).start()

    def serve(self, client):
        agent = socket.socket(socket.AF_UNIX)
        agent.connect(self.agent)
        try:
            while True:
                frame = self.frame(client)
                self.said.append(frame)
                for side, b in ((agent, frame), (client, None)):
                    b = self.frame(agent) if b is None else b
                    side.sendall(struct.pack(">I", len(b)) + b)
        except EOFError:
            agent.close()
            client.close()

    def frame(self, sock):
        b = b""
        while len(b) < 4 or len(b) < 4 + struct.unpack(">I", b[:4])[0]:
            more = sock.recv(4 - len(b) if len(b) < 4 else 4 + struct.unpack(">I", b[:4])[0] - len(b))
            if not more:
                raise EOFError
            b += more
        return b[4:]

    def heard(self):
        lines = []
        for f in self.said:
            if f[0] == 27:
                name, body = take(f[1:])
                if name == b"session-bind@openssh.com":
                    lines.append(b"bind " + base64.b64encode(body))
            elif f[0] == 13:
                key, rest = take(f[1:])
                lines.append(b"key " + base64.b64encode(key))
                lines.append(b"data " + base64.b64encode(take(rest)[0]))
        self.said.clear()
        return b"\n".join(lines) + b"\n"


def ssh_add(*args):
    run("ssh-add", "-q", *args, env=dict(os.environ, SSH_AUTH_SOCK=at("agent")))


def make_keys():
    for name, kind in KEYS.items():
        if name == "rsa1024":  # ssh-keygen makes them, and OpenSSH's server uses none
            run("openssl", "genrsa", "-traditional", "-out", at(name), "1024")
            os.chmod(at(name), 0o600)
            open(at(name + ".pub"), "wb").write(run("ssh-keygen", "-y", "-f", at(name)))
        else:
            run("ssh-keygen", "-q", "-t", *kind, "-N", "", "-C", name, "-f", at(name))
        save(name + ".pub", open(at(name + ".pub"), "rb").read())
        if name != "rsa1024":
            save(name + ".sig", run("ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", at(name),
                                    input=b"signed by OpenSSH\n"))
    lines = [run("ssh-keygen", "-l", "-f", at(n + ".pub")) for n in KEYS]
    save("fingerprints", b"".join(lines))


def certify(name, subject, signer, *more):
    shutil.copy(at(subject + ".pub"), at("of.pub"))
    run("ssh-keygen", "-q", "-s", at(signer), "-I", name, *more, at("of.pub"))
    os.rename(at("of-cert.pub"), at(name + "-cert.pub"))
    save(name + "-cert.pub", open(at(name + "-cert.pub"), "rb").read())


def make_certificates():
    for subject, signer in SIGNERS.items():
        certify(subject, subject, signer, "-h", "-n", "web1.example.com,web1", "-z", "7", "-V", TIMES)
    certify("forever", "ed25519", "ed25519", "-h", "-n", "web1")
    certify("nobody", "ed25519", "ed25519", "-h", "-V", TIMES)
    certify("user", "ed25519", "ed25519", "-n", "deploy", "-V", TIMES)
    certify("critical", "ed25519", "ed25519", "-h", "-n", "web1", "-V", TIMES,
            "-O", "critical:x@example.com=y")
    certify("extension", "ed25519", "ed25519", "-h", "-n", "web1", "-V", TIMES,
            "-O", "extension:x@example.com=y")
    certify("by-sha1", "ed25519", "rsa2048", "-h", "-n", "web1", "-V", TIMES, "-t", "ssh-rsa")
    certify("by-sha256", "ed25519", "rsa2048", "-h", "-n", "web1", "-V", TIMES, "-t", "rsa-sha2-256")


def serve(host, cert, port, keys):
    conf = ["ListenAddress 127.0.0.1", f"Port {port}", f"HostKey {at(host)}", "StrictModes no",
            f"AuthorizedKeysFile {at(keys)}", f"TrustedUserCAKeys {at('ed25519.pub')}",
            f"PidFile {at('pid')}", "UsePAM no", "PasswordAuthentication no"]
    if cert:
        conf.append(f"HostCertificate {at(cert + '-cert.pub')}")
    open(at("conf"), "w").write("\n".join(conf) + "\n")
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", at("conf")], stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return server
        except OSError:
            time.sleep(0.1)
    raise SystemExit("sshd does not answer")


def log_in(name, between, host, algorithm, *more, cert=None, command="true", keys="me.pub"):
    port = 20000 + os.getpid() % 20000
    server = serve(host, cert, port, keys)
    between.said.clear()
    try:
        run("ssh", "-F", "none", "-p", str(port), "-o", "BatchMode=yes", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "StrictHostKeyChecking=no", "-o", f"IdentityAgent={at('sock')}", "-o", "LogLevel=ERROR",
            "-o", f"HostKeyAlgorithms={algorithm}", *more, "127.0.0.1", command)
    finally:
        server.terminate()
        server.wait()
    save(name, between.heard())


def log_in_everywhere(between):
    unbound = ("-o", "PubkeyAuthentication=unbound")
    for host, algorithm in ALGORITHMS.items():
        log_in("login-" + host, between, host, algorithm)
    for host, algorithm in ALGORITHMS.items():
        if host in SIGNERS:
            log_in("login-cert-" + host, between, host, algorithm + "-cert-v01@openssh.com", cert=host)
    log_in("login-unbound", between, "ed25519", "ssh-ed25519", *unbound)
    log_in("login-forwarding", between, "ed25519", "ssh-ed25519", "-A", command="ssh-add -l >/dev/null")
    me = subprocess.check_output(["id", "-un"], text=True).strip()
    certify("me", "me", "ed25519", "-n", me, "-V", "-1d:+1d")
    ssh_add("-D")
    ssh_add(at("me"))
    log_in("login-by-both", between, "ed25519", "ssh-ed25519", keys="no-file")
    ssh_add("-k", "-d", at("me"))
    log_in("login-by-cert", between, "ed25519", "ssh-ed25519", keys="no-file")
    log_in("login-by-cert-unbound", between, "ed25519", "ssh-ed25519", *unbound, keys="no-file")
    os.unlink(os.path.join(OUT, "me-cert.pub"))


def sign_messages(between):
    public = at("alone.pub")  # without the secret key beside it, so that the agent is asked
    shutil.copy(at("me.pub"), public)
    for hash_name in ("sha256", "sha512"):
        between.said.clear()
        run("ssh-keygen", "-q", "-Y", "sign", "-n", "git", "-O", "hashalg=" + hash_name, "-f", public,
            input=b"signed by an agent\n", env=dict(os.environ, SSH_AUTH_SOCK=at("sock")))
        save("sign-" + hash_name, between.heard())


def main():
    make_keys()
    make_certificates()
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", at("me"))
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", at("agent")], stdout=subprocess.DEVNULL)
    try:
        while not os.path.exists(at("agent")):
            time.sleep(0.05)
        ssh_add(at("me"))
        between = Between(at("sock"), at("agent"))
        between.start()
        sign_messages(between)
        log_in_everywhere(between)
    finally:
        agent.terminate()
        shutil.rmtree(tmp)


main()
