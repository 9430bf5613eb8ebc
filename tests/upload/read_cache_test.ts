import { assert, assertEquals } from "@std/assert";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { ReadCache, UNIT_LENGTH } from "../../lib/upload/read_cache.ts";
import { plainGeometry, randomFractionOf } from "../support/torrents.ts";
import { assertSameBytes } from "../support/swarm.ts";
import { randomBytes } from "../support/torrent_fixture.ts";

/** A disk that answers when it is told to. */
class Rig {
  readonly content: Uint8Array;
  readonly cache: ReadCache;
  readonly failures: unknown[] = [];
  /** Offsets and lengths. */
  readonly reads: [number, number][] = [];
  wakes = 0;
  readonly #pieceLength: number;
  #answers: (() => void)[] = [];

  constructor(totalLength: number, pieceLength: number) {
    this.content = randomBytes(totalLength, 5);
    this.#pieceLength = pieceLength;
    this.cache = new ReadCache({
      geometry: plainGeometry(totalLength, pieceLength),
      read: (offset, into) => {
        this.reads.push([offset, into.length]);
        return new Promise((resolve, reject) =>
          this.#answers.push(() => {
            if (offset === this.badOffset) return reject(new Error("bad"));
            into.set(this.content.subarray(offset, offset + into.length));
            resolve();
          })
        );
      },
      onFailure: (error) => this.failures.push(error),
    });
  }

  badOffset = -1;

  wake(): void {
    this.wakes++;
  }

  take(pieceIndex: number, begin: number, lengthBytes: number): Uint8Array | undefined {
    return this.cache.take(pieceIndex, begin, { lengthBytes, waiter: this });
  }

  async answer(): Promise<void> {
    for (const answer of this.#answers.splice(0)) answer();
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
  }

  expected(pieceIndex: number, begin: number, lengthBytes: number): Uint8Array {
    const start = pieceIndex * this.#pieceLength + begin;
    return this.content.subarray(start, start + lengthBytes);
  }
}

Deno.test("ReadCache gives what was read, whatever is asked for", async (t) => {
  for (const pieceLength of [10, 3 * BLOCK_LENGTH + 7, UNIT_LENGTH, 2 * UNIT_LENGTH + 5]) {
    await t.step(`pieces of ${pieceLength} bytes`, async () => {
      const totalLength = Math.floor(pieceLength * 2.6);
      const rig = new Rig(totalLength, pieceLength);
      const random = randomFractionOf(pieceLength);
      for (let round = 0; round < 200; round++) {
        const pieceIndex = Math.floor(random() * 3);
        const length = Math.min(pieceLength, totalLength - pieceIndex * pieceLength);
        const begin = Math.floor(random() * length);
        const most = Math.min(length - begin, BLOCK_LENGTH);
        const lengthBytes = 1 + Math.floor(random() * most);
        while (rig.take(pieceIndex, begin, lengthBytes) === undefined) await rig.answer();
        const block = rig.take(pieceIndex, begin, lengthBytes) ?? new Uint8Array();
        assertSameBytes(block, rig.expected(pieceIndex, begin, lengthBytes));
      }
    });
  }
});

Deno.test("ReadCache reads a unit once for all its blocks and all who wait, and wakes each once", async () => {
  const rig = new Rig(4 * UNIT_LENGTH, 2 * UNIT_LENGTH);
  for (const begin of [0, BLOCK_LENGTH, 2 * BLOCK_LENGTH]) rig.take(0, begin, BLOCK_LENGTH);
  rig.cache.prepare(0, 5);
  rig.cache.prepare(0, UNIT_LENGTH);
  assertEquals(rig.reads, [[0, UNIT_LENGTH], [UNIT_LENGTH, UNIT_LENGTH]]);
  await rig.answer();
  assertEquals(rig.wakes, 1);
});

Deno.test("ReadCache holds so much and no more, and lets go of what was used least lately", async () => {
  const count = 200;
  const rig = new Rig(count * BLOCK_LENGTH, BLOCK_LENGTH);
  for (let pieceIndex = 0; pieceIndex < count; pieceIndex++) {
    rig.take(pieceIndex, 0, 1);
    rig.take(0, 0, 1);
    await rig.answer();
  }
  assertEquals(rig.take(0, 0, 1)?.length, 1, "it was in use all the time");
  assertEquals(rig.take(count - 2, 0, 1)?.length, 1);
  assertEquals(rig.take(1, 0, 1), undefined);
  await rig.answer();
});

Deno.test("ReadCache reads a few units at a time, and lets in one more for each that is there", async () => {
  const count = 100;
  const rig = new Rig(count * BLOCK_LENGTH, BLOCK_LENGTH);
  const woken: number[] = [];
  for (let pieceIndex = 0; pieceIndex < count; pieceIndex++) {
    const waiter = {
      wake: () => {
        woken.push(pieceIndex);
        rig.cache.take(pieceIndex, 0, { lengthBytes: 1, waiter });
      },
    };
    waiter.wake();
  }
  woken.length = 0;
  const atOnce = rig.reads.length;
  assert(atOnce < count / 4);
  for (let most = atOnce; rig.reads.length < count; most += atOnce) {
    assert(rig.reads.length <= most);
    await rig.answer();
  }
  await rig.answer();
  assertEquals(rig.reads.map(([offset]) => offset / BLOCK_LENGTH), [...Array(count).keys()]);
  // Each when its turn to be read had come, but for the first, and when it was there: nobody for nothing.
  assertEquals(woken.length, 2 * count - atOnce);
});

Deno.test("ReadCache tells why a read failed, keeps nothing of it, and wakes who waits", async () => {
  const rig = new Rig(UNIT_LENGTH, UNIT_LENGTH);
  rig.badOffset = 0;
  rig.take(0, 0, 1);
  await rig.answer();
  assertEquals([String(rig.failures), rig.wakes], ["Error: bad", 1]);
  rig.badOffset = -1;
  assertEquals(rig.take(0, 0, 1), undefined);
  await rig.answer();
  assertEquals(rig.take(0, 0, 1)?.length, 1);
});
