"""A headless browser for the tests of pages, and what it saw."""
import collections
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import zlib

import numpy as np

PROGRAM = shutil.which("chromium")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
           "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
           "--disable-default-apps", "--enable-logging=stderr", "--log-level=0", "--proxy-bypass-list=<-loopback>")

# The browser's own calls home, which no page asked for.
OWN = re.compile(r"[/ .](?:google|googleapis|gstatic)\.com[:/ ]")

Visit = collections.namedtuple("Visit", "code messages requests")


class Listener:
    """A proxy that answers nobody and remembers who asked: what the browser wanted from any network."""

    def __enter__(self):
        self.requests, self.socket = [], socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.listen, daemon=True).start()
        return self

    def listen(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    self.requests.append(connection.recv(4096).split(b"\r\n")[0].decode(errors="replace"))
                except OSError:
                    pass

    def __exit__(self, *_):
        self.socket.close()


def visit(page, *actions):
    """Opens a file with the given options; what the page logged, and every request that left for a network."""
    with tempfile.TemporaryDirectory(prefix="assay-browser-") as profile, Listener() as listener:
        command = [PROGRAM, *OPTIONS, f"--proxy-server=127.0.0.1:{listener.port}", f"--user-data-dir={profile}",
                   *actions, pathlib.Path(page).resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        return Visit(done.returncode, re.findall(r"CONSOLE.*", done.stderr),
                     [request for request in listener.requests if not OWN.search(request)])


# ---- pictures -------------------------------------------------------------------------------------------------------


def read_png(path):
    """Height × width × 3 of a PNG as the browser writes it: 8 bits, not interlaced, filters 0 to 4."""
    data, at, packed = pathlib.Path(path).read_bytes(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert depth == 8 and colour in (2, 6)
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    channels = {2: 3, 6: 4}[colour]
    lines = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(height, 1 + width * channels)
    picture, before = np.zeros((height, width * channels), np.uint8), np.zeros(width * channels, np.uint8)
    for y, line in enumerate(lines):
        before = picture[y] = unfilter(line[0], line[1:], before, channels)
    return picture.reshape(height, width, channels)[:, :, :3]


def unfilter(kind, line, above, channels):
    """One line of a PNG.  @source PNG specification, 9.2"""
    if kind == 0:
        return line
    if kind == 1:
        return np.cumsum(line.reshape(-1, channels), axis=0, dtype=np.uint8).reshape(-1)
    if kind == 2:
        return line + above
    out, above = [0] * channels, [0] * channels + above.tolist()
    for i, value in enumerate(line.tolist()):
        left, up, corner = out[i], above[i + channels], above[i]
        guess = (left + up) // 2
        if kind == 4:
            distances = [abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)]
            guess = (left, up, corner)[distances.index(min(distances))]
        out.append((value + guess) & 255)
    return np.array(out[channels:], np.uint8)
