/** Random walks through a ledger, and what must hold after each step of them. */
import { assert, assertEquals } from "@std/assert";
import { emptyBits, hasBit, setBit } from "../../lib/base/bits.ts";
import { BLOCK, type Ledger, type OpenPiece, type Source } from "../../lib/ledger.ts";
import { BUDGET_BYTES } from "../../lib/ledger/budget.ts";
import type { Holder } from "../../lib/ledger/front.ts";
import { MIN_LOOKS } from "../../lib/ledger/rarity.ts";
import { bitsOf } from "../support/torrents.ts";

/** A request that was not answered. */
interface Asked {
  readonly piece: OpenPiece;
  readonly block: number;
  readonly source: Source;
}

const EVERYBODY: Holder = { isComplete: true, bits: undefined, has: () => true };

/** Does to a ledger what peers would, at random, by its rules. */
export class Walk {
  readonly ledger: Ledger;
  readonly #random: (below: number) => number;
  readonly #sources: Source[] = [];
  #asked: Asked[] = [];

  constructor(ledger: Ledger, random: (below: number) => number) {
    this.ledger = ledger;
    this.#random = random;
  }

  step(): void {
    const actions = [
      () => this.#join(),
      () => this.#leave(),
      () => this.#haves(),
      () => this.#finish(),
      () => this.#serve(),
      () => this.#open(),
      () => this.#ask(),
      () => this.#ask(),
      () => this.#ask(),
      () => this.#answer(),
      () => this.#answer(),
      () => this.#answer(),
      () => this.#giveUp(),
      () => this.#late(),
      () => this.#judge(),
    ];
    this.#pick(actions)?.();
  }

  /** Everybody leaves, and every open piece is closed. */
  end(): void {
    while (this.#sources.length > 0) this.#leave();
    this.ledger.closeAll(() => {});
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[this.#random(items.length)];
  }

  #join(): void {
    if (this.#sources.length < 6) this.#sources.push(this.ledger.holdings.add());
  }

  #leave(): void {
    const source = this.#pick(this.#sources);
    if (source === undefined) return;
    this.#stop(source);
    this.ledger.removeSource(source);
    this.#sources.splice(this.#sources.indexOf(source), 1);
  }

  #haves(): void {
    const source = this.#pick(this.#sources);
    if (source === undefined) return;
    const { pieceCount } = this.ledger.geometry;
    if (this.#random(4) > 0) {
      this.ledger.holdings.addHave(source, this.#random(pieceCount));
      return;
    }
    const density = this.#random(5);
    const pieces = Array(pieceCount).keys().filter(() => this.#random(4) < density);
    this.ledger.holdings.setHaves(source, bitsOf(pieceCount, pieces));
  }

  /** The source tells of what it lacks, most often of all. */
  #finish(): void {
    const source = this.#pick(this.#sources);
    if (source === undefined) return;
    const { geometry: { pieceCount }, holdings } = this.ledger;
    const end = this.#random(4) === 0 ? this.#random(pieceCount) : pieceCount;
    for (let pieceIndex = 0; pieceIndex < end; pieceIndex++) {
      holdings.addHave(source, pieceIndex);
    }
  }

  #serve(): void {
    const source = this.#pick(this.#sources);
    if (source?.isServing) this.#stop(source);
    else if (source !== undefined) this.ledger.setServing(source, "serving");
  }

  #stop(source: Source): void {
    this.ledger.setServing(source, "silent");
    for (const { piece, block } of this.#asked.filter((asked) => asked.source === source)) {
      this.ledger.unrequest(piece, block);
    }
    this.#asked = this.#asked.filter((asked) => asked.source !== source);
  }

  #open(): void {
    const pieceIndex = this.ledger.rarity.rarest(this.#pick(this.#sources) ?? EVERYBODY);
    if (pieceIndex !== undefined) this.ledger.open(pieceIndex);
  }

  #ask(): void {
    const source = this.#pick(this.#sources);
    const piece = this.#pick([...this.ledger.openPieces]);
    if (source === undefined || piece === undefined) return;
    const block = this.#random(piece.blockCount);
    const isMine = this.#asked.some((asked) =>
      asked.piece === piece && asked.block === block && asked.source === source
    );
    if (piece.states[block] === BLOCK.held || isMine) return;
    this.ledger.request(piece, block, source.id);
    this.#asked.push({ piece, block, source });
  }

  #answer(): void {
    const at = this.#random(this.#asked.length);
    const [asked] = this.#asked.splice(at, 1);
    if (asked === undefined) return;
    const { piece, block, source } = asked;
    const isOpen = this.ledger.openPiece(piece.pieceIndex) === piece;
    if (isOpen && piece.states[block] !== BLOCK.held) this.ledger.hold(piece, block, source.id);
    this.ledger.unrequest(piece, block);
  }

  #giveUp(): void {
    const [asked] = this.#asked.splice(this.#random(this.#asked.length), 1);
    if (asked !== undefined) this.ledger.unrequest(asked.piece, asked.block);
  }

  /** A block comes that was given up before. */
  #late(): void {
    const source = this.#pick(this.#sources);
    const piece = this.#pick([...this.ledger.openPieces]);
    if (source === undefined || piece === undefined) return;
    const block = this.#random(piece.blockCount);
    if (piece.states[block] !== BLOCK.held) this.ledger.hold(piece, block, source.id);
  }

  #judge(): void {
    const piece = this.#pick([...this.ledger.openPieces].filter(({ isFull }) => isFull));
    if (piece === undefined) return;
    const verdict = this.#random(4);
    if (verdict < 2) this.ledger.verify(piece);
    else this.ledger.reject(piece, verdict === 2 ? piece.contributors() : undefined);
  }
}

/** Counts everything anew, and compares. */
export function checkInvariants(ledger: Ledger): void {
  const open = [...ledger.openPieces];
  for (const piece of open) checkPiece(piece);
  checkStates(ledger, open);
  checkBudget(ledger, open);
  checkHoldings(ledger);
  const withFree = open.filter(({ freeCount }) => freeCount > 0);
  assertEquals(new Set(ledger.openWithFree), new Set(withFree), "pieces with free blocks");
}

function checkPiece(piece: OpenPiece): void {
  const count = (state: number) => piece.states.filter((other) => other === state).length;
  assertEquals(piece.freeCount, count(BLOCK.free));
  assertEquals(piece.heldCount, count(BLOCK.held));
  assertEquals(piece.firstFree(), piece.states.indexOf(BLOCK.free));
  piece.states.forEach((state, block) => {
    const requesters = piece.requesters[block] ?? 0;
    if (state === BLOCK.free) assertEquals(requesters, 0);
    if (state === BLOCK.requested) assert(requesters > 0);
  });
}

/** Each piece is in exactly one state. */
function checkStates(ledger: Ledger, open: readonly OpenPiece[]): void {
  let [verifiedCount, verifiedBytes] = [0, 0];
  const missing = missingPieces(ledger);
  assertEquals(missing.size, ledger.rarity.size);
  for (let pieceIndex = 0; pieceIndex < ledger.geometry.pieceCount; pieceIndex++) {
    const isVerified = ledger.isVerified(pieceIndex);
    const states = [
      isVerified,
      ledger.openPiece(pieceIndex) !== undefined,
      missing.has(pieceIndex),
    ];
    assertEquals(states.filter((is) => is).length, 1, `states of piece ${pieceIndex}`);
    if (!isVerified) continue;
    verifiedCount++;
    verifiedBytes += ledger.geometry.pieceLength(pieceIndex);
  }
  assertEquals([ledger.verifiedCount, ledger.verifiedBytes], [verifiedCount, verifiedBytes]);
  assertEquals(ledger.isEndGame, open.length + verifiedCount === ledger.geometry.pieceCount);
}

/** Those that may be opened: whoever has but one of them is asked for it. */
function missingPieces({ geometry: { pieceCount }, rarity }: Ledger): Set<number> {
  const missing = new Set<number>();
  for (let pieceIndex = 0; pieceIndex < pieceCount; pieceIndex++) {
    const bits = emptyBits(pieceCount);
    setBit(bits, pieceIndex);
    const has = (other: number) => other === pieceIndex;
    const found = rarity.any({ isComplete: false, bits, has });
    if (found === undefined) continue;
    assertEquals(found, pieceIndex);
    missing.add(found);
  }
  return missing;
}

function checkBudget(ledger: Ledger, open: readonly OpenPiece[]): void {
  let usedBytes = 0;
  for (const piece of open) {
    if (piece.buffer !== undefined) usedBytes += ledger.geometry.maxPieceLength;
    else {
      piece.requesters.forEach((requesters, block) => {
        usedBytes += requesters * ledger.geometry.blockLength(piece.pieceIndex, block);
      });
    }
  }
  assertEquals(ledger.budget.freeBytes, BUDGET_BYTES - usedBytes);
}

function checkHoldings(ledger: Ledger): void {
  const { geometry: { pieceCount }, holdings, rarity, verified } = ledger;
  const pieces = [...Array(pieceCount).keys()];
  const sources = [...holdings.sources];
  for (const source of sources) {
    assertEquals(source.haveCount, pieces.filter((piece) => source.has(piece)).length);
    assertEquals(source.isComplete, source.haveCount === pieceCount);
  }
  const incomplete = sources.filter(({ isComplete }) => !isComplete);
  assertEquals(holdings.completeCount, sources.length - incomplete.length);
  const counts = pieces.map((piece) => incomplete.filter((source) => source.has(piece)).length);
  assertEquals(pieces.map((piece) => rarity.availability(piece)), counts);
  const copies = pieces.map((piece) =>
    sources.filter((source) => source.has(piece)).length + (hasBit(verified, piece) ? 1 : 0)
  );
  const least = Math.min(...copies);
  const availability = least + copies.filter((count) => count > least).length / pieceCount;
  assert(Math.abs(holdings.availability() - availability) < 1e-9, "availability");
}

/** What a source is good for; apart from the others, because to ask is to have the source count. */
export function checkInterest(ledger: Ledger): void {
  const { geometry: { pieceCount }, holdings, rarity, verified } = ledger;
  for (const source of holdings.sources) {
    const pieces = [...Array(pieceCount).keys()].filter((piece) => source.has(piece));
    const useful = pieces.filter((piece) => !hasBit(verified, piece)).length;
    for (const count of [useful + 1, useful, 1, 0]) {
      assertEquals(source.hasUseful(count), useful >= count);
    }
    assertEquals([source.usefulCount, source.isUseful], [useful, useful > 0]);
    const missing = missingPieces(ledger).intersection(new Set(pieces));
    const found = rarity.rarest(source);
    if (found === undefined) assertEquals(missing.size, 0);
    else if (pieceCount <= MIN_LOOKS) {
      const counts = [...missing].map((piece) => rarity.availability(piece));
      assertEquals(rarity.availability(found), Math.min(...counts));
    }
    assert(found === undefined || missing.has(found));
  }
}
