import { parseArgs, unicodeWidth } from "@std/cli";
import { parseArgs as parseArgsAlone } from "@std/cli/parse-args";
import { assertEquals, assertStrictEquals } from "@std/assert";

/** What our command line relies on: each row is words, what they come to, and why it matters. */
const ROWS: readonly (readonly [string, readonly string[], Record<string, unknown>])[] = [
  ["nothing", [], {}],
  ["a positional argument", ["a.torrent"], { _: ["a.torrent"] }],
  ["a positional argument that looks like a number", ["1e3", "007"], { _: ["1e3", "007"] }],
  ["a lone dash", ["-"], { _: ["-"] }],
  ["an option and its value", ["--output", "x"], { output: "x", o: "x" }],
  ["a value after an equals sign", ["--output=x=y"], { output: "x=y", o: "x=y" }],
  ["a short name", ["-o", "x"], { output: "x", o: "x" }],
  ["a short name with an equals sign", ["-o=x"], { output: "x", o: "x" }],
  ["a dash as a value", ["-o", "-"], { output: "-", o: "-" }],
  ["a value that looks like a number stays a text", ["--output", "1e3"], {
    output: "1e3",
    o: "1e3",
  }],
  ["a missing value is an empty text", ["--output"], { output: "", o: "" }],
  ["an option is not taken as a value", ["--output", "--json"], { output: "", o: "", json: true }],
  ["the last value counts", ["-o", "x", "-o", "y"], { output: "y", o: "y" }],
  ["a flag", ["--json", "x"], { json: true, _: ["x"] }],
  ["a flag with a value", ["--json=false"], {}],
  ["short flags together", ["-qv"], { quiet: true, q: true, verbose: true, v: true }],
  ["a flag whose name starts with no-", ["--no-dht", "x"], { "no-dht": true, _: ["x"] }],
  ["repeated options are gathered", ["--peer", "a:1", "--peer=b:2"], { peer: ["a:1", "b:2"] }],
  ["everything after -- is positional", ["a", "--", "--json", "1"], { _: ["a", "--json", "1"] }],
];

const NONE = {
  _: [],
  json: false,
  "no-dht": false,
  quiet: false,
  q: false,
  verbose: false,
  v: false,
  peer: [],
};

for (const [name, args, expected] of ROWS) {
  Deno.test(`parseArgs() reads ${name}`, () => {
    const parsed = parseArgs([...args], {
      boolean: ["json", "no-dht", "quiet", "verbose"],
      string: ["_", "output", "peer"],
      collect: ["peer"],
      alias: { output: "o", quiet: "q", verbose: "v" },
    });
    assertEquals<unknown>({ ...parsed }, { ...NONE, ...expected });
  });
}

Deno.test("parseArgs() accepts unknown options, and turns positional numbers into numbers", () => {
  assertEquals<unknown>({ ...parseArgs(["1e3", "x", "--port", "5000", "--what"]) }, {
    _: [1000, "x"],
    port: 5000,
    what: true,
  });
});

Deno.test("parseArgs() asks `unknown` about what is not declared, positional arguments too", () => {
  const asked: unknown[][] = [];
  const parsed = parseArgs(["x", "--known", "--what=1", "-z", "--output="], {
    boolean: ["known"],
    unknown: (...args) => {
      asked.push(args);
      return false;
    },
  });
  assertEquals<unknown>({ ...parsed }, { _: [], known: true });
  assertEquals(asked, [
    ["x"],
    ["--what=1", "what", "1"],
    ["-z", "z", true],
    ["--output=", "output=", true],
  ]);
});

Deno.test("parseArgs() fills in defaults, under each name", () => {
  const parsed = parseArgs(["--b", "2"], {
    string: ["a", "b"],
    default: { a: "1", b: "1" },
    alias: { a: "x" },
  });
  assertEquals<unknown>({ ...parsed }, { _: [], a: "1", x: "1", b: "2" });
});

Deno.test("parseArgs() negates what is negatable, stops early, keeps what follows -- apart", () => {
  const parsed = parseArgs(["--no-color", "show", "--json", "--", "x"], {
    boolean: ["color", "json"],
    negatable: ["color"],
    default: { color: true },
    stopEarly: true,
    "--": true,
  });
  assertEquals<unknown>({ ...parsed }, {
    _: ["show", "--json"],
    color: false,
    json: false,
    "--": ["x"],
  });
});

Deno.test("parseArgs() is the same from both specifiers", () => {
  assertStrictEquals(parseArgsAlone, parseArgs);
});

Deno.test("unicodeWidth() counts columns", () => {
  const rows: readonly (readonly [string, number])[] = [
    ["", 0],
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["日本", 4],
    ["한", 2],
    ["😀", 2],
    ["…", 1],
  ];
  for (const [text, width] of rows) assertEquals(unicodeWidth(text), width, text);
});
