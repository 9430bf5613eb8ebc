/**
 * The one bound on memory: what is asked for, held, or waiting for the disk.
 *
 * A run of blocks counts whole from its first request on, since a buffer is what it will need; the
 * buffer itself is taken when the first block comes. So a promise costs nothing, and what was promised
 * has its room.
 *
 * @module
 */
import { type Memory, plainMemory } from "../base/memory.ts";
import { BLOCK_LENGTH, type Geometry } from "../torrent/geometry.ts";
import { MAX_RUN_BLOCKS, type Run } from "./open_piece.ts";

/** What may be requested, held, or waiting for the disk at one time, in bytes. */
export const BUDGET_BYTES = 32 * 1024 * 1024;

/** How much may wait for the disk before nothing more is read, in bytes. */
export const MAX_WAITING_BYTES: number = 2 * 1024 * 1024;

/** The most of it that is given out as a rule; the rest is for sources that have starved for want of it. */
export const USUAL_BYTES: number = (BUDGET_BYTES * 3) / 4;

/** Who asks for room: a source that has had none for long may have of the rest. */
export type Need = "usual" | "starved";

/** How many of those who are held up go on when a run was stored: enough to bring more than that one. */
const LET_THROUGH = 2;

/** What one attempt to read counts in the share of those that had to wait: some thirty tell. */
const NEWEST = 1 / 32;

/** From this share on it is we who are slow. */
const SATURATED = 1 / 4;

/** Buffers lie at multiples of this, in bytes. */
const ALIGNMENT = 64;

/** The memory that the buffers of one torrent can come to take, in bytes. */
export function budgetMemoryBytes(geometry: Geometry): number {
  const { pieceCount, maxPieceLength } = geometry;
  const runsPerPiece = Math.ceil(maxPieceLength / (MAX_RUN_BLOCKS * BLOCK_LENGTH));
  return Math.min(bufferLength(geometry) * runsPerPiece * pieceCount, BUDGET_BYTES);
}

/** As long as the longest run, and all alike. */
function bufferLength({ maxPieceLength }: Geometry): number {
  const longest = Math.min(maxPieceLength, MAX_RUN_BLOCKS * BLOCK_LENGTH);
  return Math.ceil(longest / ALIGNMENT) * ALIGNMENT;
}

/**
 * Credit for runs of blocks, and a pool of their buffers.
 *
 * @internal
 */
export class Budget {
  /** Where the buffers lie. */
  readonly memory: Memory;
  /** How much is given out as a rule, at most USUAL_BYTES: for less, the less is on the way. */
  usualBytes = USUAL_BYTES;
  readonly #bufferLength: number;
  readonly #free: number[] = [];
  #booked = 0;
  #waiting = 0;
  /** Those who are held up, first who came first. */
  readonly #heldUp: (() => void)[] = [];
  /** The share, of late, of those who wanted to read and were held up. */
  #pressure = 0;

  /** @param memory to take buffers from as they are needed. @default plain memory, as much as may be needed */
  constructor(geometry: Geometry, memory: Memory = plainMemory(budgetMemoryBytes(geometry))) {
    this.memory = memory;
    this.#bufferLength = bufferLength(geometry);
  }

  /** Bytes that may still be booked as a rule. */
  get roomBytes(): number {
    return this.usualBytes - this.bookedBytes;
  }

  /** What all that is booked counts, in bytes. */
  get bookedBytes(): number {
    return this.bytesOf(this.#booked);
  }

  /** What so many runs count, in bytes. */
  bytesOf(runCount: number): number {
    return runCount * this.#bufferLength;
  }

  /** Whether one more run can be booked. */
  hasRoom(need: Need): boolean {
    const limit = need === "usual" ? this.usualBytes : BUDGET_BYTES;
    return this.bookedBytes + this.#bufferLength <= limit;
  }

  /** Sets the share of a run aside; hasRoom() must have said so. */
  book(run: Run): void {
    if (!this.hasRoom("starved")) throw new RangeError("Cannot book a run: the budget is spent");
    run.isBooked = true;
    this.#booked++;
  }

  /** Gives a booked run its buffer, the content undefined. @returns where it starts */
  place(run: Run): number {
    run.start ??= this.#free.pop() ?? this.memory.allocate(this.#bufferLength);
    return run.start;
  }

  /** Whether so much waits for the disk that nothing more should be read. */
  get isPressed(): boolean {
    return this.#waiting * this.#bufferLength > MAX_WAITING_BYTES;
  }

  /**
   * Resolves when it is the caller's turn to bring more; undefined when that is now. Memory would be
   * filled faster than the disk empties it, and those who are let through one after the other bring much
   * at a time, instead of all of them a little.
   */
  relief(): Promise<void> | undefined {
    const mustWait = this.isPressed || this.#heldUp.length > 0;
    this.#pressure += NEWEST * (Number(mustWait) - this.#pressure);
    return mustWait ? new Promise((resolve) => this.#heldUp.push(resolve)) : undefined;
  }

  /** Whether many have been held up lately: what peers send waits for us. */
  get isSaturated(): boolean {
    return this.#pressure >= SATURATED;
  }

  /** A run is full and waits to be stored, until release(). */
  handOver(run: Run): void {
    run.isWaiting = true;
    this.#waiting++;
  }

  /** Takes back what a run has, if anything: nobody may use its buffer any more. */
  release(run: Run): void {
    if (run.start !== undefined) this.#free.push(run.start);
    run.start = undefined;
    if (run.isBooked) this.#booked--;
    if (run.isWaiting) this.#waiting--;
    run.isBooked = run.isWaiting = false;
    if (this.#heldUp.length > 0) this.#letThrough();
  }

  #letThrough(): void {
    if (this.isPressed) return;
    // Without anything under way, nobody else would let the others through.
    const count = this.#waiting === 0 ? this.#heldUp.length : LET_THROUGH;
    for (const goOn of this.#heldUp.splice(0, count)) goOn();
  }
}
