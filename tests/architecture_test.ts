/**
 * The shape of the program, checked on its text: who may import whom, no cycle, no file beyond its cap,
 * and a few things that stand nowhere.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  blankComments,
  blankStrings,
  findFunctions,
  findImports,
  PROJECT,
  readSources,
  resolveImport,
  type SourceFile,
} from "./support/source.ts";

const BELOW_STAGES = "base torrent events ledger";
const STAGES = "tracker peers discovery reach blocks storage pieces";

/** Who may import whom. `types` are those of which only types may be imported. */
const ARROWS: Readonly<Record<string, { readonly to: string; readonly types?: string }>> = {
  // The ground: knows nothing of torrents.
  "base": { to: "base" },
  // Pure knowledge of the format.
  "torrent": { to: "base torrent" },
  "events": { to: "" },
  "ledger": { to: "base torrent ledger" },
  // The stages, in the order of the data; each knows of the one before it by its types only.
  "tracker": { to: "base torrent tracker", types: "events" },
  "peers": { to: "base torrent peers", types: "events tracker" },
  // A role that peers play, and a source of addresses.
  "discovery": { to: "base torrent discovery", types: "events peers" },
  // How peers get in: of use to all that listen.
  "reach": { to: "base reach", types: "events" },
  // blocks/ also reads bitfields, by the codec of peers/.
  "blocks": { to: "base torrent ledger peers blocks", types: "events" },
  // The runs that blocks make are stored, the pieces that are stored are settled.
  "storage": { to: "base torrent ledger storage", types: "events blocks" },
  // Makes torrents; the pipeline knows nothing of it.
  "create": { to: "base torrent storage create" },
  "pieces": { to: "base torrent ledger pieces", types: "events blocks storage" },
  // The pipeline composes the stages; the engine is what runs beside it.
  "event_queue": { to: "events" },
  "meter": { to: "base events ledger" },
  "engine": { to: `${BELOW_STAGES} ${STAGES} meter` },
  "download": { to: `${BELOW_STAGES} ${STAGES} event_queue engine` },
  "mod": { to: `${BELOW_STAGES} ${STAGES} create download` },
  // Who speaks with people: only main.ts stands above.
  "std": { to: "std" },
  "cli": { to: `${BELOW_STAGES} ${STAGES} create download cli` },
  "main": { to: `${BELOW_STAGES} ${STAGES} download cli` },
};

const LINE_CAP = 300;
const MAIN_LINE_CAP = 80;
const FUNCTION_LINE_CAP = 50;

/** All that may stand at the top, besides files that begin with a dot. */
const TOP_LEVEL = "LICENSE README.md deno.json deno.lock lib main.ts testdata tests".split(" ");

/** What `deno task compile` makes, and the names that .gitignore has. */
const IGNORED = (await Deno.readTextFile(new URL(".gitignore", PROJECT))).split("\n")
  .map((line) => line.replace(/^\//, ""));

/** Nothing here may lead to a place that only one machine has, or to one registry. */
const UNWANTED_TEXT: Readonly<Record<string, RegExp>> = {
  "the path of a machine": /(?<![\w.:])\/(?:home|root|work|Users|tmp)\/\w/,
  "the name of a registry": new RegExp(
    [["registry", "npmjs"], ["npmjs", "com"], ["jsr", "io"], ["deno", "land"], ["deb", "debian"]]
      .map((labels) => labels.join("\\.")).join("|"),
  ),
};

/** What code in lib/ must not hold, outside lib/cli and lib/std. */
const UNWANTED_IN_LIBRARY: Readonly<Record<string, RegExp>> = {
  "the console": /\bconsole\s*\./,
  "the command line": /\bDeno\s*\.\s*args\b/,
  "an exit": /\bDeno\s*\.\s*exit(?:Code)?\b/,
};

const ANY_TYPE = /(?::|<|,|\||&|\bas|=>)\s*any\b|\bany\s*\[\]/;

const library = await readSources("lib");
const program = [...library, ...await readSources("main.ts")];
const tests = await readSources("tests");

Deno.test("import lines follow the arrows of the table", () => {
  assertEquals(program.flatMap(findWrongArrows), []);
});

Deno.test("import lines form no cycle", () => {
  assertEquals(findCycle(program), []);
});

Deno.test("import lines name nothing but files, node: and the four packages", () => {
  assertEquals([...program, ...tests].flatMap(findForeignImports), []);
});

Deno.test("lib/mod.ts holds nothing but re-exports", () => {
  const code = library.find(({ path }) => path === "lib/mod.ts")?.code ?? "no such file";
  assertEquals(
    code.replace(/export\s+(?:type\s+)?(?:\*|\{[^}]*\})\s+from\s+"[^"]+";/g, "").trim(),
    "",
  );
});

Deno.test("files stay below their cap of lines", () => {
  const tooLong = [...program, ...tests].filter(({ path, text }) =>
    text.split("\n").length - 1 > (path === "main.ts" ? MAIN_LINE_CAP : LINE_CAP)
  );
  assertEquals(tooLong.map(({ path }) => path), []);
});

Deno.test("functions stay below their cap of lines", () => {
  const tooLong = [...program, ...tests].flatMap(({ path, code }) =>
    findFunctions(code).filter(({ lineCount }) => lineCount > FUNCTION_LINE_CAP)
      .map(({ line, lineCount }) => `${path}:${line} has ${lineCount} lines`)
  );
  assertEquals(tooLong, []);
});

Deno.test("the top of the tree holds nothing else", async () => {
  const names = (await Array.fromAsync(Deno.readDir(PROJECT))).map(({ name }) => name);
  const isIgnored = (name: string) => name.startsWith(".") || IGNORED.includes(name);
  const others = names.filter((name) => !TOP_LEVEL.includes(name) && !isIgnored(name));
  assertEquals(others, []);
});

Deno.test("lib/ leaves console, arguments and exit to main.ts and lib/cli", () => {
  const inner = library.filter(({ path }) => !/^lib\/(?:cli|std)\//.test(path));
  assertEquals(findPatterns(inner.map(toPlainCode), UNWANTED_IN_LIBRARY), []);
});

Deno.test("code has no any", () => {
  // The covers repeat the signatures of @std, which has a few.
  const own = program.filter(({ path }) => !path.startsWith("lib/std/"));
  const files = [...own, ...tests].map(toPlainCode);
  assertEquals(findPatterns(files, { "the type any": ANY_TYPE }), []);
});

Deno.test("files name no machine's paths and no registry", async () => {
  const others = await Promise.all(
    ["README.md", ".ci/run", "deno.json"].map((path) => readSources(path, "")),
  );
  const texts = [...program, ...tests, ...others.flat()].map((file) => ({
    ...file,
    code: file.text,
  }));
  assertEquals(findPatterns(texts, UNWANTED_TEXT), []);
});

Deno.test("findImports() reads every form", async (t) => {
  const rows: readonly (readonly [string, string, boolean])[] = [
    ["a named import", 'import { a } from "./x.ts";', false],
    ["a type import", 'import type { A } from "./x.ts";', true],
    ["braces of types only", 'import { type A, type B } from "./x.ts";', true],
    ["a type beside a value", 'import { type A, b } from "./x.ts";', false],
    ["many lines", 'import {\n  a,\n  b,\n} from "./x.ts";', false],
    ["a namespace", 'import * as x from "./x.ts";', false],
    ["a bare import", 'import "./x.ts";', false],
    ["a re-export", 'export * from "./x.ts";', false],
    ["a re-export of types", 'export type { A } from "./x.ts";', true],
    ["a dynamic import", 'const x = await import("./x.ts");', false],
    ["a worker", 'new Worker(new URL("./x.ts", import.meta.url));', false],
  ];
  for (const [words, code, isType] of rows) {
    await t.step(words, () => assertEquals(findImports(code), [{ specifier: "./x.ts", isType }]));
  }
});

Deno.test("findFunctions() measures every form", async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ["a function", "export async function* x(): Promise<void> {\n  a();\n}"],
    ["parameters on lines of their own", "function x(\n  a: A,\n): B {\n}"],
    ["a method", "  async *#x(a: A): B {\n    if (a) {\n    }\n  }"],
    ["a getter", "  get x(): A {\n    return a;\n  }"],
    ["a constructor", "  constructor() {\n  }"],
    ["a computed name", "  [Symbol.dispose](): void {\n  }"],
    ["an arrow", "const x = (a: A) => {\n  a();\n};"],
    ["a test", 'Deno.test("x", async (t) => {\n  a();\n});'],
  ];
  for (const [words, code] of rows) {
    const lineCount = code.split("\n").length;
    await t.step(words, () => assertEquals(findFunctions(code), [{ line: 1, lineCount }]));
  }
});

Deno.test("blankComments() leaves what only looks like a comment", () => {
  assertEquals(
    blankComments('"http://x" // y\n/* import "z" */ a'),
    '"http://x"     \n                 a',
  );
});

/** `lib/base/bytes.ts` belongs to base, `lib/ledger.ts` to ledger, `main.ts` to main. */
function partOf(path: string): string {
  return path.replace(/^lib\//, "").replace(/\.ts$/, "").split("/")[0] ?? "";
}

function findWrongArrows({ path, code }: SourceFile): readonly string[] {
  const part = partOf(path);
  const arrows = ARROWS[part];
  if (arrows === undefined) return [`${path}: "${part}" is not in the table of arrows`];
  return findImports(code).filter(({ specifier }) => specifier.startsWith(".")).flatMap((line) => {
    const target = partOf(resolveImport(path, line.specifier));
    const allowed = line.isType ? `${arrows.to} ${arrows.types ?? ""}` : arrows.to;
    return allowed.split(" ").includes(target) ? [] : [`${path} imports ${line.specifier}`];
  });
}

function findForeignImports({ path, code }: SourceFile): readonly string[] {
  const isOuter = /^(?:tests\/|main\.ts$|lib\/cli\/)/.test(path);
  const allowed = isOuter
    ? /^(?:\.|node:|@std\/(?:assert|cli|encoding|fs)(?:$|\/))/
    : /^(?:\.|node:)/;
  return findImports(code).filter(({ specifier }) => !allowed.test(specifier))
    .map(({ specifier }) => `${path} imports ${specifier}`);
}

/** The files of one cycle, or nothing. */
function findCycle(files: readonly SourceFile[]): readonly string[] {
  const arrows = new Map(files.map(({ path, code }) => [
    path,
    findImports(code).map(({ specifier }) => resolveImport(path, specifier)),
  ]));
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (finished.has(path)) return [];
    for (const target of arrows.get(path) ?? []) {
      const cycle = visit(target, [...trail, path]);
      if (cycle.length > 0) return cycle;
    }
    finished.add(path);
    return [];
  };
  return files.map(({ path }) => visit(path, [])).find((cycle) => cycle.length > 0) ?? [];
}

function toPlainCode(file: SourceFile): SourceFile {
  return { ...file, code: blankStrings(file.code) };
}

function findPatterns(
  files: readonly SourceFile[],
  patterns: Readonly<Record<string, RegExp>>,
): readonly string[] {
  return files.flatMap(({ path, code }) =>
    Object.entries(patterns).flatMap(([words, pattern]) =>
      code.split("\n").flatMap((line, index) =>
        pattern.test(line) ? [`${path}:${index + 1} has ${words}`] : []
      )
    )
  );
}
