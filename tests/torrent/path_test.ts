import { assert, assertEquals } from "@std/assert";
import { decodeHex } from "@std/encoding";
import { type NameRules, safeComponent, safeName } from "../../lib/torrent/path.ts";
import { bytes, randomOf, readTable } from "./helpers.ts";

/** Two rows name no result: only that nothing gets out. */
const OPEN: Readonly<Record<string, string>> = {
  '["a", "b/.."]': "a/b..",
  '["../dir1", "dir2", "file.img"]': "..dir1/dir2/file.img",
};

for (const row of readTable("paths.tsv")) {
  const components: readonly string[] = JSON.parse(row.path_elements_hex ?? "[]");
  const title = (row.path_elements ?? "").slice(0, 60);
  Deno.test(`safeName() makes ${title} safe`, () => {
    const path = components.map((hex) => safeName(decodeHex(hex), "posix")).join("/");
    const expected = OPEN[row.path_elements ?? ""] ??
      unescaped(row.expected_posix_libtorrent_HEAD ?? "");
    assertEquals(path, expected);
  });
}

/** A cell's text: its \xNN stand for bytes of UTF-8. */
function unescaped(cell: string): string {
  const raw = cell.replace(/\\x([0-9a-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  return new TextDecoder().decode(bytes(raw));
}

const UTF_8: readonly (readonly [string, string, string])[] = [
  ["keeps other languages and emoji", "日本語 é ❤️.txt", "日本語 é ❤️.txt"],
  ["drops marks of direction", "exe.\u202egpj\u2066\u200e", "exe.gpj"],
  ["drops tags and invisible letters", "a\u{e0041}\u3164\u00adb", "ab"],
  ["replaces escape sequences' controls", "\x1b]0;x\x07\x9b", "_]0;x__"],
  ["replaces separators of lines", "a\u2028b\u2029c\n", "a_b_c_"],
  ["keeps three dots", "...", "..."],
  ["keeps hidden files", ".bashrc", ".bashrc"],
];

for (const [name, component, expected] of UTF_8) {
  Deno.test(`safeName() ${name}`, () => {
    assertEquals(safeName(new TextEncoder().encode(component), "posix"), expected);
  });
}

const NOTHING = [".", "..", "/", "\\", "/.", "./.", "..\\", "\u200b", ".\u202e."];

for (const component of NOTHING) {
  Deno.test(`safeComponent() keeps nothing of ${JSON.stringify(component)}`, () => {
    assertEquals(safeComponent(new TextEncoder().encode(component), "posix"), undefined);
  });
}

const WINDOWS: readonly (readonly [string, string])[] = [
  ["con", "_con"],
  ["NUL.txt", "_NUL.txt"],
  ["com1.tar.gz", "_com1.tar.gz"],
  ["aux .c", "_aux .c"],
  ["console", "console"],
  ["c:", "c_"],
  ['a<b>c"d|e?f*g', "a_b_c_d_e_f_g"],
  ["name. . .", "name"],
  ["...", "_"],
  [" ", "_"],
  ["nul.", "_nul"],
];

for (const [component, expected] of WINDOWS) {
  Deno.test(`safeName() makes ${JSON.stringify(component)} safe on Windows`, () => {
    assertEquals(safeName(bytes(component), "windows"), expected);
  });
}

Deno.test("safeName() cuts what is long, controls and invalid bytes too", () => {
  for (const text of ["\x01", "é", "日", "😀", "a"]) {
    const component = new TextEncoder().encode(text.repeat(400) + ".jpeg");
    const length = new TextEncoder().encode(safeName(component, "posix")).length;
    assert(length >= 240 && length <= 250, `${length} bytes`);
  }
  assertEquals(safeName(bytes("\xff".repeat(400)), "posix"), "_".repeat(240));
});

Deno.test("safeName() is safe, and the same when made safe again, for random bytes", () => {
  const random = randomOf(11);
  const letters = bytes("./\\a\x00\x1b\x80\xe2\x80\xae\xc2\xf0\x9f\xff: ");
  for (let round = 0; round < 3000; round++) {
    const component = Uint8Array.from(
      { length: random(random(20) === 0 ? 400 : 12) },
      () => letters[random(letters.length)] ?? 0,
    );
    for (const rules of ["posix", "windows"] satisfies NameRules[]) {
      const name = safeName(component, rules);
      // deno-lint-ignore no-control-regex -- controls are what it looks for
      assert(!/[/\\\x00-\x1f\x7f-\x9f\u202a-\u202e]/.test(name), JSON.stringify(name));
      assert(name !== "" && name !== "." && name !== "..", JSON.stringify(name));
      const encoded = new TextEncoder().encode(name);
      assert(encoded.length <= 255);
      if (encoded.length < 240) assertEquals(safeName(encoded, rules), name);
    }
  }
});
