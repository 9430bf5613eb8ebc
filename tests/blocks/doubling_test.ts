import { assert, assertEquals } from "@std/assert";
import { Doubling, isWorthDoubling } from "../../lib/blocks/doubling.ts";
import { Pace } from "../../lib/blocks/pace.ts";
import { RequestQueue } from "../../lib/blocks/request_queue.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { addSource, KIB, makeLedger, plainGeometry } from "../support/torrents.ts";

/** What is known of the one in question and of the one that is asked, and which places it may take. */
const CASES = [
  { ownMs: undefined, othersMs: undefined, takes: "the second" },
  { ownMs: 10, othersMs: undefined, takes: "the second" },
  { ownMs: undefined, othersMs: Infinity, takes: "the second" },
  { ownMs: 10, othersMs: Infinity, takes: "both" },
  { ownMs: undefined, othersMs: 10_000, takes: "neither" },
  { ownMs: 10, othersMs: 120, takes: "neither" },
  { ownMs: 10, othersMs: 121, takes: "both" },
] as const;

for (const { ownMs, othersMs, takes } of CASES) {
  Deno.test(`isWorthDoubling: own ${ownMs} ms, other ${othersMs} ms: takes ${takes} place`, () => {
    const known = { ownMs, othersMs };
    assertEquals(isWorthDoubling({ ...known, isLastPlace: false }), takes !== "neither");
    assertEquals(isWorthDoubling({ ...known, isLastPlace: true }), takes === "both");
  });
}

/** One peer and a piece; the sources 1, 2, ... take so long for what they are asked. */
function makeDoubling(
  others: readonly (number | undefined)[],
  state: "serves" | "stalls" = "serves",
) {
  const ledger = makeLedger(plainGeometry(64 * KIB, 64 * KIB));
  const piece = ledger.open(0);
  const source = addSource(ledger);
  source.isServing = state === "serves";
  const [queue, pace] = [new RequestQueue(), new Pace(8)];
  const doubling = new Doubling({
    source,
    queue,
    pace,
    shared: {
      ledger,
      hasSlow: false,
      drainMs: (asked) => others[(asked ?? 0) - 1],
      someDrain: (fits) => others.some(fits),
    },
    now: () => 100,
  });
  /** Lets it send at 1 block per ms. */
  const hear = (askedAtMs = 80) => {
    pace.asked(askedAtMs);
    for (let block = 1; block <= 20; block++) pace.received(BLOCK_LENGTH, 80 + block);
  };
  return { piece, queue, doubling, hear };
}

Deno.test("Doubling tells how long a peer takes for all it is asked", () => {
  const { piece, queue, doubling, hear } = makeDoubling([]);
  assertEquals([doubling.isAsked, doubling.drainMs], [false, Infinity]);
  queue.push(piece, 0);
  assertEquals([doubling.isAsked, doubling.drainMs], [true, undefined]);
  hear();
  assertEquals(doubling.drainMs, 1);
});

Deno.test("Doubling helps who takes long, with what the peer itself is not asked for", () => {
  const { piece, queue, doubling, hear } = makeDoubling([103, 102]);
  hear();
  assert(doubling.mayHelp());
  piece.sourceOf.set([1, 2, 1]);
  piece.requesters.set([1, 1, 2]);
  assertEquals([0, 1, 2].map((block) => doubling.helpsWith(piece, block)), [true, false, true]);
  queue.push(piece, 0);
  assert(!doubling.helpsWith(piece, 0));
});

Deno.test("Doubling leaves to a nearer one what a far peer would be no sooner with", () => {
  const { piece, doubling, hear } = makeDoubling([1_000, 2_100]);
  hear(-900);
  piece.sourceOf.set([1, 2]);
  piece.requesters.set([1, 1]);
  assertEquals([0, 1].map((block) => doubling.helpsWith(piece, block)), [false, true]);
});

Deno.test("Doubling helps nobody where all are quick, or the peer stalls", () => {
  const quick = makeDoubling([50, 101]);
  quick.hear();
  assert(!quick.doubling.mayHelp());
  const stalling = makeDoubling([undefined, Infinity], "stalls");
  stalling.hear();
  assert(!stalling.doubling.mayHelp());
});

Deno.test("isWorthDoubling: while pieces are left to open, one place, of those that keep room for long", () => {
  const cases = [
    { ownMs: 10, othersMs: 3_000, takes: false },
    { ownMs: 10, othersMs: 3_001, takes: true },
    { ownMs: 250, othersMs: Infinity, takes: true },
    { ownMs: 251, othersMs: Infinity, takes: false },
    { ownMs: 10, othersMs: undefined, takes: false },
    { ownMs: undefined, othersMs: Infinity, takes: false },
  ];
  for (const { takes, ...known } of cases) {
    const early = { ...known, isEarly: true };
    assertEquals(isWorthDoubling({ ...early, isLastPlace: false }), takes);
    assert(!isWorthDoubling({ ...early, isLastPlace: true }));
  }
});
