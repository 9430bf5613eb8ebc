import { assert, assertEquals } from "@std/assert";
import { decodeLayout, encodeLayout } from "../../lib/storage/stored_torrent.ts";
import type { TorrentFile } from "../../lib/torrent/metainfo.ts";
import { Geometry } from "../../lib/torrent/geometry.ts";
import { type Fixture, multiFile, singleFile } from "./fixture.ts";

const GIB = 1024 ** 3;

/** A torrent of these files, however long: its hashes are of nothing. */
function torrentOf(files: readonly TorrentFile[], pieceLength: number): Fixture["metainfo"] {
  const geometry = new Geometry(files, pieceLength);
  const pieceHashes = Uint8Array.from({ length: 20 * geometry.pieceCount }, (_, at) => at * 7);
  const { metainfo } = singleFile(1);
  return { ...metainfo, isMultiFile: true, files, geometry, pieceLength, pieceHashes };
}

function file(path: readonly string[], lengthBytes: number): TorrentFile {
  return { path, lengthBytes, isPadding: false };
}

function plain({ path, lengthBytes, isPadding }: TorrentFile): TorrentFile {
  return { path, lengthBytes, isPadding };
}

const NAMES = [
  "a\u00a0b",
  "\u2013",
  "\u{1f4be}.bin",
  "e\u0301",
  "\u00e9",
  "..",
  "con",
  "a\\b",
  "a\nb",
  "%00",
  '"',
  "\ufffd",
  "x".repeat(255),
];

const TORRENTS: readonly (readonly [string, Fixture["metainfo"]])[] = [
  ["one file", singleFile(100_000).metainfo],
  ["one empty file", singleFile(0).metainfo],
  ["no files", torrentOf([], 16_384)],
  [
    "folders, empty files and padding",
    multiFile([
      { path: "a", lengthBytes: 1000 },
      { path: ".pad/31768", lengthBytes: 31_768, isPadding: true },
      { path: "b/c/d", lengthBytes: 0 },
      { path: "b/c/e", lengthBytes: 40_000 },
    ]).metainfo,
  ],
  ["odd names", torrentOf(NAMES.map((name) => file(["folder", name, name], 10)), 16_384)],
  [
    "files above 4 GiB",
    torrentOf([file(["f", "a"], 5 * GIB + 1), file(["f", "b"], 2 ** 45 + 3)], 2 ** 40),
  ],
  [
    "50,000 files",
    torrentOf(
      Array.from({ length: 50_000 }, (_, n) => file(["f", `d${n % 7}`, `${n}`], n)),
      2 ** 20,
    ),
  ],
];

for (const [name, torrent] of TORRENTS) {
  Deno.test(`decodeLayout() gives back what went to another thread: ${name}`, () => {
    const decoded = decodeLayout(structuredClone(encodeLayout(torrent)));
    for (const key of ["pieceLength", "pieceHashes"] as const) {
      assertEquals(decoded[key], torrent[key]);
    }
    assertEquals(decoded.files.map(plain), torrent.files.map(plain));
    const { geometry } = decoded;
    assertEquals(geometry.totalLength, torrent.geometry.totalLength);
    assertEquals(geometry.pieceCount, torrent.geometry.pieceCount);
    assertEquals(geometry.hasPadding, torrent.geometry.hasPadding);
    const last = geometry.pieceCount - 1;
    if (last < 0) return;
    const spansOf = (of: Geometry) => [...of.spans(of.pieceOffset(last), of.pieceLength(last))];
    assertEquals(spansOf(geometry), spansOf(torrent.geometry));
  });
}

Deno.test("encodeLayout() shares nothing with the torrent: its buffers may be transferred", () => {
  const torrent = singleFile(100_000).metainfo;
  const { pieceHashes, lengths, paddings } = encodeLayout(torrent);
  for (const bytes of [pieceHashes, lengths, paddings]) {
    assert(bytes.buffer !== torrent.pieceHashes.buffer);
  }
});
