import { assert, assertEquals } from "@std/assert";
import { type Asker, pickBlocks } from "../../lib/blocks/picker.ts";
import { BLOCK, type Ledger, type Need, type OpenPiece, type Source } from "../../lib/ledger.ts";
import { BUDGET_BYTES } from "../../lib/ledger/budget.ts";
import { addSource, bitsOf, KIB, makeLedger, plainGeometry } from "../support/torrents.ts";

const MIB = 1024 * KIB;

/** What a pick differs in from the usual. */
interface PickOptions {
  readonly need: Need;
  readonly ask: Asker["ask"];
}

/** Who was asked for what, in the order of asking. */
class Asking {
  readonly ledger: Ledger;
  readonly asked = new Map<string, Source[]>();
  /** Whether a source is worth asking for what others are. */
  isFast: (source: Source) => boolean = () => true;
  /** Whether there may be such a block. */
  hasSlow = true;
  isOurs: (pieceIndex: number) => boolean = () => true;

  constructor(ledger: Ledger) {
    this.ledger = ledger;
  }

  /** Picks up to `count` blocks. @returns them as "piece:block" */
  pick(source: Source, count: number, options: Partial<PickOptions> = {}): string[] {
    const picked: string[] = [];
    const asker: Asker = {
      ledger: this.ledger,
      source,
      isOurs: this.isOurs,
      doubling: {
        mayHelp: () => this.hasSlow,
        helpsWith: (piece, block) =>
          this.isFast(source) && !this.requesters(piece, block).includes(source),
      },
      ask: options.ask ?? ((piece, block) => {
        picked.push(keyOf(piece, block));
        this.asked.set(keyOf(piece, block), [...this.requesters(piece, block), source]);
      }),
    };
    const taken = pickBlocks(asker, count, options.need ?? "usual");
    if (options.ask === undefined) assertEquals(taken, picked.length);
    assert(taken <= count);
    return picked;
  }

  requesters(piece: OpenPiece, block: number): readonly Source[] {
    return this.asked.get(keyOf(piece, block)) ?? [];
  }

  /** The block comes from the source; a run that is full with it is stored. */
  answer(piece: OpenPiece, block: number, source: Source): void {
    this.ledger.hold(piece, block, source.id);
    this.ledger.unrequest(piece, block);
    const run = piece.runOf(block);
    if (run.isFull) this.ledger.release(run);
  }
}

function keyOf(piece: OpenPiece, block: number): string {
  return `${piece.pieceIndex}:${block}`;
}

/** A ledger that is past its first, random pieces. */
function startedLedger(pieceCount: number, pieceLength: number): Ledger {
  return makeLedger(plainGeometry(pieceCount * pieceLength, pieceLength), {
    verified: bitsOf(pieceCount, [0, 1, 2, 3]),
  });
}

Deno.test("pickBlocks() finishes open pieces, oldest first, before it opens one", () => {
  const asking = new Asking(startedLedger(10, 64 * KIB));
  const source = addSource(asking.ledger);
  const [older, newer] = [asking.ledger.open(9), asking.ledger.open(5)];
  asking.ledger.request(older, 0, 99);
  assertEquals(asking.pick(source, 6), ["9:1", "9:2", "9:3", "5:0", "5:1", "5:2"]);
  assertEquals([older.freeCount, newer.freeCount], [0, 1]);
  const [first, second] = asking.pick(source, 2);
  assertEquals(first, "5:3");
  assert(second !== undefined && !second.startsWith("5:") && !second.startsWith("9:"));
});

Deno.test("pickBlocks() leaves open pieces that the source lacks to others", () => {
  const asking = new Asking(startedLedger(10, 32 * KIB));
  const source = addSource(asking.ledger, [6, 7]);
  asking.ledger.open(8);
  assertEquals(asking.pick(source, 10).toSorted(), ["6:0", "6:1", "7:0", "7:1"]);
});

Deno.test("pickBlocks() opens the rarest piece, of those that the source has", () => {
  const asking = new Asking(startedLedger(8, 16 * KIB));
  addSource(asking.ledger, [4, 5, 7]);
  addSource(asking.ledger, [4, 7]);
  const seed = addSource(asking.ledger);
  const source = addSource(asking.ledger, [4, 5, 7]);
  assertEquals(asking.pick(source, 1), ["5:0"]);
  assertEquals(asking.pick(seed, 1), ["6:0"]);
  assertEquals(asking.pick(source, 10).toSorted(), ["4:0", "7:0"]);
});

Deno.test("pickBlocks() begins, of what only seeds have, with what falls to us, then takes the rest", () => {
  const asking = new Asking(startedLedger(12, 16 * KIB));
  asking.isOurs = (pieceIndex) => pieceIndex >= 10;
  const seed = addSource(asking.ledger);
  assertEquals(asking.pick(seed, 2).toSorted(), ["10:0", "11:0"]);
  assertEquals(asking.pick(seed, 12).length, 6);
});

Deno.test("pickBlocks() picks the first pieces at random, whatever is rare", () => {
  const opened = new Set<string>();
  for (let seed = 0; seed < 60; seed++) {
    const ledger = makeLedger(plainGeometry(8 * 16 * KIB, 16 * KIB), {
      random: () => (seed % 8) / 8,
    });
    addSource(ledger, [0, 1, 2, 3, 4, 5, 6]);
    for (const key of new Asking(ledger).pick(addSource(ledger), 1)) opened.add(key);
  }
  assertEquals(opened.size, 8);
});

const NOTHING: readonly (readonly [string, (ledger: Ledger) => Source])[] = [
  ["has nothing", (ledger) => addSource(ledger, [])],
  ["has only what we have", (ledger) => addSource(ledger, [0, 1, 2, 3])],
];

for (const [name, makeSource] of NOTHING) {
  Deno.test(`pickBlocks() finds nothing for a source that ${name}`, () => {
    const asking = new Asking(startedLedger(8, 16 * KIB));
    const source = makeSource(asking.ledger);
    asking.pick(addSource(asking.ledger), 10);
    assertEquals(asking.pick(source, 10), []);
  });
}

/** One run of each, and several. */
const LENGTHS = [["pieces of 1 MiB", 40, MIB], ["a piece of 64 MiB", 1, 64 * MIB]] as const;

for (const [name, pieceCount, pieceLength] of LENGTHS) {
  const makeAsking = () =>
    new Asking(makeLedger(plainGeometry(pieceCount * pieceLength, pieceLength)));

  Deno.test(`pickBlocks() spends three quarters of the budget on ${name}, and all it has paid for`, () => {
    const asking = makeAsking();
    const source = addSource(asking.ledger);
    assertEquals(asking.pick(source, 24 * 64 - 10).length, 24 * 64 - 10);
    assertEquals(asking.pick(source, 20).length, 10, "free blocks of a run that is paid for");
    assertEquals(asking.ledger.budget.bookedBytes, BUDGET_BYTES * 3 / 4);
    asking.isFast = () => false;
    assertEquals(asking.pick(source, 10), []);
  });

  Deno.test(`pickBlocks() gives the starved one run of ${name} at a time, up to the whole budget`, () => {
    const asking = makeAsking();
    asking.pick(addSource(asking.ledger), 2000);
    asking.isFast = () => false;
    for (let count = 0; count < 8; count++) {
      const starved = addSource(asking.ledger);
      assertEquals(asking.pick(starved, 100), []);
      assertEquals(asking.pick(starved, 100, { need: "starved" }).length, 64);
    }
    assertEquals(asking.ledger.budget.bookedBytes, BUDGET_BYTES);
    assertEquals(asking.pick(addSource(asking.ledger), 100, { need: "starved" }), []);
  });

  Deno.test(`pickBlocks() asks for more of ${name} once a run is stored`, () => {
    const asking = makeAsking();
    const source = addSource(asking.ledger);
    asking.pick(source, 2000);
    const [piece] = asking.ledger.openPieces;
    assert(piece !== undefined);
    asking.isFast = () => false;
    for (let block = 0; block < 64; block++) {
      assertEquals(asking.pick(source, 100), []);
      asking.answer(piece, block, source);
    }
    assertEquals(asking.pick(source, 100).length, 64);
  });
}

Deno.test("pickBlocks() in end game, the budget spent, asks for what others are, and nothing else", () => {
  const asking = new Asking(makeLedger(plainGeometry(64 * MIB, 64 * MIB)));
  const [slow, fast] = [addSource(asking.ledger), addSource(asking.ledger)];
  const asked = new Set(asking.pick(slow, 5000));
  assert(asking.ledger.isEndGame);
  const doubled = asking.pick(fast, 5000);
  assertEquals(new Set(doubled), asked);
  assertEquals(
    asking.ledger.budget.bookedBytes,
    BUDGET_BYTES * 3 / 4,
    "a second answer has its place",
  );
});

Deno.test("pickBlocks() asks one source that is no suspect for the whole of a suspect piece", () => {
  const asking = new Asking(startedLedger(5, 64 * KIB));
  const [suspect, first, second] = [0, 1, 2].map(() => addSource(asking.ledger));
  assert(suspect !== undefined && first !== undefined && second !== undefined);
  for (const source of [suspect, first, second]) source.bytesPerMs = 1;
  const piece = asking.ledger.open(4, new Set([suspect.id]));
  assertEquals(asking.pick(suspect, 9), []);
  assertEquals(asking.pick(first, 1), ["4:0"]);
  assertEquals(piece.soleSource, first.id);
  assertEquals(asking.pick(second, 9), []);
  assertEquals(asking.pick(first, 9), ["4:1", "4:2", "4:3"]);
});

Deno.test("pickBlocks() doubles in end game: never of one source twice, at most three sources", () => {
  const asking = new Asking(startedLedger(6, 32 * KIB));
  const sources = [0, 1, 2, 3].map(() => addSource(asking.ledger));
  const all = ["4:0", "4:1", "5:0", "5:1"];
  for (const [index, source] of sources.entries()) {
    const picked = asking.pick(source, 10).toSorted();
    assertEquals(picked, index < 3 ? all : []);
    assertEquals(asking.pick(source, 10), []);
  }
  for (const piece of asking.ledger.openPieces) assertEquals([...piece.requesters], [3, 3]);
});

Deno.test("pickBlocks() looks for nothing to double where nobody is slow", () => {
  const asking = new Asking(startedLedger(5, 64 * KIB));
  const [quick, idle] = [addSource(asking.ledger), addSource(asking.ledger)];
  asking.pick(quick, 4);
  asking.hasSlow = false;
  assertEquals(asking.pick(idle, 4), []);
  asking.hasSlow = true;
  assertEquals(asking.pick(idle, 4).length, 4);
});

Deno.test("pickBlocks() doubles first what only one source is asked for", () => {
  const asking = new Asking(startedLedger(5, 64 * KIB));
  const [a, b, c] = [0, 1, 2].map(() => addSource(asking.ledger));
  assert(a !== undefined && b !== undefined && c !== undefined);
  asking.pick(a, 4);
  assertEquals(asking.pick(b, 2), ["4:0", "4:1"]);
  assertEquals(asking.pick(c, 3), ["4:2", "4:3", "4:0"]);
});

Deno.test("pickBlocks() doubles only what is worth it, and nothing that is held", () => {
  const asking = new Asking(startedLedger(5, 32 * KIB));
  const [slow, fast] = [addSource(asking.ledger), addSource(asking.ledger)];
  asking.pick(slow, 2);
  asking.isFast = () => false;
  assertEquals(asking.pick(fast, 9), []);
  asking.isFast = () => true;
  const piece = asking.ledger.openPiece(4);
  assert(piece !== undefined);
  asking.answer(piece, 0, slow);
  assertEquals(asking.pick(fast, 9), ["4:1"]);
  assertEquals(piece.states[0], BLOCK.held);
});

Deno.test("pickBlocks() doubles nothing while a piece is left to open", () => {
  const asking = new Asking(startedLedger(6, 16 * KIB));
  const [first, second] = [addSource(asking.ledger, [4]), addSource(asking.ledger, [4])];
  assertEquals(asking.pick(first, 9), ["4:0"]);
  assertEquals(asking.pick(second, 9), []);
});

Deno.test("pickBlocks() searches no missing pieces for a source whose useful ones are all open", () => {
  const pieceCount = 10_000;
  const asking = new Asking(startedLedger(pieceCount, 16 * KIB));
  const source = addSource(asking.ledger, [7, 8, 9]);
  for (const pieceIndex of [7, 8, 9]) asking.pick(addSource(asking.ledger, [pieceIndex]), 1);
  addSource(asking.ledger, Array(pieceCount).keys().drop(10));
  let looks = 0;
  const has = source.has.bind(source);
  source.has = (pieceIndex) => {
    looks++;
    return has(pieceIndex);
  };
  assertEquals(asking.pick(source, 9), []);
  assert(looks < 20, `${looks} looks`);
});

Deno.test("pickBlocks() goes once through a piece of 512 MiB", () => {
  const asking = new Asking(makeLedger(plainGeometry(512 * MIB, 512 * MIB)));
  const source = addSource(asking.ledger);
  let [count, next] = [0, 0];
  for (let round = 0; round < 40; round++) {
    const asked: number[] = [];
    asking.pick(source, 1024, { ask: (_, block) => asked.push(block) > 0 && void count++ });
    const piece = asking.ledger.openPiece(0);
    assert(piece !== undefined);
    for (const block of asked) {
      assertEquals(block, next++);
      asking.answer(piece, block, source);
    }
  }
  assertEquals(count, 32768);
  assert(asking.ledger.openPiece(0)?.isFull);
});
