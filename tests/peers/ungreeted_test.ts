import { assert, assertEquals } from "@std/assert";
import { Ungreeted } from "../../lib/peers/ungreeted.ts";

/** Connections from hosts, named in the order in which they come, and which of them were closed. */
class Rig {
  readonly ungreeted = new Ungreeted();
  readonly closed: string[] = [];

  come(count: number, host: string): void {
    for (let n = 0; n < count; n++) {
      const name = `${host}${n}`;
      this.ungreeted.add({
        remote: { host, port: n },
        [Symbol.dispose]: () => void this.closed.push(name),
      });
    }
  }
}

Deno.test("Ungreeted closes the oldest of a host that has too many, and nobody else", () => {
  const rig = new Rig();
  rig.come(3, "a");
  rig.come(34, "b");
  assertEquals(rig.closed, ["b0", "b1"]);
});

Deno.test("Ungreeted closes the oldest of all when there are too many of many hosts", () => {
  const rig = new Rig();
  for (const host of ["a", "b", "c"]) rig.come(22, host);
  assertEquals([rig.closed, rig.ungreeted.size], [["a0", "a1"], 64]);
});

Deno.test("Ungreeted.closeHalf() closes the older half, while there is any", () => {
  const rig = new Rig();
  rig.come(3, "a");
  assert(rig.ungreeted.closeHalf());
  assertEquals(rig.closed, ["a0", "a1"]);
  assert(rig.ungreeted.closeHalf());
  assert(!rig.ungreeted.closeHalf());
});
