/**
 * What the README says, held against the code: events, options, exit codes, files and sample output.
 * Its commands and flags are run by tests/cli, its library example by tests/package_test.ts.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { EXIT_CODE } from "../lib/cli/exit.ts";
import { OPTIONS } from "../lib/cli/option_table.ts";
import { showText } from "../lib/cli/show.ts";
import { parseMetainfo } from "../lib/torrent/metainfo.ts";
import { DEMO_TORRENT } from "./support/demo_torrent.ts";
import { codeBlocks, readmeSection } from "./support/readme.ts";
import { PROJECT, readSources } from "./support/source.ts";
import { makeTorrent } from "./support/torrent_fixture.ts";

/** One kind of event, as its type has it. */
interface EventKind {
  readonly kind: string;
  /** How the README must name each key: `` `name` ``, with `?` behind it where it may be absent. */
  readonly keys: readonly string[];
  /** The words that a key may have as its value. */
  readonly words: readonly string[];
}

Deno.test("README's table of --json has every event of a download, and every key", async () => {
  const rows = readmeSection("### JSON").split("\n").filter((line) => /^\| `(?!kind`)/.test(line));
  const documented = new Map(rows.map((row) => [/`(\w+)`/.exec(row)?.[1], row]));
  const kinds = await readEventKinds("lib/events.ts");
  assertEquals(new Set(documented.keys()), new Set(kinds.map(({ kind }) => kind)));
  assertEquals(kinds.flatMap((kind) => missingIn(documented.get(kind.kind) ?? "", kind)), []);
});

Deno.test("README's paragraph on verify --json has every event, and every key", async () => {
  const section = readmeSection("### JSON");
  const text = section.slice(section.indexOf("`verify --json` prints"));
  const kinds = await readEventKinds("lib/storage/verify.ts");
  assertEquals(kinds.map(({ kind }) => kind), ["file", "verified"]);
  assertEquals(kinds.flatMap((kind) => missingIn(text, kind)), []);
});

Deno.test("README's table of options has every option of a download, and no other", () => {
  const rows = readmeSection("## Use").split("\n").filter((line) => line.startsWith("| `-"));
  const documented = rows.flatMap((
    row,
  ) => [...row.matchAll(/--([a-z-]+)/g).map(([, name]) => name)]);
  const options = OPTIONS.filter(({ commands }) => commands.includes("download"));
  assertEquals(new Set(documented), new Set(options.map(({ name }) => name)));
});

Deno.test("README's table of exit codes has every code", () => {
  const rows = readmeSection("### Exit codes").matchAll(/^\| ([\d, ]+?) +\|/gm);
  const documented = [...rows].flatMap(([, codes = ""]) => codes.split(", ").map(Number));
  assertEquals(documented, [...Object.values(EXIT_CODE), 130, 143]);
});

Deno.test("README's reading order names every part of lib/, and nothing else", async () => {
  const named = [...readmeSection("## Reading the code").matchAll(/`(lib\/[\w./]+)`/g)]
    .map(([, path = ""]) => path);
  for (const path of named) assert((await Deno.stat(new URL(path, PROJECT))).size >= 0, path);
  const parts = (await Array.fromAsync(Deno.readDir(new URL("lib", PROJECT))))
    .map(({ name, isDirectory }) => `lib/${name}${isDirectory ? "/" : ""}`);
  assertEquals(parts.filter((part) => !named.includes(part)), []);
});

Deno.test("README's sample of show is what the demo's torrent shows", () => {
  const sample = codeBlocks(readmeSection("## Use"), "text").find((text) => text.startsWith("$"));
  const trackers = [["http://127.0.0.1:40123/announce"]];
  const { torrentBytes } = makeTorrent({ ...DEMO_TORRENT, trackers });
  const shown = showText(parseMetainfo(torrentBytes));
  assertEquals(sample, `$ deno run -A main.ts show demo.torrent\n${shown}`);
});

/** The kinds of events in a file: every innermost `{ readonly kind: "..."; ... }`. */
async function readEventKinds(path: string): Promise<readonly EventKind[]> {
  const [file] = await readSources(path);
  const bodies = file?.code.match(/\{[^{}]*\}/g) ?? [];
  return bodies.flatMap((body) => {
    const kind = /\breadonly kind: "(\w+)"/.exec(body)?.[1];
    if (kind === undefined) return [];
    const fields = [...body.matchAll(/\breadonly (\w+)(\??):([^;}]*)/g)];
    return [{
      kind,
      keys: fields.filter(([, key]) => key !== "kind").map(([, key, mark]) => `\`${key}\`${mark}`),
      words: fields.filter(([, key]) => key !== "kind")
        .flatMap(([, , , type = ""]) =>
          [...type.matchAll(/"(\w+)"/g)].map(([, word]) => `\`${word}\``)
        ),
    }];
  });
}

/** What of an event a text does not name; a key that is always there must not be called optional. */
function missingIn(text: string, { kind, keys, words }: EventKind): readonly string[] {
  return [...keys, ...words].filter((key) =>
    !text.includes(key) || (!key.endsWith("?") && text.includes(`${key}?`))
  ).map((key) => `${kind}: ${key}`);
}
