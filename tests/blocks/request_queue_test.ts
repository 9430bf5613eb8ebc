import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { MAX_REQUESTS, RequestQueue } from "../../lib/blocks/request_queue.ts";
import { OpenPiece } from "../../lib/ledger.ts";
import { randomOf } from "../torrent/helpers.ts";

const PIECE = new OpenPiece(3, 4000);

function queueOf(...blocks: readonly number[]): RequestQueue {
  const queue = new RequestQueue();
  for (const block of blocks) queue.push(PIECE, block);
  return queue;
}

const ORDERS: readonly (readonly [string, readonly number[]])[] = [
  ["in order", [0, 1, 2, 3]],
  ["backwards", [3, 2, 1, 0]],
  ["in any order", [2, 0, 3, 1]],
];

for (const [name, order] of ORDERS) {
  Deno.test(`take() takes answers that come ${name}, each once`, () => {
    const queue = queueOf(0, 1, 2, 3);
    for (const block of order) {
      assert(queue.has(3, block));
      assertStrictEquals(queue.take(3, block), PIECE);
      assertEquals(queue.take(3, block), undefined);
      assert(!queue.has(3, block));
    }
    assertEquals(queue.length, 0);
  });
}

const STRANGERS: readonly (readonly [string, number, number])[] = [
  ["another block", 3, 9],
  ["another piece", 4, 0],
  ["no whole block", 3, 0.5],
  ["a block of the next piece by its number", 2, 65_536],
];

for (const [name, pieceIndex, block] of STRANGERS) {
  Deno.test(`take() and takeReturned() know nothing of ${name}`, () => {
    const queue = queueOf(0, 1);
    assertEquals(queue.take(pieceIndex, block), undefined);
    queue.giveUpAll();
    assert(!queue.takeReturned(pieceIndex, block));
  });
}

Deno.test("giveUp() takes out one request, whose late answer is known once", () => {
  const queue = queueOf(0, 1);
  assertStrictEquals(queue.giveUp(3, 1), PIECE);
  assertEquals(queue.giveUp(3, 1), undefined);
  assertEquals(queue.length, 1);
  assertEquals([queue.takeReturned(3, 1), queue.takeReturned(3, 1)], [true, false]);
  assert(!queue.takeReturned(3, 0));
});

Deno.test("giveUpPieces() returns what is outstanding of some pieces, and leaves the rest", () => {
  const queue = queueOf(5, 6, 7);
  const other = new OpenPiece(4, 10);
  const isThird = ({ pieceIndex }: OpenPiece) => pieceIndex === 3;
  queue.push(other, 6);
  queue.take(3, 5);
  assertEquals(queue.giveUpPieces(isThird), [6, 7].map((block) => ({ piece: PIECE, block })));
  assertEquals([queue.length, queue.has(4, 6), queue.has(3, 6)], [1, true, false]);
  assert(queue.takeReturned(3, 7), "a late answer is known");
  assertEquals(queue.giveUpPieces(isThird), []);
});

Deno.test("giveUpAll() returns what is outstanding, in order", () => {
  const queue = queueOf(5, 6, 7, 8);
  queue.take(3, 5);
  queue.take(3, 7);
  assertEquals(queue.giveUpAll(), [{ piece: PIECE, block: 6 }, { piece: PIECE, block: 8 }]);
  assertEquals([queue.length, queue.giveUpAll().length], [0, 0]);
  assertEquals([queue.takeReturned(3, 6), queue.takeReturned(3, 5)], [true, false]);
});

Deno.test("giveUpBeyond() returns what was asked last, and keeps as many as it is told", () => {
  const queue = queueOf(5, 6, 7, 8, 9);
  queue.take(3, 5);
  assertEquals(queue.giveUpBeyond(2).map(({ block }) => block), [8, 9]);
  assertEquals([queue.has(3, 6), queue.has(3, 7), queue.has(3, 8)], [true, true, false]);
  assertEquals([queue.takeReturned(3, 9), queue.takeReturned(3, 6)], [true, false]);
  assertEquals([queue.giveUpBeyond(2), queue.giveUpBeyond(7)], [[], []]);
  queue.push(PIECE, 8);
  assertEquals(queue.giveUpAll().map(({ block }) => block), [6, 7, 8]);
});

Deno.test("takeReturned() is true for each time that a request was given up", () => {
  const queue = new RequestQueue();
  for (let time = 0; time < 3; time++) {
    queue.push(PIECE, 0);
    queue.giveUpAll();
  }
  const late = [0, 1, 2, 3].map(() => queue.takeReturned(3, 0));
  assertEquals(late, [true, true, true, false]);
});

Deno.test("RequestQueue remembers a bounded number of requests that were given up, the newest", () => {
  const queue = new RequestQueue();
  for (let pieceIndex = 0; pieceIndex < 5 * MAX_REQUESTS; pieceIndex++) {
    queue.push(new OpenPiece(pieceIndex, 1), 0);
    queue.giveUp(pieceIndex, 0);
  }
  let known = 0;
  for (let pieceIndex = 0; pieceIndex < 5 * MAX_REQUESTS; pieceIndex++) {
    if (queue.takeReturned(pieceIndex, 0)) known++;
    else assert(pieceIndex < 3 * MAX_REQUESTS);
  }
  assertEquals(known, 2 * MAX_REQUESTS);
});

Deno.test("RequestQueue remembers as new what was given up before, and is again", () => {
  const queue = new RequestQueue();
  const giveUp = (pieceIndex: number) => {
    queue.push(new OpenPiece(pieceIndex, 1), 0);
    queue.giveUp(pieceIndex, 0);
  };
  for (let pieceIndex = 0; pieceIndex < 2 * MAX_REQUESTS; pieceIndex++) giveUp(pieceIndex);
  giveUp(0);
  giveUp(2 * MAX_REQUESTS);
  assertEquals([queue.takeReturned(0, 0), queue.takeReturned(1, 0)], [true, false]);
});

Deno.test("RequestQueue agrees with a list in a random walk", () => {
  const random = randomOf(11);
  const queue = new RequestQueue();
  let model: number[] = [];
  for (let step = 0; step < 20_000; step++) {
    const block = random(4000);
    const action = random(100);
    if (action < 50 && !model.includes(block) && model.length < 300) {
      queue.push(PIECE, block);
      model.push(block);
    } else if (action < 99) {
      const answer = action < 80 ? model[0] ?? block : block;
      assertEquals(queue.take(3, answer) !== undefined, model.includes(answer));
      model = model.filter((other) => other !== answer);
    } else if (random(20) === 0) {
      assertEquals(queue.giveUpAll().map((request) => request.block), model);
      model = [];
    }
    assertEquals(queue.length, model.length);
  }
});
