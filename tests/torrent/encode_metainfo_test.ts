import { assertEquals } from "@std/assert";
import { encodeMetainfo, type TorrentDescription } from "../../lib/torrent/encode_metainfo.ts";
import { parseMetainfo } from "../../lib/torrent/metainfo.ts";
import { randomOf } from "./helpers.ts";

const HASHES = Uint8Array.from("0123456789abcdefghij", (letter) => letter.charCodeAt(0));
const PLAIN: TorrentDescription = {
  name: "a.bin",
  content: 5,
  pieceLength: 16_384,
  pieceHashes: HASHES,
  trackers: [],
  webSeeds: [],
  isPrivate: false,
};
const PIECES = "12:piece lengthi16384e6:pieces20:0123456789abcdefghij";

Deno.test("encodeMetainfo() writes what was asked for and nothing else", async (t) => {
  const rows: readonly (readonly [string, Partial<TorrentDescription>, string])[] = [
    ["one file", {}, `d4:infod6:lengthi5e4:name5:a.bin${PIECES}ee`],
    [
      "a folder of one",
      { content: [{ path: ["b", "c"], lengthBytes: 5 }] },
      `d4:infod5:filesld6:lengthi5e4:pathl1:b1:ceee4:name5:a.bin${PIECES}ee`,
    ],
    [
      "one tracker",
      { trackers: [["http://h/a"]] },
      `d8:announce10:http://h/a4:infod6:lengthi5e4:name5:a.bin${PIECES}ee`,
    ],
    [
      "tiers",
      { trackers: [["http://h/a", "udp://i:1"], ["http://j"]] },
      "d8:announce10:http://h/a13:announce-listll10:http://h/a9:udp://i:1el8:http://jee" +
      `4:infod6:lengthi5e4:name5:a.bin${PIECES}ee`,
    ],
    [
      "private, with a source",
      { isPrivate: true, source: "X" },
      `d4:infod6:lengthi5e4:name5:a.bin${PIECES}7:privatei1e6:source1:Xee`,
    ],
    [
      "what people read",
      { comment: "c", createdBy: "w", creationDate: 7, webSeeds: ["http://h/"] },
      "d7:comment1:c10:created by1:w13:creation datei7e" +
      `4:infod6:lengthi5e4:name5:a.bin${PIECES}e8:url-listl9:http://h/ee`,
    ],
  ];
  for (const [words, changes, expected] of rows) {
    await t.step(words, () => {
      assertEquals(new TextDecoder().decode(encodeMetainfo({ ...PLAIN, ...changes })), expected);
    });
  }
});

Deno.test("parseMetainfo() reads back what encodeMetainfo() writes", () => {
  const random = randomOf(11);
  for (let round = 0; round < 200; round++) {
    const lengths = Array.from({ length: 1 + random(9) }, () => random(3) * random(40_000));
    lengths[0] = 1 + random(1000);
    const totalLength = lengths.reduce((sum, length) => sum + length, 0);
    const content = lengths.map((lengthBytes, index) => ({
      path: [...Array.from({ length: random(3) }, (_, depth) => `d${depth}é`), `f${index} 😀`],
      lengthBytes,
    }));
    const described: TorrentDescription = {
      name: `n${round}`,
      content,
      pieceLength: 16_384,
      pieceHashes: Uint8Array.from(
        { length: 20 * Math.ceil(totalLength / 16_384) },
        () => random(256),
      ),
      trackers: Array.from(
        { length: random(3) },
        (_, tier) => [`http://h/${tier}`, `udp://h:${tier + 1}`],
      ),
      webSeeds: random(2) === 0 ? [] : ["http://h/files/"],
      isPrivate: random(2) === 0,
      creationDate: random(2 ** 31),
    };
    const read = parseMetainfo(encodeMetainfo(described));
    assertEquals(read.warnings, []);
    const { name, pieceLength, pieceHashes, trackers, webSeeds, isPrivate, creationDate } = read;
    const paths = read.files.map(({ path, lengthBytes }) => ({ path: path.slice(1), lengthBytes }));
    assertEquals<unknown>({
      ...{ name, content: paths, pieceLength, pieceHashes },
      ...{ trackers, webSeeds, isPrivate, creationDate },
    }, described);
  }
});
