// What stands between a side and its server, and gets in the way.

import { once } from "node:events";
import { createServer, type IncomingMessage, request as send } from "node:http";
import type { TestContext } from "node:test";

/** A request on its way. */
export interface Passing {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
}

/** An answer. One that is cut off has a length that is never reached. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
  isCutOff?: boolean;
}

/** What gets in the way: an answer in place of the server's, or a change of that. */
export interface Interference {
  before?(request: Passing): Answer | undefined | Promise<Answer | undefined>;
  after?(request: Passing, answer: Answer): Answer | Promise<Answer>;
}

/** Passes requests on to a server; returns the address to use in its place. */
export async function between(context: TestContext, address: string, { before, after }: Interference): Promise<string> {
  const target = new URL(address);
  const proxy = createServer(async (incoming, outgoing) => {
    const { method = "", url = "", headers } = incoming;
    const request = { method, url, headers };
    const body = Buffer.concat(await incoming.toArray());
    const instead = await before?.(request);
    const answer = instead ?? (await passed(target, request, body));
    const { status, headers: given, body: bytes, isCutOff } = (await after?.(request, answer)) ?? answer;
    const length = method === "HEAD" ? String(given["content-length"] ?? 0) : String(bytes.length + (isCutOff ? 10 : 0));
    outgoing.writeHead(status, { ...sent(given), "content-length": length, connection: "close" });
    if (isCutOff) outgoing.write(bytes, () => outgoing.destroy());
    else outgoing.end(bytes);
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  context.after(() => {
    proxy.close();
    proxy.closeAllConnections();
  });
  const own = proxy.address();
  if (typeof own !== "object" || !own) throw new Error("the proxy has no port");
  return `http://127.0.0.1:${own.port}`;
}

async function passed(target: URL, { method, url, headers }: Passing, body: Buffer): Promise<Answer> {
  const request = send({ host: target.hostname, port: target.port, method, path: url, headers: { ...sent(headers), "content-length": body.length } });
  request.end(body);
  const [response] = (await once(request, "response")) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(await response.toArray()) };
}

/** Headers with which a body goes in one piece, and as it is. */
function sent(headers: IncomingMessage["headers"]): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && name !== "transfer-encoding" && name !== "accept-encoding");
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}
