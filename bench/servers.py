"""Servers on this machine, one for each kind of remote: each gives a remote as it is written on the command line, and ends with its block."""

import contextlib
import getpass
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

SSHD = "/usr/sbin/sshd"
MOTO = Path(__file__).resolve().parent.parent / "target/moto"


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """Runs a server from when it can be reached to the end of the block."""
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while socket.socket().connect_ex(("127.0.0.1", port)) != 0:
            if server.poll() is not None:
                sys.exit(f"bench/run: `{command[0]}` ended before it served anything")
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait()


def rclone() -> str:
    found = shutil.which("rclone")
    return found or sys.exit("bench/run: the server of this measurement is rclone's, which is not installed")


def s3_remote(port: int, provider: str = "Other,list_version=2") -> str:
    return f":s3,provider={provider},endpoint='http://127.0.0.1:{port}',access_key_id=access,secret_access_key=secret"


@contextlib.contextmanager
def s3(folder: Path) -> Iterator[str]:
    """Each directory of the folder is a bucket."""
    port = free_port()
    serve = [rclone(), "serve", "s3", str(folder), f"--addr=127.0.0.1:{port}", "--auth-key=access,secret"]
    with running([*serve, "--config=", "--vfs-cache-mode=off"], port):
        yield s3_remote(port, "Rclone")


@contextlib.contextmanager
def s3_keys(keys: int) -> Iterator[str]:
    """A server of so many keys that exist in name only."""
    port = free_port()
    with running([sys.executable, str(Path(__file__).with_name("keys.py")), str(port), str(keys)], port):
        yield s3_remote(port)


@contextlib.contextmanager
def moto(folder: Path) -> Iterator[str]:
    """S3 that looks itself whether anything is at a key, as most servers do. `.ci/run` installs it."""
    program = MOTO / "bin/moto_server"
    if not program.exists():
        sys.exit(f"bench/run: the server of this measurement is moto, which is not installed in {MOTO}")
    port = free_port()
    command = ["env", f"PYTHONPATH={MOTO}", sys.executable, str(program), "-H", "127.0.0.1", "-p", str(port)]
    with running(command, port):
        for bucket in folder.iterdir():
            urlopen(Request(f"http://127.0.0.1:{port}/{bucket.name}", method="PUT")).close()
        yield s3_remote(port)


@contextlib.contextmanager
def s3s(folder: Path) -> Iterator[str]:
    """S3 that looks itself, and takes little time for it."""
    program = shutil.which("s3s-fs")
    if not program:
        sys.exit("bench/run: the server of this measurement is s3s-fs, which is not installed (cargo install s3s-fs --features binary)")
    port = free_port()
    command = [program, "--host=127.0.0.1", f"--port={port}", "--access-key=access", "--secret-key=secret", str(folder)]
    with running(["env", "RUST_LOG=error", *command], port):
        yield s3_remote(port)


@contextlib.contextmanager
def webdav(folder: Path) -> Iterator[str]:
    port = free_port()
    with running([rclone(), "serve", "webdav", str(folder), f"--addr=127.0.0.1:{port}", "--config="], port):
        yield f":webdav,url='http://127.0.0.1:{port}',vendor=rclone"


@contextlib.contextmanager
def sftp(folder: Path) -> Iterator[str]:
    """OpenSSH's server, to whoever runs this."""
    if not Path(SSHD).exists():
        sys.exit(f"bench/run: the server of this measurement is OpenSSH's, which is not installed ({SSHD})")
    port = free_port()
    with tempfile.TemporaryDirectory() as home:
        for key in ["host", "user"]:
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{home}/{key}"], check=True)
        config = [
            "ListenAddress 127.0.0.1",
            f"Port {port}",
            f"HostKey {home}/host",
            f"AuthorizedKeysFile {home}/user.pub",
            "PidFile none",
            "UsePAM no",
            "StrictModes no",
            f"Subsystem sftp internal-sftp -d {folder}",
        ]
        Path(home, "config").write_text("\n".join(config) + "\n")
        Path(home, "known").write_text(f"[127.0.0.1]:{port} {Path(home, 'host.pub').read_text()}")
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        keys = f"key_file='{home}/user',known_hosts_file='{home}/known'"
        with running([SSHD, "-D", "-e", "-f", f"{home}/config"], port):
            yield f":sftp,host=127.0.0.1,port={port},user={getpass.getuser()},{keys}"


@contextlib.contextmanager
def at_distance(remote: str, milliseconds: float) -> Iterator[str]:
    """The same remote, with an answer that comes so much later than the request; as it is where that is 0."""
    if not milliseconds:
        yield remote
        return
    near, far = re.search(r"(?:127\.0\.0\.1:|port=)(\d+)", remote)[1], free_port()
    command = [sys.executable, str(Path(__file__).with_name("distance.py")), str(far), near, str(milliseconds / 2)]
    with running(command, far):
        yield remote.replace(near, str(far))


SERVERS = {"s3": s3, "moto": moto, "s3s": s3s, "sftp": sftp, "webdav": webdav}
"""The words of bench/run that need a server."""
