import { assert, assertEquals } from "@std/assert";
import { MAX_REQUESTS } from "../../lib/blocks/request_queue.ts";
import { Pace } from "../../lib/blocks/pace.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";

Deno.test("Pace asks for less than fills the queue that a peer names", async (t) => {
  const rows: readonly (readonly [string, number, number])[] = [
    ["Transmission, which drops the last request of a full queue", 512, 511],
    ["a queue for one request", 1, 1],
    ["a queue for nothing", 0, 1],
    ["a queue longer than we ever use", 1_000_000, MAX_REQUESTS],
  ];
  for (const [words, reqq, depth] of rows) {
    await t.step(words, () => {
      const pace = new Pace(MAX_REQUESTS);
      pace.setLimit(reqq);
      pace.asked(0);
      for (let block = 0; block < MAX_REQUESTS; block++) pace.received(BLOCK_LENGTH, 0);
      assertEquals(pace.depth, depth);
    });
  }
});

/** Lets a peer send at this rate for a while. */
function run(
  pace: Pace,
  options: { fromMs: number; forMs: number; blocksPerSecond: number },
): void {
  const { fromMs, forMs, blocksPerSecond } = options;
  pace.asked(fromMs);
  let owed = 0;
  for (let atMs = fromMs; atMs <= fromMs + forMs; atMs += 50) {
    owed += blocksPerSecond / 20;
    for (; owed >= 1; owed--) pace.received(BLOCK_LENGTH, atMs);
    if (atMs % 250 === 0) pace.tick(atMs, pace.depth);
  }
}

Deno.test("Pace triples its depth each round trip to begin with, and wants as much before", () => {
  const pace = new Pace(4);
  pace.asked(0);
  pace.received(BLOCK_LENGTH, 10);
  assertEquals(pace.depth, 4, "one block tells nothing of the rate");
  for (const [atMs, depth] of [[20, 12], [30, 36], [40, 108]] as const) {
    assertEquals(pace.wanted, depth);
    for (let block = pace.depth; block > 0; block--) pace.received(BLOCK_LENGTH, atMs);
    assertEquals(pace.depth, depth);
  }
  assertEquals(pace.wanted, 250);
});

Deno.test("Pace asks a slow peer for no more than to begin with, though it answers at once", () => {
  const pace = new Pace(2);
  pace.asked(0);
  for (const atMs of [1, 800, 1600]) {
    pace.received(BLOCK_LENGTH, atMs);
    assertEquals(pace.depth, 2);
  }
});

Deno.test("Pace takes a peer for slow that sends less than a block in 50 ms", () => {
  for (const [blocksPerSecond, isSlow] of [[30, false], [10, true]] as const) {
    const pace = new Pace(2);
    assert(!pace.isSlow, "while nothing is known");
    run(pace, { fromMs: 0, forMs: 2_000, blocksPerSecond });
    assertEquals(pace.isSlow, isSlow);
  }
});

Deno.test("Pace wants no more than its depth once that follows the rate", () => {
  const pace = new Pace(16);
  run(pace, { fromMs: 0, forMs: 10_000, blocksPerSecond: 40 });
  assertEquals(pace.wanted, pace.depth);
});

/** When blocks come that were asked for at 0, at which rate, and how many of 40 requests may be missing. */
const SLACKS: readonly (readonly [string, (pace: Pace) => void, number])[] = [
  ["nothing while the round trip is not known", () => {}, 0],
  ["half after a short round trip", (pace) => {
    pace.asked(0);
    pace.received(BLOCK_LENGTH, 19);
  }, 20],
  ["nothing after a longer one, at a rate that is not known", (pace) => {
    pace.asked(0);
    pace.received(BLOCK_LENGTH, 20);
  }, 0],
  ["half at a rate that leaves little on the way", (pace) => {
    run(pace, { fromMs: 0, forMs: 10_000, blocksPerSecond: 100 });
  }, 20],
  ["what two round trips leave over", (pace) => {
    pace.asked(0);
    pace.received(BLOCK_LENGTH, 100);
    pace.received(84 * BLOCK_LENGTH, 600);
    pace.tick(600, 1);
  }, 11],
  ["nothing where most of it is on the way", (pace) => {
    pace.setLimit(101);
    pace.asked(0);
    pace.received(1000 * BLOCK_LENGTH, 1000);
    pace.tick(1000, 1);
  }, 0],
];

for (const [name, play, slack] of SLACKS) {
  Deno.test(`slack() is ${name}`, () => {
    const pace = new Pace(40);
    play(pace);
    assertEquals(pace.slack(40), slack);
  });
}

/** What is known of a peer, and whether it is near, far, or may be either. */
const DISTANCES: readonly (readonly [string, (pace: Pace) => void, "near" | "far" | "unknown"])[] =
  [
    ["unknown while nothing has come", (pace) => pace.asked(0), "unknown"],
    ["near after a short round trip", (pace) => {
      pace.asked(0);
      pace.received(BLOCK_LENGTH, 19);
    }, "near"],
    ["unknown after one that we may have made longer", (pace) => {
      pace.asked(0);
      pace.received(BLOCK_LENGTH, 29);
    }, "unknown"],
    ["far after one that is our doing no more", (pace) => {
      pace.asked(0);
      pace.received(BLOCK_LENGTH, 30);
    }, "far"],
    ["near once a shorter one was measured", (pace) => {
      pace.asked(0);
      pace.received(BLOCK_LENGTH, 300);
      pace.asked(300);
      pace.received(BLOCK_LENGTH, 310);
      pace.tick(600, 1);
    }, "near"],
  ];

for (const [name, play, distance] of DISTANCES) {
  Deno.test(`Pace takes a peer for ${name}`, () => {
    const pace = new Pace(40);
    play(pace);
    assertEquals([pace.isNear, pace.isFar], [distance === "near", distance === "far"]);
  });
}

Deno.test("Pace asks for 250 at most where the peer names no number", () => {
  const pace = new Pace(16);
  for (let block = 0; block < 1000; block++) pace.received(BLOCK_LENGTH, 10);
  assertEquals(pace.depth, 250);
});

Deno.test("Pace follows the rate once that grows no more: a second and two round trips", () => {
  const pace = new Pace(16);
  run(pace, { fromMs: 0, forMs: 10_000, blocksPerSecond: 40 });
  assert(pace.depth >= 40 && pace.depth <= 50, `depth ${pace.depth}`);
});

Deno.test("Pace keeps few requests to the slowest, but two", () => {
  const pace = new Pace(16);
  run(pace, { fromMs: 0, forMs: 60_000, blocksPerSecond: 0.2 });
  assert(pace.depth < 16, `depth ${pace.depth}`);
  for (let atMs = 60_250; atMs < 70_000; atMs += 250) pace.tick(atMs, 2);
  assertEquals(pace.depth, 2);
});

Deno.test("Pace does without a clock that moves", () => {
  const pace = new Pace(2);
  pace.asked(5);
  for (let round = 0; round < 10; round++) {
    pace.received(BLOCK_LENGTH, 5);
    pace.tick(5, 2);
  }
  assertEquals([pace.depth, pace.bytesPerMs, pace.isStalled(5)], [20, 0, false]);
  assertEquals(pace.drainMs(3), undefined);
});

Deno.test("Pace measures a round trip that begins with the clock, too", () => {
  const pace = new Pace(2);
  pace.asked(0);
  pace.received(100 * BLOCK_LENGTH, 1000);
  pace.tick(1000, 1);
  pace.tick(2000, 1);
  assertEquals(pace.depth, Math.ceil(100 * 0.5 * 3));
});

Deno.test("Pace forgets nothing of a peer that is asked for nothing", () => {
  const pace = new Pace(16);
  run(pace, { fromMs: 0, forMs: 5_000, blocksPerSecond: 100 });
  pace.tick(5_500, 0);
  const { depth, bytesPerMs } = pace;
  for (let atMs = 6_000; atMs <= 60_000; atMs += 250) pace.tick(atMs, 0);
  assertEquals([pace.depth, pace.bytesPerMs], [depth, bytesPerMs]);
  assertEquals(pace.drainMs(1), BLOCK_LENGTH / bytesPerMs);
  pace.asked(60_000);
  for (let block = 0; block < 50; block++) pace.received(BLOCK_LENGTH, 60_400);
  pace.tick(60_500, 10);
  assert(pace.bytesPerMs > bytesPerMs * 0.7, "the idle time is no part of the next window");
});

Deno.test("Pace tells the rate of a peer that is seldom asked by the time it took to answer", () => {
  const pace = new Pace(16);
  for (let atMs = 0; atMs < 60_000; atMs += 1_000) {
    pace.asked(atMs);
    for (let block = 1; block <= 8; block++) pace.received(BLOCK_LENGTH, atMs + 4 * block);
    assertEquals(pace.drainMs(10), 40, `after ${atMs} ms`);
    for (let tickMs = atMs + 250; tickMs <= atMs + 1_000; tickMs += 250) pace.tick(tickMs, 0);
    assertEquals(pace.drainMs(10), 40, `after ${atMs} ms and idle`);
  }
});

Deno.test("Pace asks for little of a peer that answers at once, but is seldom asked", () => {
  const pace = new Pace(2);
  for (let atMs = 0; atMs < 20_000; atMs += 1_000) {
    pace.asked(atMs);
    pace.received(BLOCK_LENGTH, atMs + 1);
    for (let tickMs = atMs + 250; tickMs <= atMs + 1_000; tickMs += 250) pace.tick(tickMs, 0);
    assert(pace.depth <= 4, `depth ${pace.depth} after ${atMs} ms`);
  }
  assertEquals(pace.drainMs(1), 1);
});

const STALLS: readonly (readonly [string, number, number])[] = [
  ["6 s for a peer that never sent anything", 0, 6_000],
  ["2 s for a fast one", 400, 2_000],
  ["the time of 16 blocks for a slow one", 4, 4_000],
  ["20 s for a very slow one", 0.4, 20_000],
];

for (const [name, blocksPerSecond, stallMs] of STALLS) {
  Deno.test(`isStalled() allows a silence of ${name}`, () => {
    const pace = new Pace(2);
    run(pace, { fromMs: 0, forMs: 30_000, blocksPerSecond });
    const atMs = 30_000;
    pace.asked(atMs);
    if (blocksPerSecond > 0) pace.received(BLOCK_LENGTH, atMs);
    assert(!pace.isStalled(atMs + stallMs * 0.75), "before");
    assert(pace.isStalled(atMs + stallMs * 1.3), "after");
    assert(pace.isLate(atMs + stallMs * 0.4));
    assert(!pace.isLate(atMs + stallMs * 0.15));
  });
}

Deno.test("excuse() begins the silence anew, and changes nothing else", () => {
  const pace = new Pace(16);
  run(pace, { fromMs: 0, forMs: 10_000, blocksPerSecond: 100 });
  const { depth, bytesPerMs } = pace;
  assert(pace.isStalled(20_000));
  pace.excuse(20_000);
  assert(!pace.isStalled(20_000));
  assert(pace.isStalled(30_000));
  assertEquals([pace.depth, pace.bytesPerMs], [depth, bytesPerMs]);
});

Deno.test("asked() begins the silence anew", () => {
  const pace = new Pace(2);
  pace.asked(0);
  assert(pace.isStalled(10_000));
  pace.asked(10_000);
  assert(!pace.isStalled(10_000));
});

Deno.test("Pace knows how long a peer takes before its first window is over, once much has come", () => {
  const pace = new Pace(8);
  pace.asked(1_000);
  for (let block = 1; block < 8; block++) pace.received(BLOCK_LENGTH, 1_000 + block);
  assertEquals(pace.drainMs(10), undefined);
  pace.received(BLOCK_LENGTH, 1_008);
  assertEquals(pace.drainMs(10), 10);
});

Deno.test("answerMs() is no less than the round trip, however fast a far peer is", () => {
  const pace = new Pace(2);
  pace.asked(0);
  assertEquals(pace.answerMs(1), undefined);
  for (let block = 0; block < 9; block++) pace.received(BLOCK_LENGTH, 1_000);
  pace.tick(1_000, 2);
  assertEquals([pace.answerMs(1), pace.roundTripMs], [1_000, 1_000]);
  assertEquals(pace.answerMs(100), pace.drainMs(100));
});
