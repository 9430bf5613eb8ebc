import { assert, assertEquals, assertThrows } from "@std/assert";
import { dial, overDeno } from "../../lib/peers/transport.ts";

Deno.test("overDeno() closes a connection that cannot be set up", () => {
  let disposals = 0;
  const connection = {
    setNoDelay() {
      throw new Deno.errors.InvalidData("Invalid argument");
    },
    [Symbol.dispose]: () => disposals++,
  } as unknown as Deno.TcpConn;
  assertThrows(() => overDeno(connection), Deno.errors.InvalidData);
  assertEquals(disposals, 1);
});

for (const reason of [new Error("enough"), "enough", null]) {
  Deno.test(`dial() from an address of ours ends when it is aborted with ${reason}`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const controller = new AbortController();
    const { signal } = controller;
    const dialling = dial({ host: "127.0.0.1", port }, { bind: "127.0.0.1", signal });
    const ended = dialling.then(() => "connected", (error: unknown) => error);
    await import("node:net"); // so that the dial has begun, and not ended
    controller.abort(reason);
    const end = await ended;
    assert(end === reason, `${end}`);
  });
}
