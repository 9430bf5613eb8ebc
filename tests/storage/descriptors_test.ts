import { assert, assertEquals } from "@std/assert";
import { Place } from "./fixture.ts";

Deno.test({
  name: "Files has a descriptor in reserve when none is left and every open file is being synced",
  ignore: Deno.build.os !== "linux",
  async fn() {
    using place = new Place();
    const module = (name: string) =>
      JSON.stringify(import.meta.resolve(`../../lib/storage/${name}`));
    const program = `
      import { Files } from ${module("files.ts")};
      import { Folders } from ${module("folders.ts")};
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
    const main = place.path("main.ts");
    Deno.writeTextFileSync(main, program);
    const { stdout, stderr } = await new Deno.Command("sh", {
      args: [
        "-c",
        'ulimit -n 64; exec "$0" run -A --no-check --no-config "$1"',
        Deno.execPath(),
        main,
      ],
    }).output();
    const decoder = new TextDecoder();
    assertEquals(decoder.decode(stderr), "");
    assert(
      Number(decoder.decode(stdout)) <= 1,
      "no connection is asked for but to have one in reserve",
    );
    for (let n = 0; n < 20; n++) assertEquals(Deno.readFileSync(place.path(`f${n}`))[0], n);
  },
});
