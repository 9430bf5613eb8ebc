import { assertEquals, assertRejects } from "@std/assert";
import { verify, type VerifyEvent } from "../../lib/storage/verify.ts";
import { Geometry } from "../../lib/torrent/geometry.ts";
import { makeTorrent, writeContent } from "../support/torrent_fixture.ts";

const FIXTURE = makeTorrent({
  name: "album",
  files: [
    { path: "a.bin", lengthBytes: 40_000 },
    { path: "empty", lengthBytes: 0 },
    { path: "sub/b.bin", lengthBytes: 10_000 },
    { path: ".pad/15536", lengthBytes: 15_536, isPadding: true },
    { path: "sub/deep/c.bin", lengthBytes: 100_000 },
  ],
  pieceLength: 16 * 1024,
});
const MIB = 1024 * 1024;

async function faultsOf(directory: string): Promise<{ faults: string[]; havePieces: number }> {
  const faults: string[] = [];
  let last: VerifyEvent | undefined;
  for await (const event of verify(FIXTURE.metainfo, { directory })) {
    last = event;
    if (event.kind === "file") faults.push(`${event.fault} ${event.path}`);
  }
  if (last?.kind !== "verified") throw new Error("no end");
  assertEquals(last.isComplete, faults.length === 0);
  return { faults, havePieces: last.havePieces };
}

/** Each row spoils a good copy and says what is to be found. */
const ROWS: readonly [string, (album: string) => Promise<void>, string[], number][] = [
  ["nothing is wrong", () => Promise.resolve(), [], 11],
  ["a longer file", (album) => append(`${album}/a.bin`), [], 11],
  ["a byte differs", (album) => spoil(`${album}/sub/deep/c.bin`, 70_000), [
    "damaged album/sub/deep/c.bin",
  ], 10],
  ["a byte of a shared piece differs", (album) => spoil(`${album}/sub/b.bin`, 1), [
    "damaged album/a.bin",
    "damaged album/sub/b.bin",
  ], 10],
  ["a file is missing", (album) => Deno.remove(`${album}/sub/b.bin`), [
    "unknown album/a.bin",
    "missing album/sub/b.bin",
  ], 9],
  ["an empty file is missing", (album) => Deno.remove(`${album}/empty`), [
    "missing album/empty",
  ], 11],
  ["a file is short", (album) => Deno.truncate(`${album}/sub/deep/c.bin`, 50_000), [
    "short album/sub/deep/c.bin",
  ], 7],
  [
    "a folder stands for a file",
    async (album) => {
      await Deno.remove(`${album}/empty`);
      await Deno.mkdir(`${album}/empty`);
    },
    ["unreadable album/empty"],
    11,
  ],
  [
    "a file stands for a folder",
    async (album) => {
      await Deno.remove(`${album}/sub`, { recursive: true });
      await Deno.writeTextFile(`${album}/sub`, "");
    },
    ["unknown album/a.bin", "missing album/sub/b.bin", "missing album/sub/deep/c.bin"],
    2,
  ],
];

Deno.test("verify() finds what is wrong, file by file", async (t) => {
  for (const [words, change, faults, havePieces] of ROWS) {
    await t.step(words, async () => {
      const directory = await Deno.makeTempDir();
      try {
        await writeContent(directory, FIXTURE);
        await change(`${directory}/album`);
        assertEquals(await faultsOf(directory), { faults, havePieces });
      } finally {
        await Deno.remove(directory, { recursive: true });
      }
    });
  }
});

Deno.test({
  name: "verify() follows no symbolic link below the folder",
  ignore: Deno.build.os === "windows",
  async fn() {
    const directory = await Deno.makeTempDir();
    try {
      await writeContent(directory, FIXTURE);
      await Deno.rename(`${directory}/album/sub`, `${directory}/elsewhere`);
      await Deno.symlink("../elsewhere", `${directory}/album/sub`);
      await Deno.rename(`${directory}/album/empty`, `${directory}/none`);
      await Deno.symlink("../none", `${directory}/album/empty`);
      assertEquals((await faultsOf(directory)).faults, [
        "unknown album/a.bin",
        "unreadable album/empty",
        "unreadable album/sub/b.bin",
        "unreadable album/sub/deep/c.bin",
      ]);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});

Deno.test("verify() of nothing at all finds every file missing", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const { faults, havePieces } = await faultsOf(directory);
    assertEquals(faults.length, 4);
    assertEquals(havePieces, 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("verify() ends when aborted", async () => {
  const path = await Deno.makeTempFile();
  try {
    const files = [
      { path: [path.split("/").at(-1) ?? ""], lengthBytes: 512 * MIB, isPadding: false },
    ];
    await Deno.truncate(path, 512 * MIB);
    const geometry = new Geometry(files, 16 * MIB);
    const metainfo = { ...FIXTURE.metainfo, files, geometry, pieceLength: 16 * MIB };
    const controller = new AbortController();
    const directory = path.split("/").slice(0, -1).join("/");
    const checking = verify(metainfo, { directory, signal: controller.signal });
    controller.abort(new Error("enough"));
    await assertRejects(() => Array.fromAsync(checking), Error, "enough");
  } finally {
    await Deno.remove(path);
  }
});

async function append(path: string): Promise<void> {
  await Deno.writeTextFile(path, "more", { append: true });
}

async function spoil(path: string, at: number): Promise<void> {
  const bytes = await Deno.readFile(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await Deno.writeFile(path, bytes);
}
