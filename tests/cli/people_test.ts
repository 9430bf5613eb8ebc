import { assert, assertEquals } from "@std/assert";
import type { CliEvent, Console } from "../../lib/cli/view.ts";
import { openView } from "../../lib/cli/open_view.ts";
import type { Display } from "../../lib/cli/options.ts";
import type { ProgressEvent } from "../../lib/events.ts";

const MIB = 1024 * 1024;
const NORMAL: Display = { format: "people", verbosity: "normal" };

/** A target that keeps what is written. */
class TextTarget {
  text = "";

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(this.writeSync(bytes));
  }

  writeSync(bytes: Uint8Array): number {
    this.text += new TextDecoder().decode(bytes);
    return bytes.length;
  }
}

const PROGRESS: ProgressEvent = {
  kind: "progress",
  mode: "download",
  haveBytes: 5 * MIB,
  totalBytes: 10 * MIB,
  havePieces: 5,
  pieceCount: 10,
  downloadedBytes: 5 * MIB,
  wastedBytes: 0,
  uploadedBytes: 0,
  downloadRate: MIB,
  uploadRate: 0,
  peers: 2,
  seeds: 1,
  availability: 1,
  secondsLeft: 5,
};

const START = {
  kind: "start",
  name: "film\x1b]0;x\x07.mkv",
  infoHash: "00".repeat(20),
  totalBytes: 10 * MIB,
  pieceCount: 10,
  fileCount: 1,
  output: "out/film.mkv",
  mode: "download",
} as const;

const EVENTS: readonly CliEvent[] = [
  START,
  { kind: "checked", haveBytes: 2 * MIB, havePieces: 2 },
  { kind: "listening", host: "0.0.0.0", port: 50000 },
  { kind: "tracker", url: "http://t/announce", status: "failed", message: "no\nroute \u009b2J" },
  { kind: "tracker", url: "http://t/announce", status: "failed", message: "no\nroute \u009b2J" },
  { kind: "tracker", url: "http://u/announce", status: "ok", peers: 3, seconds: 1800 },
  { kind: "peer", status: "connected", address: "10.0.0.1:6881", client: "Other 1.0" },
  {
    kind: "mapping",
    status: "mapped",
    method: "pcp",
    externalHost: "198.51.100.7",
    externalPort: 6881,
  },
  { kind: "mapping", status: "failed", message: "pcp: no answer" },
  { kind: "pex", status: "sent", address: "10.0.0.1:6881", added: 1, dropped: 2 },
  { kind: "corrupt", pieceIndex: 3, peers: ["10.0.0.1:6881"] },
  { kind: "warning", message: "the disk is nearly full" },
  PROGRESS,
  {
    kind: "complete",
    output: "out/film.mkv",
    totalBytes: 10 * MIB,
    downloadedBytes: 8 * MIB,
    seconds: 8,
  },
];

async function shown(
  display: Display,
  events: readonly CliEvent[],
  columns?: number,
): Promise<{ stdout: string; stderr: string }> {
  const stdout = new TextTarget();
  const stderr = new TextTarget();
  const terminal = columns === undefined ? {} : { columns: () => columns };
  const console: Console = { stdout, stderr, colors: "off", ...terminal };
  {
    await using view = openView(display, console, new AbortController().signal);
    for (const event of events) await view.show(event);
  }
  return { stdout: stdout.text, stderr: stderr.text };
}

Deno.test("openView() tells people what matters, each complaint once", async () => {
  assertEquals(await shown(NORMAL, EVENTS), {
    stdout: "",
    stderr: `Downloading film]0;x.mkv (10.0 MiB in 1 file) to out/film.mkv
Found 2.00 MiB that need not be downloaded again
Tracker http://t/announce failed: no route 2J
Warning: the disk is nearly full
Complete and verified: out/film.mkv (10.0 MiB), 8.00 MiB in 0:08 at 1.00 MiB/s
`,
  });
});

Deno.test("openView() tells more to those who want to know", async () => {
  const { stderr } = await shown({ format: "people", verbosity: "verbose" }, EVENTS);
  const expected = [
    "Listening on 0.0.0.0 port 50000",
    "Tracker http://u/announce ok: 3 peers, next in 30:00",
    "Peer 10.0.0.1:6881 (Other 1.0) connected",
    "Port mapping by pcp: the gateway lets peers in at 198.51.100.7 port 6881",
    "Port mapping failed: pcp: no answer",
    "Peer exchange sent, 10.0.0.1:6881: 1 peer added, 2 dropped",
    "Piece 3 is corrupt, from 10.0.0.1:6881",
  ];
  for (const line of expected) assert(stderr.includes(`${line}\n`), line);
  assertEquals(stderr.split("no route").length, 3);
});

Deno.test("openView() tells what was created, once the hashing is done", async () => {
  const created: readonly CliEvent[] = [
    { kind: "hashing", hashedBytes: MIB, totalBytes: 4 * MIB },
    {
      kind: "written",
      output: "a.torrent",
      infoHash: "12".repeat(20),
      totalBytes: 4 * MIB,
      pieceCount: 4,
      pieceLength: MIB,
      fileCount: 1,
    },
  ];
  const line = "Created a.torrent: 4.00 MiB in 1 file, 4 pieces of 1.00 MiB, info hash " +
    `${"12".repeat(20)}\n`;
  assertEquals((await shown(NORMAL, created)).stderr, line);
  const { stderr } = await shown(NORMAL, created, 40);
  assertEquals(stderr, `Hashing 25.0%  1.00 MiB of 4.00 MiB\r\x1b[J${line}`);
});

Deno.test("openView() says nothing when quiet, and passes on what was asked for", async () => {
  const events: CliEvent[] = [...EVENTS, { kind: "output", text: "result\n" }];
  const quiet = await shown({ format: "people", verbosity: "quiet" }, events);
  assertEquals(quiet, { stdout: "result\n", stderr: "" });
});

Deno.test("openView() draws a live line on a terminal and takes it away", async () => {
  const { stderr } = await shown(NORMAL, EVENTS, 40);
  const live = "50.0%  1.00 MiB/s  0:05 left";
  assert(stderr.includes(`nearly full\n${live}\r\x1b[J`), stderr);
  assert(stderr.endsWith("at 1.00 MiB/s\n"));
});

Deno.test("openView() leaves no live line when the end comes early", async () => {
  const { stderr } = await shown(NORMAL, [PROGRESS], 40);
  assertEquals(stderr, "50.0%  1.00 MiB/s  0:05 left\r\x1b[J");
});

Deno.test("openView() writes each event as one object a line, safe to look at", async () => {
  const { stdout, stderr } = await shown({ format: "json", verbosity: "normal" }, EVENTS);
  assertEquals(stderr, "");
  const lines = stdout.trimEnd().split("\n");
  assertEquals<unknown>(lines.map((line) => JSON.parse(line)), EVENTS);
  // deno-lint-ignore no-control-regex -- what must not be there
  assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f]/.test(stdout));
});

Deno.test("openView() takes the line of a check away when it is over, and seeds download nothing", async () => {
  const checks: readonly CliEvent[] = [
    { kind: "checking", checkedBytes: 5 * MIB, totalBytes: 10 * MIB },
    { kind: "checked", haveBytes: 10 * MIB, havePieces: 10 },
    { kind: "seeding" },
  ];
  const line = "Checking 50.0%  5.00 MiB of 10.0 MiB\r\x1b[J";
  const rows = [
    ["download", "Found 10.0 MiB that need not be downloaded again\n"],
    ["seed", ""],
  ] as const;
  for (const [mode, found] of rows) {
    const { stderr } = await shown(NORMAL, [{ ...START, name: "film", mode }, ...checks], 40);
    const rest = stderr.slice(stderr.indexOf("\n") + 1);
    assertEquals(rest, `${line}${found}Seeding until stopped\n`, mode);
  }
});

Deno.test("openView() tells on which port it seeds, where peers may dial it", async () => {
  const listening: CliEvent = { kind: "listening", host: "0.0.0.0", port: 6881 };
  const { stderr } = await shown(NORMAL, [listening, { kind: "seeding", ratio: 2 }]);
  assertEquals(stderr, "Seeding on port 6881 until a ratio of 2\n");
});
