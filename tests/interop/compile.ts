/**
 * The stand-alone executable: that it holds every module of the program and nothing of the tests, and,
 * where its runtime can be downloaded, that it works. Run by name: `deno test -A tests/interop/compile.ts`.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { findImports, PROJECT, readSources, resolveImport } from "../support/source.ts";
import { isEmbedded, parseEmbedded } from "./support/embedded.ts";
import { freePort, TemporaryFolder } from "./support/loopback.ts";
import { announceUrl, OpenTracker } from "./support/opentracker.ts";
import { type Outcome, run } from "./support/process.ts";
import { startLibtorrent } from "./support/seeders.ts";
import { makeTorrent } from "./support/torrents.ts";
import { assertDownloaded } from "./support/westorrent.ts";

const DENO_PACKAGE = "npm's deno@2.9.6";

/** The runtime of executables is a download of its own, which some networks do not reach. */
const hasRuntime = await canCompileForReal();

Deno.test("compile embeds every module of the program and nothing of the tests", async () => {
  await using folder = await TemporaryFolder.make();
  // Deno itself in the place of the runtime: enough to see what is embedded, not to start it.
  const { code, stdout, stderr } = await compile(folder.join("westorrent"), {
    DENORT_BIN: Deno.execPath(),
  });
  assertEquals(code, 0, stderr);
  const embedded = parseEmbedded(stdout + stderr);
  const wanted = await listModules();
  assert(wanted.includes("main.ts"), `no main.ts among the modules: ${wanted}`);
  assertEquals(wanted.filter((path) => !isEmbedded(embedded, path)), [], "modules left out");
  assertEquals(embedded.filter((path) => /^(?:tests|testdata)\b/.test(path)), [], "tests embedded");
});

Deno.test({
  name: "the executable downloads (ignored where the runtime of executables cannot be downloaded)",
  ignore: !hasRuntime,
  async fn() {
    await using folder = await TemporaryFolder.make();
    const executable = folder.join("westorrent");
    assertEquals((await compile(executable)).code, 0);
    const port = await freePort();
    const torrent = await makeTorrent(folder.path, {
      name: "content.bin",
      content: 4 * 1024 * 1024 + 5,
      pieceLengthBytes: 64 * 1024,
      announce: announceUrl("http", port),
    });
    await using tracker = await OpenTracker.start(port, [torrent.infoHash]);
    await using _seeder = await startLibtorrent(torrent);
    await tracker.untilSeeded(torrent.infoHash);
    const output = await folder.folder("output");
    const args = [torrent.torrentPath, "-o", output, "--timeout", "30"];
    const outcome = await run({ command: executable, args, debianPackage: "nothing" });
    assertEquals(outcome.code, 0, outcome.stderr);
    await assertDownloaded(output, torrent);
  },
});

Deno.test("parseEmbedded() reads nested, joined and whole folders", () => {
  const printed = [
    "Compile main.ts to x",
    "x",
    "├─┬ lib (161B - 81B unique)",
    "│ ├─┬ a (1.40KB)",
    "│ │ ├── 1.ts (20B)",
    "│ │ └── c/* (20B - 0B unique)",
    "│ ├── d/only.ts (20B)",
    "│ └── w.ts (61B)",
    "└── main.ts (581B)",
    "Files: 2.47KB",
  ].join("\n");
  const embedded = parseEmbedded(printed);
  assertEquals(embedded, ["lib/a/1.ts", "lib/a/c/*", "lib/d/only.ts", "lib/w.ts", "main.ts"]);
  assert(isEmbedded(embedded, "lib/a/c/deep/x.ts"));
  assert(!isEmbedded(embedded, "lib/a/2.ts"));
});

/** Compiles main.ts as the task does, into `output`. */
function compile(output: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return run({
    command: Deno.execPath(),
    args: ["compile", "-A", "--output", output, "main.ts"],
    cwd: PROJECT.pathname,
    debianPackage: DENO_PACKAGE,
    env,
  });
}

async function canCompileForReal(): Promise<boolean> {
  await using folder = await TemporaryFolder.make();
  const { code, stderr } = await compile(folder.join("westorrent"));
  const isUnreachable = stderr.includes("denort") && stderr.includes("error sending request");
  assert(code === 0 || isUnreachable, stderr);
  return code === 0;
}

/** The program's own modules, those of its workers included, relative to the project. */
async function listModules(): Promise<readonly string[]> {
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", PROJECT)));
  const workers: readonly string[] = config.compile?.include ?? [];
  const known = await listGraph(["main.ts", ...workers]);
  // A worker that the configuration forgets would be missing from the executable alone.
  const sources = await Promise.all([...known].map((path) => readSources(path)));
  const named = sources.flat().flatMap(({ path, code }) =>
    findImports(code).filter(({ specifier, isType }) => specifier.startsWith(".") && !isType)
      .map(({ specifier }) => resolveImport(path, specifier))
  );
  return [...new Set([...known, ...named])];
}

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly code?: { readonly specifier: string } }[];
}

/** What Deno loads for these entries; modules of which only types are imported are not loaded. */
async function listGraph(entries: readonly string[]): Promise<ReadonlySet<string>> {
  const paths = new Set<string>();
  for (const entry of entries) {
    const { code, stdout, stderr } = await run({
      command: Deno.execPath(),
      args: ["info", "--json", entry],
      cwd: PROJECT.pathname,
      debianPackage: DENO_PACKAGE,
    });
    assertEquals(code, 0, stderr);
    const modules: readonly Module[] = JSON.parse(stdout).modules;
    const loaded = modules.flatMap(({ dependencies = [] }) =>
      dependencies.map((dependency) => dependency.code?.specifier ?? "")
    );
    for (const specifier of [new URL(entry, PROJECT).href, ...loaded]) {
      if (specifier.startsWith(PROJECT.href)) paths.add(specifier.slice(PROJECT.href.length));
    }
  }
  return paths;
}
