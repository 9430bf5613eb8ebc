import { assert, assertEquals, assertRejects } from "@std/assert";
import { MetainfoError } from "../../lib/base/errors.ts";
import { MAX_SOURCE_LENGTH } from "../../lib/cli/byte_gatherer.ts";
import { readSource, readTorrent } from "../../lib/cli/source.ts";

const signal = new AbortController().signal;
const CONTENT = new TextEncoder().encode("d4:infode");

Deno.test("readSource() reads files and names what is wrong with others", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await Deno.writeFile(`${directory}/a.torrent`, CONTENT);
    assertEquals(await readSource(`${directory}/a.torrent`, { signal }), CONTENT);
    const rows: [string, string][] = [
      [`${directory}/none`, "there is no such file"],
      [directory, "it is a folder"],
    ];
    for (const [path, expected] of rows) {
      const error = await assertRejects(() => readSource(path, { signal }), Error, expected);
      assert(error.message.startsWith(`Cannot read "${path}"`));
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("readSource() refuses what is too long before it reads it", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.truncate(path, MAX_SOURCE_LENGTH + 1);
    await assertRejects(() => readSource(path, { signal }), MetainfoError, "longer than 64 MiB");
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("readSource() reads standard input in parts, and not for ever", async () => {
  const parts = [CONTENT.subarray(0, 4), CONTENT.subarray(4)];
  const stdin = {
    read(into: Uint8Array) {
      const part = parts.shift();
      if (part !== undefined) into.set(part);
      return Promise.resolve(part?.length ?? null);
    },
  };
  assertEquals(await readSource("-", { signal, stdin }), CONTENT);
  const endless = { read: (into: Uint8Array) => Promise.resolve(into.length) };
  await assertRejects(() => readSource("-", { signal, stdin: endless }), MetainfoError, "64 MiB");
});

Deno.test("readSource() stops waiting for standard input when aborted", async () => {
  const controller = new AbortController();
  const stdin = { read: () => new Promise<null>(() => {}) };
  const reading = readSource("-", { signal: controller.signal, stdin });
  controller.abort(new Error("enough"));
  await assertRejects(() => reading, Error, "enough");
});

Deno.test("readTorrent() names what is no torrent", async () => {
  const texts = ["<html>", "d4:infode"];
  const directory = await Deno.makeTempDir();
  try {
    for (const text of texts) {
      const path = `${directory}/a.torrent`;
      await Deno.writeTextFile(path, text);
      const prefix = `Cannot use "${path}" as a torrent: Cannot `;
      await assertRejects(() => readTorrent(path, { signal }), MetainfoError, prefix);
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
  const stdin = { read: () => Promise.resolve(null) };
  const reading = readTorrent("-", { signal, stdin });
  await assertRejects(() => reading, MetainfoError, "Cannot use standard input as a torrent: ");
});

/** Answers by path; counts nothing, owns nothing. */
function serve(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    const redirect = (location: string) =>
      new Response(null, { status: 302, headers: { location } });
    if (pathname === "/good") return new Response(CONTENT);
    if (pathname === "/to-good") return redirect("/good");
    if (pathname === "/loop") return redirect("/loop");
    if (pathname === "/to-file") return redirect("file:///etc/passwd");
    if (pathname === "/packed") return packed();
    if (pathname === "/endless") return new Response(endlessBody());
    return new Response("no", { status: 404, statusText: "Not \u009bFound" });
  });
}

/** Twice the limit of zeros, packed to a few kilobytes. */
function packed(): Response {
  const zeros = new Uint8Array(1024 * 1024);
  let left = 2 * MAX_SOURCE_LENGTH / zeros.length;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (left-- > 0) controller.enqueue(zeros);
      else controller.close();
    },
  });
  return new Response(body.pipeThrough(new CompressionStream("gzip")), {
    headers: { "content-encoding": "gzip" },
  });
}

function endlessBody(): ReadableStream<Uint8Array> {
  const part = new Uint8Array(1024 * 1024);
  return new ReadableStream({ pull: (controller) => controller.enqueue(part) });
}

Deno.test("readSource() follows a URL to its torrent, within limits", async () => {
  await using server = serve();
  const base = `http://127.0.0.1:${server.addr.port}`;
  assertEquals(await readSource(`${base}/good`, { signal }), CONTENT);
  assertEquals(await readSource(`${base}/to-good`, { signal }), CONTENT);
  const rows: [string, string][] = [
    ["/loop", "it redirects more than 5 times"],
    ["/to-file", "it redirects to what is not an http or https URL"],
    ["/none", "HTTP 404"],
    ["/endless", "it is longer than 64 MiB"],
    ["/packed", "it is longer than 64 MiB"],
  ];
  for (const [path, expected] of rows) {
    await assertRejects(() => readSource(base + path, { signal }), Error, expected, path);
  }
});

Deno.test("readSource() names a dead server without the URL's secrets", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const url = `http://127.0.0.1:${port}/dl?passkey=0123456789abcdef`;
  const error = await assertRejects(() => readSource(url, { signal }), Error, "Cannot download");
  assert(!error.message.includes("0123456789abcdef"), error.message);
  assert(!error.message.includes("\n"));
});
