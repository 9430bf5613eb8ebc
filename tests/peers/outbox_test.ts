import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Outbox } from "../../lib/peers/outbox.ts";

Deno.test("Outbox encodes every message as BEP 3 has it", () => {
  const cases: readonly [string, (outbox: Outbox) => void][] = [
    ["00000000", (outbox) => outbox.keepAlive()],
    ["0000000100", (outbox) => outbox.choke()],
    ["0000000101", (outbox) => outbox.unchoke()],
    ["0000000102", (outbox) => outbox.interested()],
    ["0000000103", (outbox) => outbox.notInterested()],
    ["0000000504ffffffff", (outbox) => outbox.have(2 ** 32 - 1)],
    ["000000030580ff", (outbox) => outbox.bitfield(new Uint8Array([0x80, 0xff]))],
    ["0000000d06000000010000400000004000", (outbox) => outbox.request(1, 16384, 16384)],
    ["0000000d08000000010000400000004000", (outbox) => outbox.cancel(1, 16384, 16384)],
    [
      "0000000b0700000001000040000a0b",
      (outbox) => outbox.piece(1, 16384, new Uint8Array([10, 11])),
    ],
    ["000000041400" + "6465", (outbox) => outbox.extended(0, new Uint8Array([0x64, 0x65]))],
    ["aabb", (outbox) => outbox.handshake(new Uint8Array([0xaa, 0xbb]))],
  ];
  for (const [hex, add] of cases) {
    const outbox = new Outbox();
    add(outbox);
    assertStrictEquals(outbox.pendingBytes, hex.length / 2);
    assertStrictEquals(outbox.take().toHex(), hex);
    assertStrictEquals(outbox.pendingBytes, 0);
  }
});

Deno.test("Outbox take() is not overwritten by what is added during its write", () => {
  const outbox = new Outbox();
  outbox.have(1);
  const taken = outbox.take();
  for (let index = 0; index < 1000; index++) outbox.have(index);
  assertStrictEquals(taken.toHex(), "000000050400000001");
  assertStrictEquals(outbox.take().length, 9000);
});

Deno.test("Outbox uses two buffers in turns, and lets go of those that one burst made big", () => {
  const outbox = new Outbox();
  const buffers = Array.from({ length: 3 }, () => {
    outbox.unchoke();
    return outbox.take().buffer;
  });
  assertStrictEquals(buffers[0], buffers[2]);
  assert(buffers[0] !== buffers[1]);
  outbox.bitfield(new Uint8Array(2 ** 18));
  outbox.take();
  for (let turn = 0; turn < 3; turn++) {
    outbox.unchoke();
    outbox.take();
  }
  outbox.unchoke();
  assert(outbox.take().buffer.byteLength <= 1024);
  assertEquals(outbox.take().length, 0);
});

Deno.test("Outbox keeps one buffer for what is written in turns, and lets go of it when less is enough", () => {
  const outbox = new Outbox();
  const block = new Uint8Array(2 ** 14);
  const write = (add: () => void) => {
    add();
    const { buffer } = outbox.take();
    outbox.written();
    return buffer;
  };
  const first = write(() => outbox.piece(0, 0, block));
  for (let turn = 0; turn < 10; turn++) {
    assertStrictEquals(write(() => outbox.unchoke()), first);
    assertStrictEquals(write(() => outbox.piece(0, 0, block)), first);
  }
  for (let turn = 0; turn < 20; turn++) write(() => outbox.unchoke());
  assertStrictEquals(write(() => outbox.unchoke()).byteLength, 1024);
});

Deno.test("Outbox written() leaves what came during the write", () => {
  const outbox = new Outbox();
  outbox.have(1);
  outbox.take();
  outbox.have(2);
  outbox.written();
  assertStrictEquals(outbox.take().toHex(), "000000050400000002");
});
