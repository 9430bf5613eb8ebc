import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { BencodeError, MetainfoError } from "../../lib/base/errors.ts";
import { type BencodeInput, encodeBencode } from "../../lib/torrent/bencode.ts";
import {
  MAX_TORRENT_BYTES,
  type Metainfo,
  parseMetainfo,
  readMetainfo,
} from "../../lib/torrent/metainfo.ts";
import { bytes, dataUrl, randomOf } from "./helpers.ts";

interface Expected {
  readonly infoHash: string;
  readonly name: string;
  readonly pieceLength: number;
  readonly pieceCount: number;
  readonly totalLength: number;
  readonly private: boolean;
  readonly files: readonly {
    readonly path: string;
    readonly length: number;
    readonly padding: boolean;
  }[];
}

const EXPECTED: Readonly<Record<string, Expected>> = JSON.parse(
  Deno.readTextFileSync(dataUrl("torrents/expected.json")),
);

for (const [name, expected] of Object.entries(EXPECTED)) {
  Deno.test(`parseMetainfo() reads ${name} as libtorrent does`, () => {
    const metainfo = parseMetainfo(Deno.readFileSync(dataUrl(`torrents/${name}`)));
    assertEquals<Expected>({
      infoHash: metainfo.infoHash.toHex(),
      name: metainfo.name,
      pieceLength: metainfo.pieceLength,
      pieceCount: metainfo.geometry.pieceCount,
      totalLength: metainfo.geometry.totalLength,
      private: metainfo.isPrivate,
      files: metainfo.files.map((file) => ({
        path: file.path.join("/"),
        length: file.lengthBytes,
        padding: file.isPadding,
      })),
    }, expected);
    assertEquals(metainfo.pieceHashes.length, 20 * expected.pieceCount);
    assertEquals(metainfo.warnings, []);
  });
}

Deno.test("readMetainfo() reads what parseMetainfo() does", async () => {
  for (const name of Object.keys(EXPECTED)) {
    const torrent = Deno.readFileSync(dataUrl(`torrents/${name}`));
    assertEquals(await readMetainfo(torrent), parseMetainfo(torrent), name);
  }
  const wrong = bytes("d4:infod4:name1:aee");
  await assertRejects(() => readMetainfo(wrong), MetainfoError, "piece length");
  await assertRejects(() => readMetainfo(wrong.subarray(0, 9)), BencodeError);
});

Deno.test("parseMetainfo() reads remarks and trackers", () => {
  const metainfo = parseMetainfo(Deno.readFileSync(dataUrl("torrents/multi.torrent")));
  assert(metainfo.isMultiFile);
  assertEquals(metainfo.comment, "made for tests");
  assertEquals(metainfo.createdBy, "lab");
  assertEquals(metainfo.creationDate, 1700000000);
  assertEquals(metainfo.trackers, [["http://tracker.example/announce"], [
    "udp://tracker.example:6969/announce",
  ]]);
});

type Info = Readonly<Record<string, BencodeInput | undefined>>;

const SINGLE: Info = {
  name: "n",
  "piece length": 16384,
  pieces: "h".repeat(20),
  length: 100,
};

function torrent(info: Info, rest: Info = {}): Uint8Array {
  return encodeBencode({ info: { ...SINGLE, ...info }, ...rest });
}

function multi(...files: readonly BencodeInput[]): Info {
  return { length: undefined, files };
}

const FILE = { path: ["b"], length: 100 };

const REFUSED: readonly (readonly [string, BencodeInput, string])[] = [
  ["a root that is no dictionary", ["x"], ""],
  ["no info", { announce: "http://t.example/" }, "info"],
  ["an info that is a list", { info: [] }, "info"],
  ["no name", { info: { ...SINGLE, name: undefined } }, "info.name"],
  ["a name that is a number", { info: { ...SINGLE, name: 5 } }, "info.name"],
  ["an empty name", { info: { ...SINGLE, name: "" } }, "info.name"],
  ["a name of which nothing is left", { info: { ...SINGLE, name: "/.." } }, "info.name"],
  ["no piece length", { info: { ...SINGLE, "piece length": undefined } }, "info.piece length"],
  ["a piece length of 0", { info: { ...SINGLE, "piece length": 0 } }, "info.piece length"],
  ["a negative piece length", { info: { ...SINGLE, "piece length": -1 } }, "info.piece length"],
  [
    "a piece length of 1 GiB",
    { info: { ...SINGLE, "piece length": 2 ** 30 } },
    "info.piece length",
  ],
  ["a text as piece length", { info: { ...SINGLE, "piece length": "x" } }, "info.piece length"],
  ["a huge piece length", { info: { ...SINGLE, "piece length": 2n ** 70n } }, "info.piece length"],
  ["no pieces", { info: { ...SINGLE, pieces: undefined } }, "info.pieces"],
  ["pieces that are a number", { info: { ...SINGLE, pieces: 5 } }, "info.pieces"],
  ["too few hashes", { info: { ...SINGLE, pieces: "" } }, "info.pieces"],
  ["too many hashes", { info: { ...SINGLE, pieces: "h".repeat(40) } }, "info.pieces"],
  ["half a hash", { info: { ...SINGLE, pieces: "h".repeat(30) } }, "info.pieces"],
  ["too many pieces", { info: { ...SINGLE, length: 2 ** 40 } }, "info.piece length"],
  ["neither length nor files", { info: { ...SINGLE, length: undefined } }, "info.length"],
  ["a negative length", { info: { ...SINGLE, length: -1 } }, "info.length"],
  ["a length of 0", { info: { ...SINGLE, length: 0, pieces: "" } }, "info.length"],
  ["a length that rounds", { info: { ...SINGLE, length: 2n ** 60n } }, "info.length"],
  ["a length of 16 TiB", { info: { ...SINGLE, length: 2 ** 44 } }, "info.length"],
  ["a link alone", { info: { ...SINGLE, attr: "l", "symlink path": ["x"] } }, "info.length"],
  ["no files", { info: { ...SINGLE, ...multi() } }, "info.files"],
  ["only empty files", { info: { ...SINGLE, ...multi({ path: ["a"], length: 0 }) } }, "info.files"],
  ["a file that is a number", { info: { ...SINGLE, ...multi(FILE, 5) } }, "info.files[1]"],
  [
    "a file without a length",
    { info: { ...SINGLE, ...multi({ path: ["a"] }) } },
    "info.files[0].length",
  ],
  ["a file without a path", { info: { ...SINGLE, ...multi({ length: 1 }) } }, "info.files[0].path"],
  [
    "an empty path",
    { info: { ...SINGLE, ...multi({ path: [], length: 1 }) } },
    "info.files[0].path",
  ],
  [
    "a path that is a text",
    { info: { ...SINGLE, ...multi({ path: "a", length: 1 }) } },
    "info.files[0].path",
  ],
  [
    "a number in a path",
    { info: { ...SINGLE, ...multi({ path: ["a", 1], length: 1 }) } },
    "info.files[0].path[1]",
  ],
  [
    "a path of 101 parts",
    { info: { ...SINGLE, ...multi({ path: Array(101).fill("a"), length: 1 }) } },
    "info.files[0].path",
  ],
  [
    "lengths that are too long in all",
    { info: { ...SINGLE, ...multi(...Array(17).fill({ path: ["a"], length: 2 ** 44 - 1 })) } },
    "info.files",
  ],
];

for (const [name, value, key] of REFUSED) {
  Deno.test(`parseMetainfo() refuses ${name}`, () => {
    const error = assertThrows(() => parseMetainfo(encodeBencode(value)), MetainfoError);
    assertEquals(error.key, key);
    assert(error.message.startsWith("Cannot read torrent: "), error.message);
  });
}

Deno.test("parseMetainfo() refuses duplicate keys, anywhere", () => {
  for (const text of ["d1:ai1e1:ai2ee", "d4:infod4:name1:a4:name1:bee"]) {
    assertThrows(() => parseMetainfo(bytes(text)), BencodeError, "duplicate");
  }
});

Deno.test("parseMetainfo() refuses a file of more than 64 MiB", () => {
  const huge = new Uint8Array(MAX_TORRENT_BYTES + 1);
  assertThrows(() => parseMetainfo(huge), BencodeError, "of at most");
});

const ACCEPTED: readonly (readonly [string, Info, readonly string[]])[] = [
  ["any piece length", { "piece length": 100 }, ["n"]],
  ["a length in spite of odd files", { files: 5 }, ["n"]],
  ["files rather than a length", multi(FILE), ["n/b"]],
  ["a safe name for an unsafe one", { name: "a/\x1b[31m" }, ["a_[31m"]],
  ["a name in UTF-8 first", { "name.utf-8": "é" }, ["é"]],
  ["a name in UTF-8 alone", { "name.utf-8": "é", name: undefined }, ["é"]],
  ["a name instead of one that is not UTF-8", { "name.utf-8": bytes("\xff") }, ["n"]],
  ["a path in UTF-8 first", multi({ ...FILE, "path.utf-8": ["é", "f"] }), ["n/é/f"]],
  ["a path instead of one that is not UTF-8", multi({ ...FILE, "path.utf-8": [bytes("\xff")] }), [
    "n/b",
  ]],
  ["a path out of the folder", multi({ path: ["..", "..", "x"], length: 100 }), ["n/_/_/x"]],
  ["empty parts", multi({ path: ["", "x"], length: 100 }), ["n/_/x"]],
  ["equal names", multi(FILE, { path: ["B"], length: 0 }), ["n/b", "n/B.1"]],
  ["a file and a folder of one name", multi(FILE, { path: ["b", "c"], length: 1 }), [
    "n/b.1",
    "n/b/c",
  ]],
  ["padding without a path", multi(FILE, { attr: "p", length: 7 }), ["n/b", "n/.pad/7"]],
];

for (const [name, info, paths] of ACCEPTED) {
  Deno.test(`parseMetainfo() takes ${name}`, () => {
    const { files } = parseMetainfo(torrent(info));
    assertEquals(files.map((file) => file.path.join("/")), [...paths]);
  });
}

Deno.test("parseMetainfo() names a folder by the info hash when nothing of its name is left", () => {
  const metainfo = parseMetainfo(torrent({ ...multi(FILE), name: ".." }));
  assertEquals(metainfo.name, metainfo.infoHash.toHex());
});

Deno.test("parseMetainfo() knows padding and links, and gives links no bytes", () => {
  const { files, warnings, geometry } = parseMetainfo(torrent(multi(
    { path: ["a"], length: 50, attr: "x" },
    { path: [".pad", "5"], length: 5, attr: "hp" },
    { path: ["_____padding_file_0_x"], length: 5 },
    { path: ["link"], length: 9, attr: "l", "symlink path": ["..", "..", "etc", "passwd"] },
  )));
  assertEquals(files.map((file) => file.isPadding), [false, true, true, false]);
  assertEquals(files.map((file) => file.isSymlink ?? false), [false, false, false, true]);
  assertEquals(geometry.totalLength, 60);
  assertEquals(warnings, ["Symbolic links in the torrent are not made"]);
});

Deno.test("parseMetainfo() ignores bytes after the end, with a warning", () => {
  const warningOf = (...surplus: number[]) =>
    parseMetainfo(new Uint8Array([...torrent({}), ...surplus])).warnings;
  assertEquals(warningOf(10, 10), ["Ignored 2 bytes after the end of the torrent"]);
  assertEquals(warningOf(10), ["Ignored 1 byte after the end of the torrent"]);
});

Deno.test("parseMetainfo() hashes the raw bytes, and keeps none of the caller's", () => {
  const sorted = torrent({});
  const before = parseMetainfo(sorted);
  sorted.fill(0);
  assertEquals(before.pieceHashes, bytes("h".repeat(20)));
  const zeros = bytes(
    `d4:infod6:lengthi0100e4:name1:n12:piece lengthi16384e6:pieces20:${"h".repeat(20)}ee`,
  );
  const after = parseMetainfo(zeros);
  assertEquals(after.geometry.totalLength, 100);
  assert(after.infoHash.toHex() !== before.infoHash.toHex());
});

Deno.test("parseMetainfo() makes remarks printable but keeps their lines", () => {
  const { comment, source, encoding, createdBy, creationDate } = parseMetainfo(torrent({
    source: "S\n",
  }, {
    comment: "a\r\nb\x1b[0m\u202e",
    encoding: bytes("\xe9"),
    "creation date": -5,
  }));
  assertEquals([comment, source, encoding, createdBy, creationDate], [
    "a\nb[0m",
    "S\n",
    "é",
    undefined,
    undefined,
  ]);
});

Deno.test("parseMetainfo() takes any private value but 0 as private", () => {
  const rows: readonly (readonly [BencodeInput, boolean])[] = [[0, false], [1, true], [-1, true], [
    2n ** 70n,
    true,
  ], ["1", false]];
  for (const [value, expected] of rows) {
    assertEquals(parseMetainfo(torrent({ private: value })).isPrivate, expected);
  }
});

Deno.test("parseMetainfo() refuses by name, or reads soundly, mutated torrents", () => {
  const random = randomOf(17);
  const corpus = Object.keys(EXPECTED).map((name) =>
    Deno.readFileSync(dataUrl(`torrents/${name}`))
  );
  const letters = bytes("deli0123456789:-/.");
  for (let round = 0; round < 3000; round++) {
    const input = corpus[random(corpus.length)]?.slice() ?? new Uint8Array();
    for (let change = random(3); change >= 0; change--) {
      input[random(input.length)] = letters[random(letters.length)] ?? 0;
    }
    try {
      checkSound(parseMetainfo(input));
    } catch (error) {
      if (!(error instanceof BencodeError)) assertInstanceOf(error, MetainfoError);
    }
  }
});

function checkSound({ files, geometry, pieceHashes, infoHash }: Metainfo): void {
  assertEquals(infoHash.length, 20);
  assertEquals(pieceHashes.length, geometry.pieceCount * 20);
  assert(Number.isSafeInteger(geometry.totalLength) && geometry.totalLength > 0);
  for (const part of files.flatMap((file) => file.path)) {
    assert(part !== "" && part !== "." && part !== ".." && !/[/\\\0]/.test(part), part);
  }
}
