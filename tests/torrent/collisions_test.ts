import { assert, assertEquals } from "@std/assert";
import { separatePaths } from "../../lib/torrent/collisions.ts";
import { randomOf, readTable } from "./helpers.ts";

const ROWS = readTable("duplicates.tsv");

for (const id of new Set(ROWS.map((row) => row.case))) {
  Deno.test(`separatePaths() renames as in case ${id} of the table`, () => {
    const rows = ROWS.filter((row) => row.case === id);
    const files = rows.map((row) => ({
      path: (row.file ?? "").split("/"),
      lengthBytes: Number(row.size),
      isPadding: row.attr === "p",
    }));
    assertEquals(
      separatePaths(files).map((path) => path.join("/")),
      rows.map((row) => row.expected_libtorrent_HEAD ?? ""),
    );
  });
}

function fileOf(...path: readonly string[]) {
  return { path, lengthBytes: 1, isPadding: false };
}

const CASES: readonly (readonly [string, readonly string[], readonly string[]])[] = [
  ["the case of other letters", ["t/É", "t/é"], ["t/É", "t/é.1"]],
  ["composed and decomposed letters", ["t/e\u0301", "t/é"], ["t/e\u0301", "t/é.1"]],
  ["small letters that share a capital", ["t/ΟΔΟΣ", "t/οδοσ"], ["t/ΟΔΟΣ", "t/οδοσ.1"]],
  ["letters that have no capital", ["t/Straße", "t/STRASSE"], ["t/Straße", "t/STRASSE.1"]],
  ["a name that a renamed file took", ["t/a", "t/a", "t/a.1"], ["t/a", "t/a.1", "t/a.1.1"]],
  ["a name that a later file has", ["t/a.1", "t/a", "t/a"], ["t/a.1", "t/a", "t/a.2"]],
  ["the torrent's own folder", ["t", "t/a"], ["t.1", "t/a"]],
  ["folders that differ by case", ["t/A/x", "t/a/X"], ["t/A/x", "t/a/X.1"]],
];

for (const [name, paths, expected] of CASES) {
  Deno.test(`separatePaths() minds ${name}`, () => {
    const files = paths.map((path) => fileOf(...path.split("/")));
    assertEquals(separatePaths(files).map((path) => path.join("/")), [...expected]);
  });
}

Deno.test("separatePaths() keeps renamed components short enough, their extension whole", () => {
  const long = `${"日".repeat(81)}.longextens`;
  const names = separatePaths(Array.from({ length: 1200 }, () => fileOf("t", long)));
  for (const [, name = ""] of names) {
    assert(new TextEncoder().encode(name).length <= 255, name);
    assert(name.endsWith(".longextens") && !name.includes("\ufffd"), name);
  }
  assertEquals(new Set(names.map((path) => path.join("/"))).size, 1200);
});

Deno.test("separatePaths() gives many names that are cut to the same a number each", () => {
  const files = Array.from({ length: 5_000 }, (_, index) => {
    const last = String.fromCodePoint(0x20000 + index % 150);
    return fileOf("t", `${"a".repeat(239)}${last}.longextn`);
  });
  const names = separatePaths(files).map((path) => path.join("/"));
  assertEquals(new Set(names).size, 5_000);
});

Deno.test("separatePaths() handles 100,000 equal names", () => {
  const paths = separatePaths(Array.from({ length: 100_000 }, () => fileOf("t", "a.txt")));
  assertEquals(paths.at(-1), ["t", "a.99999.txt"]);
});

Deno.test("separatePaths() leaves no two files, and no file and folder, with one name", () => {
  const random = randomOf(5);
  const words = ["a", "A", "b", "a.1", "a.2"];
  const word = () => words[random(words.length)] ?? "";
  for (let round = 0; round < 500; round++) {
    const files = Array.from({ length: random(12) }, () => {
      return fileOf("t", ...Array.from({ length: 1 + random(3) }, word));
    });
    const paths = separatePaths(files).map((path) => path.join("/").toLowerCase());
    assertEquals(new Set(paths).size, paths.length);
    for (const path of paths) {
      assert(!paths.some((other) => other.startsWith(`${path}/`)), paths.join(" "));
    }
  }
});
