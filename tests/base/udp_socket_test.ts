import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { type Datagram, UdpSocket } from "../../lib/base/udp_socket.ts";
import { countDescriptors, hasIPv6 } from "../support/system.ts";

function nextOf(socket: UdpSocket): Promise<Datagram> {
  const { promise, resolve } = Promise.withResolvers<Datagram>();
  const subscription = socket.subscribe((datagram) => {
    resolve(datagram);
    subscription[Symbol.dispose]();
    return true;
  });
  return promise;
}

Deno.test("UdpSocket sends and receives over IPv4 from the address it is bound to", async () => {
  await using one = new UdpSocket({ bind: "127.0.0.9" });
  await using two = new UdpSocket({ bind: "127.0.0.1" });
  const arrived = nextOf(two);
  await one.send(new Uint8Array([1, 2]), { host: "127.0.0.1", port: await two.listen() });
  const { bytes, from } = await arrived;
  assertEquals([...bytes], [1, 2]);
  assertEquals(from, { host: "127.0.0.9", port: await one.listen() });
});

Deno.test("UdpSocket speaks IPv6 on the same port when it is bound to nothing", {
  ignore: !hasIPv6(),
}, async () => {
  await using one = new UdpSocket();
  const port = await one.listen();
  await using two = new UdpSocket({ bind: "::1" });
  const arrived = nextOf(two);
  await one.send(new Uint8Array([7]), { host: "::1", port: await two.listen() });
  assertEquals((await arrived).from, { host: "::1", port });
});

Deno.test("UdpSocket asks subscribers in turn until one takes the packet", async () => {
  await using socket = new UdpSocket({ bind: "127.0.0.1" });
  const seen: string[] = [];
  const taken = Promise.withResolvers<void>();
  using _deaf = socket.subscribe(() => (seen.push("first"), false));
  using _taker = socket.subscribe(() => (seen.push("second"), taken.resolve(), true));
  using _late = socket.subscribe(() => (seen.push("never"), true));
  await socket.send(new Uint8Array(1), { host: "127.0.0.1", port: await socket.listen() });
  await taken.promise;
  assertEquals(seen, ["first", "second"]);
});

Deno.test("UdpSocket refuses the other family, a foreign address, and use after disposal", async () => {
  await using socket = new UdpSocket({ bind: "127.0.0.1" });
  assertEquals([socket.canReach("::1"), socket.canReach("10.0.0.1")], [false, true]);
  await assertRejects(() => socket.send(new Uint8Array(1), { host: "::1", port: 9 }), RangeError);
  await using foreign = new UdpSocket({ bind: "203.0.113.77" });
  await assertRejects(() => foreign.listen(), Error, "EADDRNOTAVAIL");
  await socket[Symbol.asyncDispose]();
  await assertRejects(() => socket.listen(), TypeError);
});

Deno.test("UdpSocket opens nothing before it is used and closes all it opened", async () => {
  const before = countDescriptors();
  const socket = new UdpSocket();
  assertEquals(countDescriptors(), before);
  const port = await socket.listen();
  if (hasIPv6()) await socket.send(new Uint8Array(1), { host: "::1", port });
  await socket[Symbol.asyncDispose]();
  await socket[Symbol.asyncDispose]();
  assertEquals(countDescriptors(), before);
});

Deno.test("UdpSocket takes another port for a family where somebody has that of the other", {
  ignore: !hasIPv6(),
}, async () => {
  await using ours = new UdpSocket();
  const port = await ours.listen();
  await using theirs = new UdpSocket({ bind: "::1", port });
  assertEquals(await theirs.listen(), port);
  const arrived = nextOf(theirs);
  await ours.send(new Uint8Array([1]), { host: "::1", port });
  assertNotEquals((await arrived).from.port, port);
  assertEquals(await ours.listen(), port);
});
