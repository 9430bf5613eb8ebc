import { assertEquals, assertThrows } from "@std/assert";
import { BencodeError, MetainfoError } from "../../lib/base/errors.ts";
import { parseMetainfo } from "../../lib/torrent/metainfo.ts";
import { bytes, randomOf } from "./helpers.ts";

type Entry = Readonly<Record<string, string>>;

/** An entry of which the values are bencode already; its keys stay in the order they have here. */
function encodeEntry(entry: Entry): string {
  return `d${
    Object.entries(entry).map(([key, value]) => `${key.length}:${key}${value}`).join("")
  }e`;
}

function torrent(...entries: readonly string[]): Uint8Array {
  const rest = `4:name1:n12:piece lengthi16384e6:pieces20:${"h".repeat(20)}`;
  return bytes(`d4:infod5:filesl${entries.join("")}e${rest}ee`);
}

const TAKEN: readonly (readonly [string, readonly Entry[], readonly string[]])[] = [
  ["keys in no order", [{ path: "l1:be", attr: "1:x", length: "i1e" }], ["n/b"]],
  ["unknown keys, whatever they hold", [{ length: "i1e", path: "l1:be", sha1: "lldeei5ee" }], [
    "n/b",
  ]],
  ["a folder again after another", [
    { length: "i1e", path: "l1:x1:ae" },
    { length: "i1e", path: "l1:y1:ae" },
    { length: "i1e", path: "l1:x1:be" },
    { length: "i1e", path: "l2:xx1:be" },
  ], ["n/x/a", "n/y/a", "n/x/b", "n/xx/b"]],
  ["folders in folders, and back", [
    { length: "i1e", path: "l1:x1:y1:ae" },
    { length: "i1e", path: "l1:ae" },
    { length: "i1e", path: "l1:x1:y1:be" },
  ], ["n/x/y/a", "n/a", "n/x/y/b"]],
  ["an unusable path beside one in UTF-8", [
    { length: "i1e", path: "i5e", "path.utf-8": "l1:be" },
    { length: "i1e", path: "li5ee", "path.utf-8": "l1:ce" },
    { length: "i1e", path: "le", "path.utf-8": "l1:de" },
  ], ["n/b", "n/c", "n/d"]],
  ["no path for padding", [
    { length: "i1e", path: "l1:be" },
    { length: "i2e", attr: "1:p" },
    { length: "i3e", attr: "1:p", path: "le" },
    { length: "i4e", attr: "1:p", path: "i5e" },
  ], ["n/b", "n/.pad/2", "n/.pad/3", "n/.pad/4"]],
  ["a link's length, whatever it is", [
    { length: "i1e", path: "l1:be" },
    { attr: "1:l", length: "3:abc", path: "l1:ce", "symlink path": "l1:be" },
  ], ["n/b", "n/c"]],
];

for (const [name, entries, paths] of TAKEN) {
  Deno.test(`parseMetainfo() takes files with ${name}`, () => {
    const { files } = parseMetainfo(torrent(...entries.map(encodeEntry)));
    assertEquals(files.map((file) => file.path.join("/")), [...paths]);
  });
}

const REFUSED: readonly (readonly [string, string, string, string])[] = [
  ["an entry that is a string", "1:x", "", "is a string, not a dictionary"],
  ["an entry that is a list", "le", "", "is a list, not a dictionary"],
  ["a length that is a list", "d6:lengthle4:pathl1:aee", ".length", "is a list, not a length"],
  ["a length that is too long", "d6:lengthi17592186044416e4:pathl1:aee", ".length", "too many"],
  ["a path with a list in it", "d6:lengthi1e4:pathl1:aleee", ".path[1]", "is a list, not a string"],
  ["a path with more amiss", "d6:lengthi1e4:pathli5ei6eee", ".path[0]", "is 5, not a string"],
  [
    "a bad path, and one that is not UTF-8",
    "d6:lengthi1e4:pathli5ee10:path.utf-8l1:\xffee",
    ".path[0]",
    "is 5",
  ],
  [
    "a bad path in UTF-8",
    "d6:lengthi1e4:pathl1:ae10:path.utf-8l1:ai5eee",
    ".path.utf-8[1]",
    "is 5, not a string",
  ],
  ["an empty path in UTF-8 alone", "d6:lengthi1e10:path.utf-8lee", ".path", "is empty"],
  [
    "a path in UTF-8 that is a number",
    "d6:lengthi1e10:path.utf-8i5ee",
    ".path",
    "is 5, not a list",
  ],
  [
    "a padding's bad path",
    "d4:attr1:p6:lengthi1e4:pathldeee",
    ".path[0]",
    "is a dictionary, not a string",
  ],
];

for (const [name, entry, key, detail] of REFUSED) {
  Deno.test(`parseMetainfo() refuses files with ${name}`, () => {
    const input = torrent("d6:lengthi1e4:pathl1:zee", entry);
    const error = assertThrows(() => parseMetainfo(input), MetainfoError, detail);
    assertEquals(error.key, `info.files[1]${key}`);
  });
}

Deno.test("parseMetainfo() refuses a duplicate key of a file, its keys in order or not", () => {
  for (const keys of ["aab", "aba", "bab", "bcadb"]) {
    const unknown = Array.from(keys, (key) => `1:${key}i1e`).join("");
    const input = torrent(`d6:lengthi1e4:pathl1:ze${unknown}e`);
    assertThrows(() => parseMetainfo(input), BencodeError, "duplicate");
  }
});

Deno.test("parseMetainfo() refuses a file cut off anywhere, and one that nests too deep", () => {
  const entry = "d6:lengthi1e4:pathl1:a1:be3:zzzllleeee";
  for (let length = 0; length < entry.length; length++) {
    const input = bytes(`d4:infod5:filesl${entry.slice(0, length)}`);
    assertThrows(() => parseMetainfo(input), BencodeError);
  }
  const deep = torrent(`d6:lengthi1e4:pathl1:ae3:zzz${"l".repeat(97)}${"e".repeat(97)}e`);
  assertThrows(() => parseMetainfo(deep), BencodeError, "deeper than 100");
});

Deno.test("parseMetainfo() reads random files back, their keys in any order", () => {
  const random = randomOf(41);
  const words = ["a", "bc", "é日", "x y", "d".repeat(40), "€".repeat(50)];
  for (let round = 0; round < 300; round++) {
    const files = Array.from({ length: 1 + random(20) }, (_, index) => ({
      folders: Array.from({ length: random(4) }, () => words[random(words.length)] ?? ""),
      name: `f${index}`,
      lengthBytes: 1 + random(700),
    }));
    const parsed = parseMetainfo(torrent(...files.map(({ folders, name, lengthBytes }) => {
      const path = [...folders, name].map(encodeText).join("");
      const keys = [["length", `i${lengthBytes}e`], ["path", `l${path}e`], ["md5sum", "1:x"]];
      return encodeEntry(Object.fromEntries(keys.sort(() => random(3) - 1)));
    })));
    assertEquals(
      parsed.files.map(({ path, lengthBytes }) => ({ path, lengthBytes })),
      files.map(({ folders, name, lengthBytes }) => ({
        path: ["n", ...folders, name],
        lengthBytes,
      })),
    );
  }
});

/** A string of bencode, with one character for each byte. */
function encodeText(text: string): string {
  const utf8 = String.fromCharCode(...new TextEncoder().encode(text));
  return `${utf8.length}:${utf8}`;
}
