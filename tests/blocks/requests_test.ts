import { assert, assertEquals, assertThrows } from "@std/assert";
import { PeerError } from "../../lib/base/errors.ts";
import { Requests } from "../../lib/blocks/requests.ts";
import { BLOCK } from "../../lib/ledger.ts";
import { Framer } from "../../lib/peers/framer.ts";
import { Outbox } from "../../lib/peers/outbox.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { KIB, makeLedger, plainGeometry } from "../support/torrents.ts";

/** Two pieces, the first of four blocks that the peer is asked for, the second of a short one that it is not. */
function asked() {
  const ledger = makeLedger(plainGeometry(65 * KIB, 64 * KIB));
  const source = ledger.holdings.add();
  const outbox = new Outbox();
  const requests = new Requests(ledger, outbox);
  const [piece, last] = [ledger.open(0), ledger.open(1)];
  for (const block of [0, 1, 2, 3]) {
    ledger.request(piece, block, source.id);
    requests.ask(piece, block);
  }
  outbox.take();
  return { ledger, source, outbox, requests, piece, last };
}

/** What the peer is told, as "cancel 0:1 16384". */
function told(outbox: Outbox): string[] {
  using framer = new Framer({ leftover: outbox.take() });
  const messages: string[] = [];
  for (let message = framer.next(); message !== undefined; message = framer.next()) {
    if (message.kind !== "request" && message.kind !== "cancel") throw new Error(message.kind);
    const { kind, pieceIndex, begin, lengthBytes } = message;
    messages.push(`${kind} ${pieceIndex}:${begin / BLOCK_LENGTH} ${lengthBytes}`);
  }
  return messages;
}

Deno.test("ask() tells the peer how long a short block is", () => {
  const { ledger, source, outbox, requests, last } = asked();
  ledger.request(last, 0, source.id);
  requests.ask(last, 0);
  assertEquals(told(outbox), ["request 1:0 1024"]);
  assertEquals(requests.queue.length, 5);
});

Deno.test("cancel() frees the block and tells the peer, once", () => {
  const { outbox, requests, piece, last } = asked();
  assertEquals([requests.cancel(piece, 1), requests.cancel(piece, 1)], [true, false]);
  assert(!requests.cancel(last, 0), "it was never asked for");
  assertEquals(told(outbox), ["cancel 0:1 16384"]);
  assertEquals([...piece.states], [BLOCK.requested, BLOCK.free, BLOCK.requested, BLOCK.requested]);
});

Deno.test("cancelBeyond() leaves what was asked for first", () => {
  const { outbox, requests, piece } = asked();
  requests.cancelBeyond(3);
  requests.cancelBeyond(4);
  assertEquals(told(outbox), ["cancel 0:3 16384"]);
  assertEquals([requests.queue.length, piece.freeCount], [3, 1]);
});

Deno.test("rejected() frees the block, and tells one that was given up from one that never was", () => {
  const { outbox, requests, piece } = asked();
  assert(requests.rejected(0, 2));
  requests.cancel(piece, 0);
  assert(!requests.rejected(0, 0));
  assertThrows(() => requests.rejected(0, 2), PeerError, "was not asked for");
  assertEquals(piece.freeCount, 2);
  assertEquals(told(outbox), ["cancel 0:0 16384"]);
});

Deno.test("lostPiece() and lostAll() free blocks, and tell the peer nothing", () => {
  const { ledger, source, outbox, requests, piece, last } = asked();
  ledger.request(last, 0, source.id);
  requests.ask(last, 0);
  outbox.take();
  requests.lostPiece(0);
  assertEquals([requests.queue.length, piece.freeCount, last.freeCount], [1, 4, 0]);
  requests.lostAll();
  assertEquals([requests.queue.length, last.freeCount, outbox.pendingBytes], [0, 1, 0]);
});

Deno.test("cancelOvertaken() takes back what was the oldest for too long, unless that is excused", () => {
  const { outbox, requests } = asked();
  for (let nowMs = 0; nowMs <= 30_000; nowMs += 10_000) requests.cancelOvertaken(nowMs);
  requests.excuse(30_000);
  requests.cancelOvertaken(60_000);
  assertEquals(told(outbox), []);
  requests.queue.take(0, 2);
  requests.cancelOvertaken(60_001);
  assertEquals(told(outbox), ["cancel 0:0 16384"]);
  requests.cancelOvertaken(60_002);
  requests.queue.take(0, 1);
  requests.cancelOvertaken(120_000);
  assertEquals([told(outbox), requests.queue.length], [[], 1]);
});
