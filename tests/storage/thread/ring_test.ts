import { assert, assertEquals } from "@std/assert";
import {
  makeRing,
  OUTCOME,
  RING_LENGTH,
  RingReader,
  RingWriter,
  type RunPlace,
} from "../../../lib/storage/thread/ring.ts";

/** Both sides of one ring, in one thread. */
function bothSides(): { readonly writer: RingWriter; readonly reader: RingReader } {
  const ring = makeRing();
  const writer = new RingWriter(ring);
  // The call that hands the ring over.
  writer.announceCall();
  return { writer, reader: new RingReader(ring) };
}

function place(pieceIndex: number): RunPlace {
  return {
    pieceIndex,
    begin: pieceIndex * 2,
    start: pieceIndex * 3,
    lengthBytes: pieceIndex * 4,
    endsPiece: pieceIndex % 2 === 1,
  };
}

Deno.test("a ring hands over runs in order, and their outcomes back", () => {
  const { writer, reader } = bothSides();
  for (const pieceIndex of [5, 2 ** 21, 7]) writer.push(place(pieceIndex));
  const outcomes = [OUTCOME.right, OUTCOME.wrong, OUTCOME.stored];
  for (const [at, pieceIndex] of [5, 2 ** 21, 7].entries()) {
    assertEquals({ ...reader.take() }, place(pieceIndex));
    reader.settle(outcomes[at] ?? OUTCOME.failed);
  }
  assertEquals([reader.take(), writer.done], [undefined, 0]);
  reader.publish();
  assertEquals(writer.done, 3);
  assertEquals(outcomes.map(() => writer.takeOutcome()), outcomes);
});

Deno.test("a ring has room for so many runs, and again once their outcomes were taken", () => {
  const { writer, reader } = bothSides();
  for (let round = 0; round < 3; round++) {
    for (let pushed = 0; pushed < RING_LENGTH; pushed++) {
      assert(writer.hasRoom);
      writer.push(place(pushed));
    }
    assert(!writer.hasRoom);
    for (let taken = 0; taken < RING_LENGTH; taken++) {
      assertEquals(reader.take()?.pieceIndex, taken);
      reader.settle(OUTCOME.stored);
    }
    assert(!writer.hasRoom, "nothing is done before it is published");
    reader.publish();
    for (let settled = 0; settled < RING_LENGTH; settled++) writer.takeOutcome();
  }
  assertEquals([writer.done, writer.settled], [3 * RING_LENGTH, 3 * RING_LENGTH]);
});

Deno.test("a full ring keeps the outcome of a run that is done until it was taken", () => {
  const { writer, reader } = bothSides();
  for (let pushed = 0; pushed < RING_LENGTH; pushed++) writer.push(place(pushed));
  const work = (outcome: number) => {
    while (reader.take() !== undefined) reader.settle(outcome);
    reader.publish();
  };
  work(OUTCOME.right);
  // Before the side that pushes has had its turn to look.
  if (writer.hasRoom) writer.push(place(1));
  work(OUTCOME.stored);
  assertEquals(writer.takeOutcome(), OUTCOME.right);
  assert(writer.hasRoom);
});

Deno.test("a call comes after what was pushed before it, and before what is pushed after it", () => {
  const { writer, reader } = bothSides();
  writer.push(place(1));
  writer.announceCall();
  writer.push(place(2));
  assertEquals(reader.take(), undefined, "not before it is known where the call belongs");
  assert(reader.hasCall);
  reader.takeCall();
  assertEquals(reader.take(1)?.pieceIndex, 1);
  reader.settle(OUTCOME.stored);
  assertEquals(reader.take(1), undefined);
  assertEquals(reader.take()?.pieceIndex, 2);
});

Deno.test("waitForOutcome() resolves when runs are done, at once where some are already", async () => {
  const { writer, reader } = bothSides();
  writer.push(place(1));
  const waiting = writer.waitForOutcome();
  reader.take();
  reader.settle(OUTCOME.right);
  reader.publish();
  await waiting;
  await writer.waitForOutcome();
  assertEquals(writer.done, 1);
});

Deno.test("sleep() returns at once when the bell has rung since, answers are taken once", () => {
  const { writer, reader } = bothSides();
  const { bell } = reader;
  writer.push(place(1));
  reader.sleep(bell);
  writer.answer("yes");
  assert(reader.waitForAnswer(0));
  assert(!reader.waitForAnswer(0));
  writer.answer("no");
  assert(!reader.waitForAnswer(0));
});
