import { assert, assertEquals, assertThrows } from "@std/assert";
import { listen } from "../../lib/peers/listen.ts";

Deno.test("listen() takes a free port of the dynamic range when none is asked for", () => {
  using listener = listen({ bind: "127.0.0.1" });
  assertEquals(listener.addr.hostname, "127.0.0.1");
  assert(listener.addr.port >= 49_152, `${listener.addr.port}`);
});

Deno.test("listen() names the port that is taken", () => {
  using taken = listen({ bind: "127.0.0.1" });
  const { port } = taken.addr;
  const error = assertThrows(() => listen({ bind: "127.0.0.1", port }), Error, `port ${port}`);
  assert(error.cause instanceof Deno.errors.AddrInUse);
});

Deno.test("listen() names the address that the machine does not have, and takes no other", () => {
  // For documentation (RFC 5737): no machine has it.
  const place = 'Cannot listen on "192.0.2.1", any port: ';
  assertThrows(() => listen({ bind: "192.0.2.1" }), Error, place);
});

Deno.test("listen() speaks of a port alone when no address was asked for", () => {
  assertThrows(() => listen({ port: 65_536 }), Error, "Cannot listen on port 65536: ");
});
