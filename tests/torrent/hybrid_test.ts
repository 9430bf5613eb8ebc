import { assertEquals, assertThrows } from "@std/assert";
import { MetainfoError } from "../../lib/base/errors.ts";
import { type BencodeInput, encodeBencode } from "../../lib/torrent/bencode.ts";
import { parseMetainfo } from "../../lib/torrent/metainfo.ts";
import { bytes } from "./helpers.ts";

type Dictionary = Readonly<Record<string, BencodeInput | undefined>>;

const ROOT = "r".repeat(32);
const PIECE = 16384;

function leaf(length: number, more: Dictionary = {}): Dictionary {
  return { "": { length, ...(length > 0 ? { "pieces root": ROOT } : {}), ...more } };
}

const TREE: Dictionary = { a: leaf(20000), b: leaf(0), c: { d: leaf(5) } };
const FILES: readonly Dictionary[] = [
  { path: ["a"], length: 20000 },
  { path: ["b"], length: 0 },
  { path: [".pad", "12768"], length: 12768, attr: "p" },
  { path: ["c", "d"], length: 5 },
];

function hybrid(info: Dictionary = {}, rest: Dictionary = {}): Uint8Array {
  return encodeBencode({
    info: {
      name: "n",
      "meta version": 2,
      "piece length": PIECE,
      pieces: "h".repeat(60),
      files: FILES.map((file) => ({ ...file })),
      "file tree": TREE,
      ...info,
    },
    ...rest,
  });
}

Deno.test("parseMetainfo() reads a hybrid by its v1 part", () => {
  const { files, geometry } = parseMetainfo(hybrid());
  assertEquals(files.map((file) => file.path.join("/")), ["n/a", "n/b", "n/.pad/12768", "n/c/d"]);
  assertEquals(geometry.pieceCount, 3);
});

Deno.test("parseMetainfo() reads a hybrid of a single file, and padding at the end", () => {
  const single = { files: undefined, length: 5, pieces: "h".repeat(20), name: "n" };
  assertEquals(parseMetainfo(hybrid({ ...single, "file tree": { n: leaf(5) } })).files.length, 1);
  const padded = [...FILES, { path: [".pad", "16379"], length: 16379, attr: "p" }];
  assertEquals(parseMetainfo(hybrid({ files: padded })).files.length, 5);
});

const V1_GONE: Dictionary = { files: undefined, pieces: undefined };

const REFUSED: readonly (readonly [string, Uint8Array, string, string])[] = [
  ["v2 alone", hybrid(V1_GONE), "info.meta version", "BitTorrent v2 only"],
  [
    "v2 alone with files but no hashes",
    hybrid({ pieces: undefined }),
    "info.meta version",
    "v2 only",
  ],
  ["a version of the future", hybrid({ "meta version": 3 }), "info.meta version", "unknown"],
  [
    "a tree without a version",
    hybrid({ "meta version": undefined }),
    "info.meta version",
    "missing",
  ],
  ["a version without a tree", hybrid({ "file tree": undefined }), "info.file tree", "missing"],
  ["a tree that is a list", hybrid({ "file tree": [] }), "info.file tree", "is a list"],
  [
    "a piece length that is no power of two",
    hybrid({ "piece length": 20000 }),
    "info.piece length",
    "power",
  ],
  [
    "a short piece length",
    hybrid({ "piece length": 8192, pieces: "h".repeat(100) }),
    "info.piece length",
    "power",
  ],
  ["another length", tree({ ...TREE, a: leaf(20001) }), "info.file tree", "same files"],
  [
    "another name",
    tree({ A: leaf(20000), b: leaf(0), c: { d: leaf(5) } }),
    "info.file tree",
    "same files",
  ],
  ["a file less", tree({ a: leaf(20000), b: leaf(0) }), "info.file tree", "same files"],
  [
    "a file that is not aligned",
    hybrid({ files: FILES.filter((file) => !file.attr) }),
    "info.file tree",
    "same files",
  ],
  [
    "padding in the tree",
    tree({ ...TREE, a: leaf(20000, { attr: "p" }) }),
    'info.file tree["a"].attr',
    "padding",
  ],
  [
    "a zero root",
    tree({ a: leaf(1, { "pieces root": "\0".repeat(32) }) }),
    'info.file tree["a"].pieces root',
    "root",
  ],
  ["no root", tree({ a: { "": { length: 1 } } }), 'info.file tree["a"].pieces root', "root"],
  ["a negative length", tree({ a: leaf(-1) }), 'info.file tree["a"].length', "-1"],
  ["an empty name", tree({ "": { x: leaf(1) } }), 'info.file tree[""]', "no file"],
  ["a number in the tree", tree({ a: 5 }), 'info.file tree["a"]', "no file"],
  ["a layer of another length", layers({ [ROOT]: "x".repeat(32) }), "piece layers", "not 64"],
  [
    "a layer that is no run of hashes",
    layers({ [ROOT]: "x".repeat(33) }),
    "piece layers",
    "no layer",
  ],
  ["a layer for no root", layers({ x: "x".repeat(32) }), "piece layers", "no layer"],
];

function tree(value: Dictionary): Uint8Array {
  return hybrid({ "file tree": value });
}

function layers(value: Dictionary): Uint8Array {
  return hybrid({}, { "piece layers": value });
}

for (const [name, input, key, text] of REFUSED) {
  Deno.test(`parseMetainfo() refuses a v2 part with ${name}`, () => {
    const error = assertThrows(() => parseMetainfo(input), MetainfoError, text);
    assertEquals(error.key, key);
  });
}

Deno.test("parseMetainfo() refuses a hybrid whose info is not strictly encoded", () => {
  const text = String.fromCharCode(...hybrid()).replace("i2e", "i02e");
  assertThrows(() => parseMetainfo(bytes(text)), MetainfoError, "strictly");
});
