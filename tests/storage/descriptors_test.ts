import { assert, assertEquals } from "@std/assert";
import { libUrl, runWith64 } from "./few_descriptors.ts";
import { Place } from "./fixture.ts";

Deno.test({
  name: "Files has a descriptor in reserve when none is left and every open file is being synced",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using place = new Place();
    const program = `
      import { Files } from ${libUrl("storage/files.ts")};
      import { Folders } from ${libUrl("storage/folders.ts")};
      import fs from "node:fs";
      const files = Array.from({ length: 20 }, (_, n) =>
        ({ path: ["f" + n], lengthBytes: 1, isPadding: false }));
      let asked = 0;
      const onDescriptorShortage = () => { asked++; return false; };
      const open = new Files(files, new Folders(${JSON.stringify(place.directory)}), {
        onDescriptorShortage,
      });
      for (let n = 0; n < 8; n++) open.write(n, 0, Uint8Array.of(n));
      try { for (;;) fs.openSync("/dev/null"); } catch { /* full */ }
      const syncing = Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map((n) => open.sync(n)));
      for (let n = 8; n < 20; n++) open.write(n, 0, Uint8Array.of(n));
      await syncing;
      await open[Symbol.asyncDispose]();
      console.log(asked);`;
    const asked = await runWith64(place, program);
    assert(Number(asked) <= 1, "no connection is asked for but to have one in reserve");
    for (let n = 0; n < 20; n++) assertEquals(Deno.readFileSync(place.path(`f${n}`))[0], n);
  },
});

Deno.test({
  name: "LocalDisk waits for descriptors that come when others have had their turn",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using place = new Place();
    const program = `
      import { LocalDisk } from ${libUrl("storage/local_disk.ts")};
      import { Geometry } from ${libUrl("torrent/geometry.ts")};
      import fs from "node:fs";
      import { createHash } from "node:crypto";
      const files = Array.from({ length: 20 }, (_, n) =>
        ({ path: ["f" + n], lengthBytes: 16384, isPadding: false }));
      const bytes = new Uint8Array(16384).fill(7);
      const hash = createHash("sha1").update(bytes).digest();
      const pieceHashes = new Uint8Array(20 * 20);
      for (let n = 0; n < 20; n++) pieceHashes.set(hash, n * 20);
      const torrent = { name: "x", files, geometry: new Geometry(files, 16384), pieceHashes };
      const taken = [];
      try { for (;;) taken.push(fs.openSync("/dev/null")); } catch { /* full */ }
      const disk = new LocalDisk(torrent, ${
      JSON.stringify(place.directory)
    }, { maxOpenFiles: 150 });
      setTimeout(() => taken.splice(0, 3).forEach((fd) => fs.closeSync(fd)), 50);
      const outcomes = await disk.put(files.map((_, pieceIndex) =>
        ({ pieceIndex, begin: 0, bytes, endsPiece: true })));
      await disk[Symbol.asyncDispose]();
      console.log(outcomes.filter(({ kind }) => kind === "right").length);`;
    assertEquals(await runWith64(place, program), "20");
    for (let n = 0; n < 20; n++) assertEquals(Deno.readFileSync(place.path(`f${n}`))[0], 7);
  },
});
