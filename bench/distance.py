#!/usr/bin/env python3
"""A server that is some way off: what is said to a port goes to a port of this machine, and back, each way so many milliseconds later.

    bench/distance.py PORT SERVER_PORT MILLISECONDS
"""

import asyncio
import sys

CHUNK = 1 << 16


async def pass_on(source: asyncio.StreamReader, target: asyncio.StreamWriter, delay: float) -> None:
    """Hands on what comes from the source, in its order; what is under way does not hold back what follows."""
    now = asyncio.get_running_loop().time
    under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(maxsize=1000)

    async def depart() -> None:
        data = b"first"
        while data:
            data = await source.read(CHUNK)
            await under_way.put((now() + delay, data))

    async def arrive() -> None:
        while True:
            time, data = await under_way.get()
            await asyncio.sleep(time - now())
            if not data:
                break
            target.write(data)
            await target.drain()

    try:
        await asyncio.gather(depart(), arrive())
    except ConnectionError:
        pass
    finally:
        target.close()


async def serve(port: int, server_port: int, delay: float) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", server_port)
        await asyncio.gather(pass_on(reader, server_writer, delay), pass_on(server_reader, writer, delay))

    async with await asyncio.start_server(connected, "127.0.0.1", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 1000))
