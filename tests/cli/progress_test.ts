import { assert, assertEquals } from "@std/assert";
import { unicodeWidth } from "@std/cli";
import {
  describeChecking,
  describeProgress,
  renderChecking,
  renderProgress,
} from "../../lib/cli/progress.ts";
import type { ProgressEvent } from "../../lib/events.ts";

const MIB = 1024 * 1024;
const HALF: ProgressEvent = {
  kind: "progress",
  mode: "download",
  haveBytes: 450 * MIB,
  totalBytes: 1000 * MIB,
  havePieces: 450,
  pieceCount: 1000,
  downloadedBytes: 460 * MIB,
  wastedBytes: 0,
  uploadedBytes: 0,
  downloadRate: 12.3 * MIB,
  uploadRate: 0,
  peers: 23,
  seeds: 4,
  availability: 4.2,
  secondsLeft: 45,
};
const STALLED: ProgressEvent = {
  ...withoutTime(HALF),
  downloadRate: 0,
  peers: 1,
  seeds: 0,
  availability: 0.759,
};
const ALONE: ProgressEvent = { ...STALLED, haveBytes: 0, peers: 0 };

function withoutTime({ secondsLeft: _, ...event }: ProgressEvent): ProgressEvent {
  return event;
}

Deno.test("renderProgress() fits its fields by weight into any width", () => {
  const rows: [string, ProgressEvent, number, string][] = [
    ["half", HALF, 20, "45.0%  12.3 MiB/s"],
    ["half", HALF, 40, "45.0%  12.3 MiB/s  0:45 left"],
    [
      "half",
      HALF,
      80,
      "45.0%  [===========>                ]  12.3 MiB/s  0:45 left  23 peers, 4 seeds",
    ],
    [
      "half",
      HALF,
      200,
      "film.mkv  45.0%  [=================>                      ]  12.3 MiB/s  0:45 left  23 peers, 4 seeds",
    ],
    ["stalled", STALLED, 20, "45.0%  0 B/s"],
    ["stalled", STALLED, 40, "45.0%  0 B/s  1 peer  availability 0.75"],
    [
      "stalled",
      STALLED,
      80,
      "45.0%  [===============>                    ]  0 B/s  1 peer  availability 0.75",
    ],
    ["alone", ALONE, 40, " 0.0%  0 B/s  no peers yet"],
  ];
  for (const [words, event, columns, expected] of rows) {
    const line = renderProgress("film.mkv", event, { columns, colors: "off" });
    assertEquals(line, expected, `${words} at ${columns} columns`);
  }
});

Deno.test("renderProgress() is never as wide as the terminal", () => {
  const name = "日本語".repeat(40);
  for (let columns = 1; columns <= 250; columns++) {
    for (const event of [HALF, STALLED, ALONE]) {
      const line = renderProgress(name, event, { columns, colors: "off" });
      assert(unicodeWidth(line) < columns, `${unicodeWidth(line)} at ${columns} columns`);
    }
  }
});

Deno.test("renderProgress() colours nothing but the bar, and only when asked", () => {
  const plain = renderProgress("n", HALF, { columns: 80, colors: "off" });
  const coloured = renderProgress("n", HALF, { columns: 80, colors: "on" });
  assert(!plain.includes("\x1b"));
  assertEquals(coloured.replaceAll("\x1b[32m", "").replaceAll("\x1b[39m", ""), plain);
});

Deno.test("renderChecking() says that it checks", () => {
  const event = { kind: "checking", checkedBytes: 25 * MIB, totalBytes: 100 * MIB } as const;
  const line = renderChecking("film.mkv", event, { columns: 80, colors: "off" });
  assertEquals(
    line,
    "Checking 25.0%  [=========>                              ]  25.0 MiB of 100 MiB",
  );
  assertEquals(
    renderChecking(
      "Checking 25.0%  [=========>                              ]  25.0 MiB of 100 MiB",
      event,
      { columns: 20, colors: "off" },
    ),
    "Checking 25.0%",
  );
  assertEquals(describeChecking(event), "Checking: 25.0% (25.0 MiB of 100 MiB)");
});

Deno.test("renderChecking() of what has no name begins with what it does", () => {
  const event = { kind: "hashing", hashedBytes: 25 * MIB, totalBytes: 100 * MIB } as const;
  const line = renderChecking("", event, { columns: 100, colors: "off" });
  assert(line.startsWith("Hashing 25.0%  ["), line);
});

Deno.test("describeProgress() puts the same in words for a log", () => {
  assertEquals(
    describeProgress(HALF),
    "45.0% (450 MiB of 1000 MiB), 12.3 MiB/s, 0:45 left, 23 peers, 4 seeds",
  );
});

Deno.test("renderProgress() shows what is given while seeding, and no bar", () => {
  const seeding: ProgressEvent = {
    ...HALF,
    mode: "seed",
    haveBytes: HALF.totalBytes,
    uploadedBytes: HALF.totalBytes / 2,
    uploadRate: 1024,
    peers: 2,
  };
  const line = renderProgress("name", seeding, { columns: 100, colors: "off" });
  assert(line.startsWith("name  seeding at 1.00 KiB/s  "), line);
  assert(line.endsWith("given, ratio 0.50  2 peers"), line);
  for (let columns = 1; columns < 100; columns++) {
    const { length } = renderProgress("name", seeding, { columns, colors: "off" });
    assert(length < columns, `${columns}`);
  }
});
