import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { TrackerError } from "../../lib/base/errors.ts";
import { USER_AGENT } from "../../lib/base/identity.ts";
import {
  announceHttp,
  announceUrl,
  createTrackerClient,
  MAX_REDIRECTS,
  percentEncode,
} from "../../lib/tracker/http.ts";
import type { AnnounceReply } from "../../lib/tracker/request.ts";
import { dataUrl } from "../torrent/helpers.ts";
import { REQUEST, serveHttp, serveRaw } from "./villains.ts";

const { signal: never } = new AbortController();

async function announce(url: string, signal = never): Promise<AnnounceReply> {
  const client = createTrackerClient();
  try {
    return await announceHttp(new URL(url), REQUEST, { signal, client });
  } finally {
    client.close();
  }
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return await new Response(packed).bytes();
}

Deno.test("percentEncode() keeps bytes bytes", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
  const encoded = percentEncode(bytes);
  assertStringIncludes(encoded, "%FE%FF");
  assertStringIncludes(encoded, "-.%2F0123456789%3A");
  const back = encoded.replace(/%(..)/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  assertEquals(Uint8Array.from(back, (char) => char.charCodeAt(0)), bytes);
});

Deno.test("announceUrl() says all there is to say, after the tracker's own query", () => {
  const url = announceUrl(new URL("http://a.example/announce?passkey=1#x"), {
    ...REQUEST,
    trackerId: new TextEncoder().encode("a&b"),
  });
  assertEquals(
    url.href,
    "http://a.example/announce?passkey=1" +
      "&info_hash=%F8%F9%FA%FB%FC%FD%FE%FF%00%01%02%03%04%05%06%07%08%09%0A%0B" +
      "&peer_id=-WE0100-abcdefghijkl&port=51413&uploaded=1&downloaded=2&left=1099511627776" +
      "&compact=1&numwant=50&key=0000beef&event=started&trackerid=a%26b",
  );
});

Deno.test("announceUrl() names no event for an update, wants nobody when stopped, never an ip", () => {
  const tracker = new URL("http://a.example/announce");
  const update = announceUrl(tracker, { ...REQUEST, event: "update" }).searchParams;
  assertEquals([update.get("event"), update.get("ip"), update.get("trackerid")], [
    null,
    null,
    null,
  ]);
  const stopped = announceUrl(tracker, { ...REQUEST, event: "stopped" }).searchParams;
  assertEquals([stopped.get("event"), stopped.get("numwant")], ["stopped", "0"]);
});

Deno.test("announceHttp() gives the peers of a plain and of a packed reply", async () => {
  const body = new TextEncoder().encode("d8:intervali60e5:peers6:\x01\x02\x03\x04\x00\x05e");
  const packed = await gzip(body);
  await using tracker = serveHttp((request) => {
    assertEquals(request.headers.get("user-agent"), USER_AGENT);
    if (request.url.includes("plain")) return new Response(body);
    return new Response(packed, { headers: { "content-encoding": "gzip" } });
  });
  for (const query of ["?plain", "?packed"]) {
    const { peers, intervalSeconds } = await announce(tracker.url + query);
    assertEquals([peers, intervalSeconds], [[{ host: "1.2.3.4", port: 5 }], 60]);
  }
});

Deno.test("announceHttp() connects from the address it is bound to", async () => {
  let seen = "";
  const options = { port: 0, hostname: "127.0.0.1", onListen: () => {} };
  await using server = Deno.serve(options, (_request, { remoteAddr }) => {
    seen = remoteAddr.hostname;
    return new Response("d5:peers0:e");
  });
  const client = createTrackerClient("127.0.0.9");
  const url = new URL(`http://127.0.0.1:${server.addr.port}/announce`);
  await announceHttp(url, REQUEST, { signal: never, client });
  client.close();
  assertEquals(seen, "127.0.0.9");
});

const ANSWERS: readonly [string, () => Response | Promise<Response>, string][] = [
  ["nothing", () => new Response(""), "the reply is empty"],
  ["garbage", () => new Response("\x00\xff\x1b[31m"), "makes no sense"],
  ["a web page", () => new Response("\n<!DOCTYPE html><p>Hi"), "a web page"],
  ["a cut reply", () => new Response("d8:intervali60e5:peers6:abc"), "makes no sense"],
  ["a list", () => new Response("le"), "makes no sense"],
  ["whole peers and a bit", () => new Response("d5:peers7:abcdefge"), "makes no sense"],
  ["a failure", () => new Response("d14:failure reason6:\x1b[1mnoe"), 'says: "[1mno"'],
  ["a failure with status 400", () => {
    return new Response("d14:failure reason3:bade", { status: 400 });
  }, 'says: "bad"'],
  ["status 410", () => new Response("gone", { status: 410 }), "HTTP 410 Gone"],
  ["peers with status 500", () => new Response("d5:peers0:e", { status: 500 }), "HTTP 500"],
  ["a redirect without a place", () => new Response(null, { status: 302 }), "HTTP 302"],
  ["a redirect to a file", () => redirect("file:///etc/passwd"), '"file:" is not http'],
  ["a redirect to another path here", () => redirect("/elsewhere"), "on this machine"],
  ["gzip that is none", () => {
    return new Response("no", { headers: { "content-encoding": "gzip" } });
  }, "Cannot announce"],
  ["an endless body", () => new Response(endless()), "longer than 1 MiB"],
  ["a small file that unpacks to much", async () => {
    const bomb = await gzip(new Uint8Array(64 * 1024 * 1024));
    return new Response(bomb, { headers: { "content-encoding": "gzip" } });
  }, "longer than 1 MiB"],
];

function redirect(location: string): Response {
  return new Response(null, { status: 302, headers: { location } });
}

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65536)) });
}

for (const [name, answer, words] of ANSWERS) {
  Deno.test(`announceHttp() names what is wrong with ${name}`, async () => {
    await using tracker = serveHttp(answer);
    const url = `${tracker.url}?passkey=0123456789secret`;
    const error = await assertRejects(() => announce(url), TrackerError, words);
    const told = Deno.inspect(error);
    assert(!told.includes("secret") && !told.includes("%F8%F9"), told);
    // deno-lint-ignore no-control-regex -- a terminal must not be steered
    assert(!/[\x00-\x1f]/.test(error.message), error.message);
  });
}

Deno.test("announceHttp() follows some redirects, and not one more", async () => {
  let left = MAX_REDIRECTS;
  await using tracker = serveHttp(({ url }) => {
    return left-- > 0 ? redirect(url) : new Response("d5:peers0:e");
  });
  assertEquals((await announce(tracker.url)).peers, []);
  left = Infinity;
  await assertRejects(() => announce(tracker.url), TrackerError, "more than 5 times");
  assertEquals(tracker.requests.length, 2 * (MAX_REDIRECTS + 1));
});

const NO_HTTP: readonly [string, string][] = [
  ["no HTTP", "220 smtp.example ESMTP\r\n"],
  ["an end before the body's", "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nd5:"],
  ["half a header", "HTTP/1.1 200 OK\r\nConte"],
];

for (const [name, text] of NO_HTTP) {
  Deno.test(`announceHttp() bears a server that speaks ${name}`, async () => {
    await using tracker = serveRaw(text);
    await assertRejects(() => announce(tracker.url), TrackerError, "Cannot announce");
  });
}

Deno.test("announceHttp() says in words that nobody listens, and never speaks plain to https", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr;
  listener.close();
  await assertRejects(() => announce(`http://127.0.0.1:${port}/`), TrackerError, "refused");
  await using tracker = serveHttp(() => new Response("d5:peers0:e"));
  const https = tracker.url.replace("http:", "https:");
  await assertRejects(() => announce(https), TrackerError);
  assertEquals(tracker.requests.length, 0);
});

for (
  const [name, text] of [["headers", ""], ["body", "HTTP/1.1 200 OK\r\n\r\nd5:peers..."]] as const
) {
  Deno.test(`announceHttp() ends at once when aborted while it waits for the ${name}`, async () => {
    const stop = new AbortController();
    await using tracker = serveRaw(text, () => queueMicrotask(() => stop.abort("enough")));
    const reason = await announce(tracker.url, stop.signal).catch((error) => error);
    assertEquals(reason, "enough");
  });
}

Deno.test("announceHttp() refuses a certificate that nobody vouches for", async () => {
  const pem = Deno.readTextFileSync(dataUrl("self_signed.pem"));
  const options = { port: 0, hostname: "127.0.0.1", onListen: () => {}, cert: pem, key: pem };
  let requests = 0;
  await using server = Deno.serve(options, () => {
    requests++;
    return new Response("d5:peers0:e");
  });
  const url = `https://127.0.0.1:${server.addr.port}/announce`;
  await assertRejects(() => announce(url), TrackerError, "certificate");
  assertEquals(requests, 0);
});
