#!/usr/bin/env python3
"""An S3 server with keys that exist in name only, so that a million of them cost nothing: keys.py PORT KEYS.

Every bucket and every folder holds the same empty objects, a hundred in a directory, all of one time. Nothing is kept of what is put
there, and nobody's signature is looked at.
"""

import asyncio
import hashlib
import sys
from urllib.parse import parse_qs, quote, urlsplit

import layout

ETAG = hashlib.md5(b"").hexdigest()
WRITTEN = "Tue, 01 Jan 2019 00:00:00 GMT"
DATE = "Wed, 01 Jan 2020 00:00:00 GMT"
HEAD = f'HTTP/1.1 200 OK\r\ndate: {DATE}\r\netag: "{ETAG}"\r\nlast-modified: {WRITTEN}\r\nx-amz-meta-mtime: {layout.TIME}\r\n'
OBJECT = f"<LastModified>2019-01-01T00:00:00.000Z</LastModified><ETag>&quot;{ETAG}&quot;</ETag><Size>0</Size>"


def listed(keys: int, prefix: str, delimiter: bool, first: int, most: int) -> str:
    """Returns a page of a listing of what begins with `prefix`, a path of whole directories, from the key of this number on."""
    begin, end = layout.numbers(prefix, keys)
    number, entries, last = max(begin, first), [], ""
    while number < end and len(entries) < most:
        rest = layout.path(number)[len(prefix) :]
        if delimiter and "/" in rest:
            last = prefix + rest.split("/", 1)[0] + "/"
            entries.append(f"<CommonPrefixes><Prefix>{FOLDER}{last}</Prefix></CommonPrefixes>")
            number = layout.numbers(last, keys)[1]
        else:
            entries.append(f"<Contents><Key>{FOLDER}{prefix}{rest}</Key>{OBJECT}</Contents>")
            number += 1
    more = f"<IsTruncated>true</IsTruncated><NextContinuationToken>{number}</NextContinuationToken>"
    return "".join(entries) + (more if number < end else "<IsTruncated>false</IsTruncated>")


FOLDER = "folder/"
"""The folder of each bucket that holds the keys."""


def answer(keys: int, line: str) -> bytes:
    """Answers a request, given its first line."""
    verb, target, _ = line.split(" ", 2)
    address = urlsplit(target)
    asked = {name: values[0] for name, values in parse_qs(address.query, keep_blank_values=True).items()}
    _, bucket, *key = address.path.split("/", 2)
    is_object = bool(key) and key[0].startswith(FOLDER) and "/file-" in key[0]
    if verb == "HEAD" and is_object:
        return f"{HEAD}content-length: 0\r\n\r\n".encode()
    if verb == "GET" and not (key and key[0]):
        prefix = asked.get("prefix", "").removeprefix(FOLDER)
        first, most = int(asked.get("continuation-token", 0)), int(asked.get("max-keys", 1000))
        body = listed(keys, prefix, "delimiter" in asked, first, most)
        body = f"<ListBucketResult><Name>{quote(bucket)}</Name>{body}</ListBucketResult>"
        return f"HTTP/1.1 200 OK\r\ndate: {DATE}\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode()
    if verb == "HEAD":
        return b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"
    return b"HTTP/1.1 501 Not Implemented\r\ncontent-length: 0\r\n\r\n"


class Connection(asyncio.Protocol):
    """Requests without bodies, one after the other."""

    def __init__(self, keys: int) -> None:
        self.keys = keys
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        while b"\r\n\r\n" in self.received:
            request, self.received = self.received.split(b"\r\n\r\n", 1)
            self.transport.write(answer(self.keys, request.split(b"\r\n", 1)[0].decode()))


async def serve(port: int, keys: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(keys), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2])))
