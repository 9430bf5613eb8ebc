import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Channel, delay } from "../../lib/base/async.ts";
import { makePeerId } from "../../lib/base/identity.ts";
import { Downloads, requestBlocks } from "../../lib/blocks/request.ts";
import { connect } from "../../lib/peers/connect.ts";
import { encodeHandshake } from "../../lib/peers/handshake.ts";
import { PeerBook } from "../../lib/peers/peer_book.ts";
import { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import type { Wire } from "../../lib/peers/wire.ts";
import { makeLedger, plainGeometry } from "../support/torrents.ts";

const REASON = new Error("the consumer has gone");

/** Addresses that never come. */
async function* noAddresses() {
  yield* [];
  await new Promise<never>(() => {});
}

const OPTIONS = {
  infoHash: new Uint8Array(20),
  peerId: makePeerId(),
  bitfieldLength: 1,
  book: new PeerBook(),
  gate: {
    isPatient: false,
    size: 0,
    isConnectedTo: () => false,
    room: 1,
    buffers: new ReadBuffers(),
    onRoom: () => {},
    admit: () => {},
    lowerLimit: () => {},
  },
  encryption: "allow",
} as const;

Deno.test("connect() throws at once when it was aborted before it began", async () => {
  const wires = connect(noAddresses(), { ...OPTIONS, signal: AbortSignal.abort(REASON) });
  assertStrictEquals(await assertRejects(() => wires.next()), REASON);
});

Deno.test("connect() throws what the addresses throw", async () => {
  async function* failing() {
    yield [];
    await delay(0);
    throw REASON;
  }
  const wires = connect(failing(), { ...OPTIONS, signal: new AbortController().signal });
  assertStrictEquals(await assertRejects(() => wires.next()), REASON);
});

Deno.test("connect() closes the connections that nobody has taken when its consumer leaves", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const admitted = new Channel<Wire>();
  const gate = { ...OPTIONS.gate, admit: (wire: Wire) => void admitted.push(wire) };
  const { signal } = new AbortController();
  const wires = connect(noAddresses(), { ...OPTIONS, gate, listener, signal });
  const taking = wires.next();
  const { port } = listener.addr;
  const handshake = encodeHandshake({ ...OPTIONS, peerId: makePeerId() });
  using one = await Deno.connect({ port });
  using other = await Deno.connect({ port });
  for (const connection of [one, other]) await connection.write(handshake);
  const both = [(await admitted.next()).value, (await admitted.next()).value];
  (await taking).value?.[Symbol.dispose]();
  await wires.return();
  assertEquals(both.map((wire) => wire?.isOpen), [false, false]);
  for (const wire of both) wire?.[Symbol.dispose]();
});

Deno.test("requestBlocks() throws at once when it was aborted before it began", async () => {
  const ledger = makeLedger(plainGeometry(1, 1));
  const downloads = new Downloads({ ledger, count: () => {} });
  const swarm = { follow: () => new Promise<void>(() => {}) };
  const signal = AbortSignal.abort(REASON);
  const blocks = requestBlocks((async function* () {})(), { swarm, downloads, signal });
  assertStrictEquals(await assertRejects(() => blocks.next()), REASON);
});
