import { assert, assertEquals } from "@std/assert";
import { printable } from "../../lib/base/text.ts";
import { showJson, showText } from "../../lib/cli/show.ts";
import { parseMetainfo } from "../../lib/torrent/metainfo.ts";
import { bytesOfSeed, multiFileTorrent, singleFileTorrent } from "./torrent_fixture.ts";

const EXTRA = {
  announce: "http://tracker.example/0123456789abcdef/announce",
  comment: "a \x1b[31mred\u202e comment",
  "created by": "a test",
  "creation date": 1_700_000_000,
};

Deno.test("showJson() is the one object of the contract", () => {
  const metainfo = parseMetainfo(singleFileTorrent(bytesOfSeed(40_000, 1), { extra: EXTRA }));
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
  const files = [{ path: ["\u009b2J\u202ex"], bytes: bytesOfSeed(5, 1) }];
  const text = showJson(parseMetainfo(multiFileTorrent(files)));
  const shown = JSON.parse(text);
  for (const key of ["comment", "createdBy", "creationDate"]) assert(!(key in shown), key);
  assertEquals(printable(text.trimEnd()), text.trimEnd());
});

Deno.test("showText() shows facts without passkeys, then the tree", () => {
  const metainfo = parseMetainfo(multiFileTorrent([
    { path: ["a.txt"], bytes: bytesOfSeed(1000, 1) },
    { path: ["sub", "b.bin"], bytes: bytesOfSeed(2000, 2) },
    { path: ["sub", "deep", "c.bin"], bytes: bytesOfSeed(3000, 3) },
    { path: ["d.txt"], bytes: new Uint8Array(0) },
  ], { extra: EXTRA }));
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
