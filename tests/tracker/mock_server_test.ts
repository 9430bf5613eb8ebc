import { assertEquals, assertThrows } from "@std/assert";
import { type MockTracker, serveMockTracker } from "../../lib/tracker/mock_server.ts";
import { countDescriptors } from "../support/system.ts";

function serve(peersText: string | undefined, signal = new AbortController().signal): MockTracker {
  return serveMockTracker({ port: 0, hostname: "127.0.0.1", peersText, signal });
}

async function get(server: MockTracker, path: string, method = "GET") {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  return { response, body: await response.bytes() };
}

Deno.test("serveMockTracker() names the ports it was given, as packed peers", async () => {
  await using server = serve("33854,51413");
  const head = new TextEncoder().encode("d8:intervali30e5:peers12:").toHex();
  for (const path of ["/", "/announce", "/announce?info_hash=%ff&compact=1"]) {
    const { response, body } = await get(server, path);
    assertEquals(response.status, 200);
    assertEquals(response.headers.get("content-type"), "text/plain");
    assertEquals(body.toHex(), head + "7f000001843e" + "7f000001c8d5" + "65", path);
  }
});

const ANSWERS: readonly [string | undefined, string, string, number, string][] = [
  [undefined, "GET", "/announce", 500, "NO PEERS IN ENV"],
  ["", "GET", "/", 500, "NO PEERS IN ENV"],
  ["1", "GET", "/", 200, "d8:intervali30e5:peers6:\x7f\x00\x00\x01\x00\x01e"],
  [" 1 , 2 ", "GET", "/", 200, "d8:intervali30e5:peers12:\x7f\0\0\x01\0\x01\x7f\0\0\x01\0\x02e"],
  ["1,x", "GET", "/", 500, "BAD PEERS IN ENV: ports such as 33854,51413 are wanted"],
  ["0", "GET", "/", 500, "BAD PEERS IN ENV: ports such as 33854,51413 are wanted"],
  ["65536", "GET", "/", 500, "BAD PEERS IN ENV: ports such as 33854,51413 are wanted"],
  ["1,", "GET", "/", 500, "BAD PEERS IN ENV: ports such as 33854,51413 are wanted"],
  ["1", "GET", "/scrape", 404, "NOT FOUND"],
  ["1", "GET", "/announce/", 404, "NOT FOUND"],
  ["1", "POST", "/announce", 405, "GET ONLY"],
  ["1", "DELETE", "/", 405, "GET ONLY"],
];

for (const [peers, method, path, status, text] of ANSWERS) {
  Deno.test(`serveMockTracker() of "${peers}" answers ${method} ${path} with ${status}`, async () => {
    await using server = serve(peers);
    const { response, body } = await get(server, path, method);
    assertEquals([response.status, String.fromCharCode(...body)], [status, text]);
  });
}

Deno.test("serveMockTracker() ends by its signal, and closes what it opened", async () => {
  const before = countDescriptors();
  const stop = new AbortController();
  const server = serve("1", stop.signal);
  stop.abort();
  await server.finished;
  await server[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  assertEquals(countDescriptors(), before);
  assertThrows(() => serve("1", stop.signal), DOMException);
});

Deno.test("serveMockTracker() fails at once where the port is taken", async () => {
  await using server = serve("1");
  const { port } = server;
  const options = { port, hostname: "127.0.0.1", peersText: "1" };
  const { signal } = new AbortController();
  assertThrows(() => serveMockTracker({ ...options, signal }), Deno.errors.AddrInUse);
});
