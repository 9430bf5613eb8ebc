import { assert, assertEquals, assertRejects } from "@std/assert";
import { ensureDir, exists, walk } from "@std/fs";

Deno.test("ensureDir(), exists() and walk() agree on what is there", async () => {
  const root = await Deno.makeTempDir();
  try {
    await ensureDir(`${root}/a/b`);
    await ensureDir(`${root}/a/b`);
    await Deno.writeTextFile(`${root}/a/b/c`, "");
    assert(await exists(`${root}/a`, { isDirectory: true }));
    assert(!await exists(`${root}/a`, { isFile: true }));
    assert(!await exists(`${root}/x`));
    const paths: string[] = [];
    for await (const entry of walk(root)) paths.push(entry.path.slice(root.length));
    assertEquals(paths.sort(), ["", "/a", "/a/b", "/a/b/c"]);
    await assertRejects(() => ensureDir(`${root}/a/b/c`));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
