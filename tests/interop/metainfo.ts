/**
 * What our `show --json` says of a torrent, against what libtorrent sees in it.
 * Run by name: `deno test -A tests/interop/metainfo.ts`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Shown, showTheirs } from "./support/libtorrent_show.ts";
import { TemporaryFolder } from "./support/loopback.ts";
import { type Bencodable, encodeBencode, makeInfo } from "./support/torrents.ts";
import { runWestorrent } from "./support/westorrent.ts";

const GIB = 1024 * 1024 * 1024;
const TRACKER = "http://127.0.0.1:9/announce";

/** Torrents without content: only their description matters. */
const TORRENTS: Readonly<Record<string, { readonly [key: string]: Bencodable }>> = {
  "a single file": { announce: TRACKER, info: describe("a.bin", 1_000_000, 64 * 1024) },
  "one byte": { announce: TRACKER, info: describe("a.bin", 1, 16 * 1024) },
  "a whole number of pieces": {
    announce: TRACKER,
    info: describe("a.bin", 4 * 32 * 1024, 32 * 1024),
  },
  "an odd piece length": { announce: TRACKER, info: describe("a.bin", 1_000_000, 100_001) },
  "a file beyond 4 GiB": {
    announce: TRACKER,
    info: describe("big", 5 * GIB + 3, 16 * 1024 * 1024),
  },
  "names beyond ASCII": {
    announce: TRACKER,
    info: describe("Übung 日本 😀.txt", 70_000, 32 * 1024),
  },
  "a folder": {
    announce: TRACKER,
    info: describe("folder", [
      { path: ["one"], lengthBytes: 1 },
      { path: ["empty"], lengthBytes: 0 },
      { path: ["файлы", "два.txt"], lengthBytes: 100_000 },
      { path: ["a b", "c", "d.e"], lengthBytes: 32 * 1024 },
    ], 32 * 1024),
  },
  "a folder with one file": {
    announce: TRACKER,
    info: describe("folder", [{ path: ["only"], lengthBytes: 5 }], 32 * 1024),
  },
  "tiers of trackers": {
    announce: TRACKER,
    "announce-list": [
      [TRACKER, "http://127.0.0.2:9/announce"],
      ["udp://127.0.0.3:9/announce"],
    ],
    info: describe("a.bin", 10, 16 * 1024),
  },
  "everything that people read": {
    announce: TRACKER,
    comment: "Ein Kommentar — мнение",
    "created by": "a tool/1.0",
    "creation date": 1_700_000_000,
    "url-list": ["http://127.0.0.1:9/files/"],
    info: { ...describe("folder", [{ path: ["only"], lengthBytes: 5 }], 16 * 1024), private: 1 },
  },
};

for (const [words, torrent] of Object.entries(TORRENTS)) {
  Deno.test(`show --json agrees with libtorrent about ${words}`, async () => {
    await using folder = await TemporaryFolder.make();
    const path = folder.join("made.torrent");
    await Deno.writeFile(path, encodeBencode(torrent));
    const [ours, theirs] = await Promise.all([showOurs(path), showTheirs(path)]);
    assertEquals(ours, theirs);
  });
}

/** The info dictionary of content that nobody has. */
function describe(
  name: string,
  content: Parameters<typeof makeInfo>[0]["content"],
  pieceLengthBytes: number,
): Record<string, Bencodable> {
  const lengths = typeof content === "number" ? [content] : content.map((file) => file.lengthBytes);
  const totalLength = lengths.reduce((sum, length) => sum + length, 0);
  const pieces = new Uint8Array(20 * Math.ceil(totalLength / pieceLengthBytes)).fill(7);
  return makeInfo({ name, content, pieceLengthBytes, announce: TRACKER }, pieces);
}

async function showOurs(path: string): Promise<Shown> {
  const { code, stdout, stderr } = await runWestorrent(["show", path, "--json"]);
  assertEquals(code, 0, stderr);
  const shown: Partial<Shown> & { readonly nodes?: unknown } = JSON.parse(stdout);
  const { nodes: _nodes, ...compared } = shown;
  return {
    ...{ comment: "", createdBy: "", creationDate: 0, webSeeds: [] },
    ...compared as Shown,
    trackers: (compared.trackers ?? []).map((tier) => tier.toSorted()),
  };
}
