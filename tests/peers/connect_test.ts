import { assertRejects, assertStrictEquals } from "@std/assert";
import { makePeerId } from "../../lib/base/identity.ts";
import { Downloads, requestBlocks } from "../../lib/blocks/request.ts";
import { connect } from "../../lib/peers/connect.ts";
import { PeerBook } from "../../lib/peers/peer_book.ts";
import { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import { makeLedger, plainGeometry } from "../support/torrents.ts";

const REASON = new Error("the consumer has gone");

/** Addresses that never come. */
async function* noAddresses() {
  yield* [];
  await new Promise<never>(() => {});
}

Deno.test("connect() throws at once when it was aborted before it began", async () => {
  const gate = {
    isPatient: false,
    size: 0,
    isConnectedTo: () => false,
    room: 1,
    buffers: new ReadBuffers(),
    onRoom: () => {},
    admit: () => {},
    lowerLimit: () => {},
  };
  const wires = connect(noAddresses(), {
    infoHash: new Uint8Array(20),
    peerId: makePeerId(),
    bitfieldLength: 1,
    book: new PeerBook(),
    gate,
    encryption: "allow",
    signal: AbortSignal.abort(REASON),
  });
  assertStrictEquals(await assertRejects(() => wires.next()), REASON);
});

Deno.test("requestBlocks() throws at once when it was aborted before it began", async () => {
  const ledger = makeLedger(plainGeometry(1, 1));
  const downloads = new Downloads({ ledger, count: () => {} });
  const swarm = { follow: () => new Promise<void>(() => {}) };
  const signal = AbortSignal.abort(REASON);
  const blocks = requestBlocks((async function* () {})(), { swarm, downloads, signal });
  assertStrictEquals(await assertRejects(() => blocks.next()), REASON);
});
