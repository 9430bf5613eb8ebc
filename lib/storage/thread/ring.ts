/**
 * How runs of blocks reach the disk's thread, and their outcomes come back: a ring in shared memory, so
 * that neither side makes an object, sends a message or waits for the other.
 *
 * One side pushes, the other takes, in the same order; each number here only grows, and wraps at 32 bits.
 *
 * | cell     | what                                                     |
 * | -------- | -------------------------------------------------------- |
 * | bell     | changes whenever there is something new for the thread   |
 * | calls    | how many calls (calls.ts) were posted                    |
 * | pushed   | how many runs were pushed                                |
 * | done     | how many of them are done                                |
 * | answer   | of a question of the thread's: 0 none yet, 1 yes, 2 no   |
 * | 8 and on | RING_LENGTH entries: a run's place, and its outcome      |
 *
 * @module
 */

/** How many runs may be under way: a power of two. */
export const RING_LENGTH = 1024;

const CELL = Object.freeze({ bell: 0, calls: 1, pushed: 2, done: 3, answer: 4 } as const);
const FIRST_ENTRY = 8;
const ENTRY = Object.freeze(
  { pieceIndex: 0, begin: 1, start: 2, lengthBytes: 3, endsPiece: 4, outcome: 5 } as const,
);
const ENTRY_LENGTH = 6;

/** What became of a run; of a wrong or failed one a message tells more. */
export const OUTCOME = Object.freeze({ stored: 0, right: 1, wrong: 2, failed: 3 } as const);

/** Where a run lies, and where it belongs. */
export interface RunPlace {
  readonly pieceIndex: number;
  /** In the piece, in bytes. */
  readonly begin: number;
  /** In the shared memory. */
  readonly start: number;
  readonly lengthBytes: number;
  readonly endsPiece: boolean;
}

/** The memory of a new ring, for both sides. */
export function makeRing(): SharedArrayBuffer {
  const cells = FIRST_ENTRY + RING_LENGTH * ENTRY_LENGTH;
  return new SharedArrayBuffer(cells * Int32Array.BYTES_PER_ELEMENT);
}

function cellOf(entry: number, field: number): number {
  return FIRST_ENTRY + (entry & (RING_LENGTH - 1)) * ENTRY_LENGTH + field;
}

/** The side that has runs stored. */
export class RingWriter {
  readonly #cells: Int32Array<SharedArrayBuffer>;
  #pushed = 0;
  #settled = 0;

  constructor(ring: SharedArrayBuffer) {
    this.#cells = new Int32Array(ring);
  }

  /** How many outcomes were taken: the number of the next run's. */
  get settled(): number {
    return this.#settled;
  }

  /** How many runs are done. */
  get done(): number {
    return Atomics.load(this.#cells, CELL.done);
  }

  /** Whether one more can be pushed: the entry of a run that is done is free when its outcome was taken. */
  get hasRoom(): boolean {
    return ((this.#pushed - this.#settled) | 0) < RING_LENGTH;
  }

  /** Pushes a run; there must be room. */
  push(run: RunPlace): void {
    const cells = this.#cells;
    const at = cellOf(this.#pushed, 0);
    cells[at + ENTRY.pieceIndex] = run.pieceIndex;
    cells[at + ENTRY.begin] = run.begin;
    cells[at + ENTRY.start] = run.start;
    cells[at + ENTRY.lengthBytes] = run.lengthBytes;
    cells[at + ENTRY.endsPiece] = Number(run.endsPiece);
    this.#pushed = (this.#pushed + 1) | 0;
    Atomics.store(cells, CELL.pushed, this.#pushed);
    this.#ring();
  }

  /** Tells that a call is posted: what was pushed before it is done first, what is pushed later after it. */
  announceCall(): void {
    Atomics.add(this.#cells, CELL.calls, 1);
    this.#ring();
  }

  /** The next run's outcome; it must be done. */
  takeOutcome(): number {
    const outcome = this.#cells[cellOf(this.#settled, ENTRY.outcome)] ?? OUTCOME.failed;
    this.#settled = (this.#settled + 1) | 0;
    return outcome;
  }

  /** Resolves once there is an outcome to take. */
  async waitForOutcome(): Promise<void> {
    const result = Atomics.waitAsync(this.#cells, CELL.done, this.#settled);
    if (result.async) await result.value;
  }

  /** Answers the thread's question. */
  answer(answer: "yes" | "no"): void {
    Atomics.store(this.#cells, CELL.answer, answer === "yes" ? 1 : 2);
    Atomics.notify(this.#cells, CELL.answer);
  }

  #ring(): void {
    Atomics.add(this.#cells, CELL.bell, 1);
    Atomics.notify(this.#cells, CELL.bell);
  }
}

/** The thread's side. */
export class RingReader {
  readonly #cells: Int32Array<SharedArrayBuffer>;
  readonly #run = { pieceIndex: 0, begin: 0, start: 0, lengthBytes: 0, endsPiece: false };
  #taken = 0;
  #callsTaken = 1;

  /** Made by the first call, which counts as taken. */
  constructor(ring: SharedArrayBuffer) {
    this.#cells = new Int32Array(ring);
  }

  /** How many runs were taken: the number of the next one. */
  get taken(): number {
    return this.#taken;
  }

  /** Whether a call was posted that was not taken. */
  get hasCall(): boolean {
    return Atomics.load(this.#cells, CELL.calls) !== this.#callsTaken;
  }

  /** Tells that a call was taken. */
  takeCall(): void {
    this.#callsTaken = (this.#callsTaken + 1) | 0;
  }

  /**
   * The next run, valid until the next take(); undefined when there is none.
   *
   * @param until the number of the run to stop before; without it, stops where a call was posted
   */
  take(until?: number): RunPlace | undefined {
    const cells = this.#cells;
    // In this order: a call that was announced before a run is seen before it.
    const pushed = Atomics.load(cells, CELL.pushed);
    if (pushed === this.#taken) return undefined;
    if (until === undefined ? this.hasCall : until === this.#taken) return undefined;
    const at = cellOf(this.#taken, 0);
    this.#run.pieceIndex = cells[at + ENTRY.pieceIndex] ?? 0;
    this.#run.begin = cells[at + ENTRY.begin] ?? 0;
    this.#run.start = cells[at + ENTRY.start] ?? 0;
    this.#run.lengthBytes = cells[at + ENTRY.lengthBytes] ?? 0;
    this.#run.endsPiece = cells[at + ENTRY.endsPiece] === 1;
    return this.#run;
  }

  /** Says what became of the run that was taken last; the other side learns of it by publish(). */
  settle(outcome: number): void {
    this.#cells[cellOf(this.#taken, ENTRY.outcome)] = outcome;
    this.#taken = (this.#taken + 1) | 0;
  }

  /** Tells of everything that was settled. */
  publish(): void {
    if (Atomics.load(this.#cells, CELL.done) === this.#taken) return;
    Atomics.store(this.#cells, CELL.done, this.#taken);
    Atomics.notify(this.#cells, CELL.done);
  }

  /** What the bell shows now; to be asked before looking for work. */
  get bell(): number {
    return Atomics.load(this.#cells, CELL.bell);
  }

  /** Blocks the thread until the bell shows something else. */
  sleep(bell: number): void {
    Atomics.wait(this.#cells, CELL.bell, bell);
  }

  /** Blocks the thread until the other side has answered, or has not for too long. */
  waitForAnswer(limitMs: number): boolean {
    Atomics.wait(this.#cells, CELL.answer, 0, limitMs);
    return Atomics.exchange(this.#cells, CELL.answer, 0) === 1;
  }
}
