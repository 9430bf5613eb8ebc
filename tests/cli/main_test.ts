/** The program as a whole, as scripts run it: each test starts it once or twice. */
import { assert, assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { parseMetainfo } from "../../lib/torrent/metainfo.ts";
import { permissionFlags } from "../support/readme.ts";
import { makeTorrent, writeContent } from "../support/torrent_fixture.ts";

const MAIN = new URL("../../main.ts", import.meta.url).href;
const FIXTURE = makeTorrent({
  name: "album",
  files: [{ path: "a.bin", lengthBytes: 40_000 }, { path: "sub/b.bin", lengthBytes: 10_000 }],
  pieceLength: 16 * 1024,
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function command(args: readonly string[], options: Deno.CommandOptions = {}): Deno.Command {
  const { args: flags = ["-A"], ...rest } = options;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--cached-only", ...flags, MAIN, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...rest,
  });
}

async function run(args: readonly string[], options: Deno.CommandOptions = {}): Promise<Ended> {
  const { code, stdout, stderr } = await command(args, options).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A folder with the torrent `t` and the files it names; gone at the end. */
class Place implements Disposable {
  readonly path = Deno.makeTempDirSync();
  readonly torrent = `${this.path}/t`;

  constructor() {
    Deno.writeFileSync(this.torrent, FIXTURE.torrentBytes);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

Deno.test("main() prints version and help on standard output", async () => {
  assertEquals(await run(["-V"]), { code: 0, stdout: "westorrent 0.1.0\n", stderr: "" });
  const help = await run(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  assert(help.stdout.includes("Usage:"));
});

Deno.test("main() says what is wrong in one line and exits by its kind", async (t) => {
  using place = new Place();
  await Deno.writeTextFile(`${place.path}/bad`, "this is no torrent");
  const rows: [string, string[], number][] = [
    ["a wrong option", ["--ouput", "x"], 2],
    ["no such file", ["show", `${place.path}/none`], 1],
    ["no torrent", ["show", `${place.path}/bad`], 3],
    ["nothing to create of", ["create", "-q", `${place.path}/none`], 5],
    ["create over a file", ["create", place.torrent, "-o", place.torrent], 5],
    ["files not there", ["verify", "-q", place.torrent, place.path], 1],
  ];
  for (const [words, args, code] of rows) {
    await t.step(words, async () => {
      const ended = await run(args);
      assertEquals([ended.code, ended.stdout], [code, ""]);
      assert(/^westorrent: Cannot [^\n]+\n$/.test(ended.stderr), ended.stderr);
    });
  }
});

Deno.test("main() adds a stack trace only with -v", async () => {
  const { code, stderr } = await run(["-v", "show", "/nonexistent/x.torrent"]);
  assertEquals(code, 1);
  assert(stderr.includes("\n    at "), stderr);
});

Deno.test("main() shows a torrent from standard input with no permission at all", async () => {
  using place = new Place();
  const child = command(["show", "--json", "-"], { args: ["--no-prompt"], stdin: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(await Deno.readFile(place.torrent));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)).files, [
    { path: "album/a.bin", length: 40_000 },
    { path: "album/sub/b.bin", length: 10_000 },
  ]);
});

Deno.test("main() shows a torrent with the permissions that the README names", async () => {
  using place = new Place();
  const flags = ["--no-prompt", ...permissionFlags("show film.torrent")];
  const ended = await run(["show", "t"], { args: flags, cwd: place.path });
  assertEquals([ended.code, ended.stderr], [0, ""]);
  assert(ended.stdout.includes("b.bin"), ended.stdout);
});

Deno.test("main() verifies files with the permissions that the README names", async () => {
  using place = new Place();
  await writeContent(place.path, FIXTURE);
  const flags = ["--no-prompt", ...permissionFlags("verify film.torrent")];
  const ended = await run(["verify", "--json", "t"], { args: flags, cwd: place.path });
  const last = JSON.parse(ended.stdout.trimEnd().split("\n").at(-1) ?? "");
  assertEquals([ended.code, ended.stderr, last.isComplete, last.havePieces], [0, "", true, 4]);
});

Deno.test({
  name: "main() downloads with the permissions that the README names, and asks for no other",
  ignore: Deno.build.os !== "linux" || !existsSync("/usr/bin/script"),
  async fn() {
    using place = new Place();
    // So long that the free space matters, and nobody to have it from.
    const { torrentBytes } = makeTorrent({ files: 5_000_000, pieceLength: 1024 * 1024 });
    await Deno.writeFile(place.torrent, torrentBytes);
    const flags = permissionFlags("film.torrent");
    const words = [Deno.execPath(), "run", "--quiet", "--cached-only", ...flags, MAIN, "t"];
    // Only on a terminal does Deno ask, and then for an answer.
    const ended = await new Deno.Command("/usr/bin/script", {
      args: ["-qec", words.map((word) => `'${word}'`).join(" "), "/dev/null"],
      cwd: place.path,
      stdin: "null",
      signal: AbortSignal.timeout(10_000),
    }).output();
    const shown = new TextDecoder().decode(ended.stdout);
    assert(!shown.includes("requests"), shown);
    assertEquals(ended.code, 4, shown);
  },
});

Deno.test("main() names the permission that Deno lacks", async () => {
  using place = new Place();
  const flags = ["--no-prompt", "--allow-read=."];
  const ended = await run(["t", "-o", "out"], { args: flags, cwd: place.path });
  assertEquals([ended.code, ended.stdout], [5, ""]);
  assert(/^westorrent: Cannot [^\n]*--allow-write[^\n]*\n$/.test(ended.stderr), ended.stderr);
});

Deno.test("main() creates a torrent with the permissions that the README names", async () => {
  using place = new Place();
  await writeContent(place.path, FIXTURE);
  const flags = ["--no-prompt", ...permissionFlags("create films")];
  const args = ["create", "album", "--json", "--piece-length", "16K"];
  const ended = await run(args, { args: flags, cwd: place.path });
  const { infoHash, output, warnings } = JSON.parse(ended.stdout);
  assertEquals([ended.code, ended.stderr, warnings], [0, "", []]);
  assertEquals([infoHash, output], [FIXTURE.metainfo.infoHash.toHex(), "album.torrent"]);
  const shown = await run(["show", "--json", `${place.path}/album.torrent`]);
  assertEquals(JSON.parse(shown.stdout).infoHash, infoHash);
  const again = await run(args, { cwd: place.path });
  assertEquals([again.code, again.stdout], [5, ""]);
});

Deno.test("main() creates a torrent on standard output, as it is", async () => {
  using place = new Place();
  await writeContent(place.path, FIXTURE);
  const create = command(["create", "album", "-o", "-"], { cwd: place.path });
  const { code, stdout, stderr } = await create.output();
  const line = "Created the torrent: 48.8 KiB in 2 files, 4 pieces of 16.0 KiB, info hash ";
  const { infoHash } = parseMetainfo(stdout);
  assertEquals([code, new TextDecoder().decode(stderr)], [0, `${line}${infoHash.toHex()}\n`]);
  assertEquals(infoHash, FIXTURE.metainfo.infoHash);
  assertEquals([...Deno.readDirSync(place.path)].length, 2);
});

Deno.test("main() ends quietly when nobody reads its output", async () => {
  using place = new Place();
  const child = command(["verify", "--json", place.torrent, place.path]).spawn();
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  assertEquals([(await child.status).code, stderr], [1, ""]);
});

Deno.test({
  name: "main() ends at once on a signal while it waits for its source",
  ignore: Deno.build.os === "windows",
  async fn() {
    const child = command(["-v", "show", "-"], { stdin: "piped" }).spawn();
    // Its handler stands once it has read what we wrote: the pipe takes no more than 64 KiB unread.
    const writer = child.stdin.getWriter();
    await writer.write(new Uint8Array(256 * 1024));
    child.kill("SIGINT");
    const { code, stdout } = await child.output();
    assertEquals([code, stdout.length], [130, 0]);
    await writer.close().catch(() => {}); // its reader is gone
  },
});

Deno.test({
  name: "main() serves the mock tracker's bytes, with the README's permissions, until a signal",
  ignore: Deno.build.os === "windows",
  async fn() {
    const env = { WESTORRENT_LOCAL_PEERS: "33854,51413" };
    const args = ["--no-prompt", ...permissionFlags("tracker")];
    const child = command(["tracker", "--port", String(freePort())], { env, args }).spawn();
    const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    const { value = "" } = await reader.read();
    const url = /^The mock tracker answers at (\S+)\n$/.exec(value)?.[1] ?? "";
    const response = await fetch(url);
    const expected = [..."d8:intervali30e5:peers12:"].map((letter) => letter.charCodeAt(0));
    assertEquals(
      [...await response.bytes()],
      [...expected, 127, 0, 0, 1, 0x84, 0x3e, 127, 0, 0, 1, 0xc8, 0xd5, 0x65],
    );
    child.kill("SIGTERM");
    assertEquals((await child.status).code, 143);
    assertEquals((await reader.read()).value, "westorrent: Stopped by SIGTERM\n");
    await reader.cancel();
    await child.stdout.cancel();
  },
});

/** A port that was free just now: the command line takes none of 0. */
function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
