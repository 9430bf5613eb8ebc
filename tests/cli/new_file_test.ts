import { assert, assertEquals, assertRejects } from "@std/assert";
import { StorageError } from "../../lib/base/errors.ts";
import { checkNewFile, writeNewFile } from "../../lib/cli/new_file.ts";
import { Folder } from "../support/program.ts";

const BYTES = Uint8Array.of(1, 2, 3);

Deno.test("writeNewFile() writes a file, and over another one only when told to", async () => {
  using folder = new Folder();
  const path = `${folder.path}/x`;
  await checkNewFile({ path, overwrite: false });
  await writeNewFile({ path, overwrite: false }, BYTES);
  assertEquals(await Deno.readFile(path), BYTES);
  const other = Uint8Array.of(4);
  for (
    const act of [
      checkNewFile,
      (file: { path: string; overwrite: boolean }) => writeNewFile(file, other),
    ]
  ) {
    const error = await assertRejects(() => act({ path, overwrite: false }), StorageError);
    assertEquals([error.code, error.path], ["EEXIST", path]);
    await act({ path, overwrite: true });
  }
  assertEquals(await Deno.readFile(path), other);
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["x"]);
});

Deno.test("checkNewFile() finds what cannot be written", async (t) => {
  using folder = new Folder();
  await Deno.writeTextFile(`${folder.path}/file`, "");
  const rows: readonly (readonly [string, string, string])[] = [
    ["a folder", folder.path, "EISDIR"],
    ["in no folder", `${folder.path}/none/x`, "ENOENT"],
    ["in a file", `${folder.path}/file/x`, "ENOTDIR"],
  ];
  for (const [words, path, code] of rows) {
    await t.step(words, async () => {
      for (const overwrite of [false, true]) {
        const error = await assertRejects(() => checkNewFile({ path, overwrite }), StorageError);
        assertEquals(error.code, code);
      }
    });
  }
});

Deno.test({
  name: "writeNewFile() leaves no half of a file where the disk is full",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const full = { path: "/dev/full", overwrite: true };
    await checkNewFile(full);
    const error = await assertRejects(() => writeNewFile(full, BYTES), StorageError);
    assertEquals(error.code, "ENOSPC");
    assert((await Deno.stat("/dev/full")).isCharDevice);
  },
});
