/** When createTorrent() makes no torrent: because there is nothing, it changes, or nobody wants it any more. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MetainfoError, StorageError } from "../../lib/base/errors.ts";
import { createTorrent } from "../../lib/create/create_torrent.ts";
import { Folder } from "../support/program.ts";
import { create, manyBytes } from "./created.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** Each row makes something below a folder, says what to make a torrent of, and what is wrong with it. */
const REFUSALS: readonly (readonly [string, (path: string) => Promise<unknown>, string, string])[] =
  [
    ["nothing there", () => Promise.resolve(), "none", "nothing is there"],
    ["an empty folder", (path) => Deno.mkdir(`${path}/x`), "x", 'of "x": it holds no file'],
    [
      "an empty file",
      (path) => Deno.writeTextFile(`${path}/x`, ""),
      "x",
      "nothing but empty files",
    ],
    [
      "a folder of padding",
      (path) => writeDeep(path, "_____padding_file_1/x"),
      "_____padding_file_1",
      "the name stands for padding",
    ],
    [
      "folders in folders",
      (path) => writeDeep(path, `x/${"d/".repeat(101)}x`),
      "x",
      "more than 100 parts",
    ],
  ];

Deno.test("createTorrent() says in one line why there is no torrent", async (t) => {
  for (const [words, make, name, expected] of REFUSALS) {
    await t.step(words, async () => {
      using folder = new Folder();
      await make(folder.path);
      const error = await assertRejects(() => create(`${folder.path}/${name}`), Error, expected);
      assert(!error.message.includes("\n"), error.message);
    });
  }
});

Deno.test({
  name: "createTorrent() refuses a name that is not UTF-8",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using folder = new Folder();
    await Deno.mkdir(`${folder.path}/x`);
    const script = `printf x > "$(printf 'x/a\\377')"`;
    const made = new Deno.Command("sh", { args: ["-c", script], cwd: folder.path });
    assert((await made.output()).success);
    await assertRejects(() => create(`${folder.path}/x`), StorageError, "its name is not UTF-8");
  },
});

/** Each row changes the file while it is hashed. */
const CHANGES: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
  ["longer", (path) => Deno.writeTextFile(path, "more", { append: true })],
  ["shorter", (path) => Deno.truncate(path, 17 * MIB)],
  ["empty", (path) => Deno.truncate(path, 0)],
  ["written over", (path) => Deno.utime(path, 1, 1)],
  ["replaced", async (path) => {
    await Deno.copyFile(path, `${path}.new`);
    await Deno.rename(`${path}.new`, path);
  }],
  ["gone", (path) => Deno.remove(path)],
];

Deno.test("createTorrent() refuses a file that changes while it is hashed", async (t) => {
  const bytes = manyBytes(18 * MIB);
  for (const [words, change] of CHANGES) {
    await t.step(words, async () => {
      using folder = new Folder();
      const path = `${folder.path}/x`;
      await Deno.writeFile(path, bytes);
      const creating = createTorrent(path);
      const first = await creating.next();
      assertEquals(first.value?.kind, "hashing");
      await change(path);
      const expected = words === "gone" ? "is gone" : "it has changed meanwhile";
      await assertRejects(() => Array.fromAsync(creating), StorageError, expected);
    });
  }
});

Deno.test("createTorrent() ends when it is aborted, and when its consumer leaves", async () => {
  using folder = new Folder();
  const path = `${folder.path}/x`;
  await Deno.truncate(await touch(path), 512 * MIB);
  const controller = new AbortController();
  const creating = createTorrent(path, { signal: controller.signal });
  await creating.next();
  controller.abort(new Error("enough"));
  await assertRejects(() => Array.fromAsync(creating), Error, "enough");
  for await (const event of createTorrent(path)) if (event.kind === "hashing") break;
});

Deno.test("createTorrent() refuses what it could not read back, and hashes nothing before", async () => {
  using folder = new Folder();
  const path = `${folder.path}/x`;
  await Deno.truncate(await touch(path), 2 ** 35 + 1);
  await assertRejects(
    () => create(path, { pieceLength: 16 * KIB }),
    MetainfoError,
    "2097153 pieces",
  );
});

async function touch(path: string): Promise<string> {
  await Deno.writeTextFile(path, "");
  return path;
}

async function writeDeep(folder: string, path: string): Promise<void> {
  const full = `${folder}/${path}`;
  await Deno.mkdir(full.slice(0, full.lastIndexOf("/")), { recursive: true });
  await Deno.writeTextFile(full, "x");
}
