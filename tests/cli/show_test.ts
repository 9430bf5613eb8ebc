import { assert, assertEquals } from "@std/assert";
import { printable } from "../../lib/base/text.ts";
import { showJson, showText } from "../../lib/cli/show.ts";
import { makeTorrent } from "../support/torrent_fixture.ts";
import { randomOf } from "../torrent/helpers.ts";

const PIECE_LENGTH = 16 * 1024;
const EXTRA = {
  comment: "a \x1b[31mred\u202e comment",
  "created by": "a test",
  "creation date": 1_700_000_000,
};

const TRACKERS = [["http://tracker.example/0123456789abcdef/announce"]];

Deno.test("showJson() is the one object of the contract", () => {
  const { metainfo } = makeTorrent({
    name: "one.bin",
    files: 40_000,
    pieceLength: PIECE_LENGTH,
    trackers: TRACKERS,
    extra: EXTRA,
  });
  const { infoHash, comment, ...rest } = JSON.parse(showJson(metainfo));
  assertEquals(infoHash, metainfo.infoHash.toHex());
  assert(String(comment).includes("comment"));
  assertEquals(rest, {
    name: "one.bin",
    totalLength: 40_000,
    pieceLength: 16_384,
    pieceCount: 3,
    private: false,
    files: [{ path: "one.bin", length: 40_000 }],
    trackers: [["http://tracker.example/0123456789abcdef/announce"]],
    webSeeds: [],
    nodes: [],
    createdBy: "a test",
    creationDate: 1_700_000_000,
  });
});

Deno.test("showJson() leaves out what the torrent has not, and steers no terminal", () => {
  const files = [{ path: "\u009b2J\u202ex", lengthBytes: 5 }];
  const text = showJson(makeTorrent({ files, pieceLength: PIECE_LENGTH }).metainfo);
  const shown = JSON.parse(text);
  for (const key of ["comment", "source", "createdBy", "creationDate"]) {
    assert(!(key in shown), key);
  }
  assertEquals(printable(text.trimEnd()), text.trimEnd());
});

Deno.test("showJson() and showText() tell the source of a private tracker", () => {
  const { metainfo } = makeTorrent({ files: 5, pieceLength: PIECE_LENGTH });
  const sourced = { ...metainfo, source: "TRACKER" };
  assertEquals(JSON.parse(showJson(sourced)).source, "TRACKER");
  assert(showText(sourced).includes("\nSource:       TRACKER\n"));
});

Deno.test("showText() shows facts without passkeys, then the tree", () => {
  const { metainfo } = makeTorrent({
    name: "album",
    files: [
      { path: "a.txt", lengthBytes: 1000 },
      { path: "sub/b.bin", lengthBytes: 2000 },
      { path: "sub/deep/c.bin", lengthBytes: 3000 },
      { path: "d.txt", lengthBytes: 0 },
    ],
    pieceLength: PIECE_LENGTH,
    trackers: TRACKERS,
    extra: EXTRA,
  });
  assertEquals(
    showText(metainfo).replace(metainfo.infoHash.toHex(), "HASH"),
    `Name:         album
Info hash:    HASH
Size:         5.86 KiB (6,000 bytes)
Contents:     4 files
Pieces:       1 of 16.0 KiB
Private:      no
Created:      2023-11-14 22:13:20 UTC
Created by:   a test
Comment:      a [31mred comment
Trackers:     http://tracker.example/0123…/announce
Files:
  album/
    a.txt  (1000 B)
    sub/
      b.bin  (1.95 KiB)
      deep/
        c.bin  (2.93 KiB)
    d.txt  (0 B)
`,
  );
});

Deno.test("showText() draws a tree in which every file stands below its folders", () => {
  const random = randomOf(13);
  for (let round = 0; round < 50; round++) {
    const files = Array.from({ length: 1 + random(12) }, (_, index) => ({
      path: [...Array.from({ length: random(4) }, () => `d${random(2)}`), `f${index}`].join("/"),
      lengthBytes: 1,
    }));
    const { metainfo } = makeTorrent({ name: "t", files, pieceLength: PIECE_LENGTH });
    assertEquals(readTree(showText(metainfo)), metainfo.files.map(({ path }) => path.join("/")));
  }
});

/** The paths of the files in a shown tree. */
function readTree(text: string): readonly string[] {
  const folders: string[] = [];
  const paths: string[] = [];
  for (const line of text.slice(text.indexOf("Files:\n") + 7).trimEnd().split("\n")) {
    const name = line.trimStart().replace(/ {2}\(.*\)$/, "");
    folders.length = (line.length - line.trimStart().length) / 2 - 1;
    if (name.endsWith("/")) folders.push(name.slice(0, -1));
    else paths.push([...folders, name].join("/"));
  }
  return paths;
}
