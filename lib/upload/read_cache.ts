/**
 * The small cache that what we upload passes through: a piece is read in units much longer than a block,
 * each once for all the blocks that are asked for one after the other.
 *
 * @module
 */
import { BLOCK_LENGTH, type Geometry } from "../torrent/geometry.ts";

/** What is read at once, in bytes: a piece, or this much of a long one. */
export const UNIT_LENGTH: number = 8 * BLOCK_LENGTH;

/**
 * How many units are kept at most: 8 MiB in all. Each peer is in a unit of its own, mostly: with fewer
 * units than peers, each would be thrown out before it was used up, and read again.
 */
const MAX_UNITS = 64;

/** How many are read at the same time: more would only wait for the same disk. */
const MAX_READING = 16;

/** Whoever waits for bytes; told when it is worth trying again. */
export interface Waiter {
  /** What was waited for may be there. */
  wake(): void;
}

/** What a cache stands on. */
export interface ReadCacheOptions {
  readonly geometry: Geometry;
  /** Fills `into` from `offset` in the torrent; see Store.read(). */
  readonly read: (offset: number, into: Uint8Array) => Promise<void>;
  /** Told why a read failed. */
  readonly onFailure: (error: unknown) => void;
}

/** A place in the cache. */
class Unit {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Each whole block of `bytes`, ready-made: to serve one costs no object. */
  readonly blocks: readonly Uint8Array<ArrayBuffer>[];
  readonly waiters: Waiter[] = [];
  key = -1;
  lengthBytes = 0;
  /** The higher, the later it was used. */
  usedAt = 0;
  state: "reading" | "ready" = "reading";

  constructor(lengthBytes: number) {
    this.bytes = new Uint8Array(lengthBytes);
    this.blocks = Array.from(
      { length: Math.floor(lengthBytes / BLOCK_LENGTH) },
      (_, block) => this.bytes.subarray(block * BLOCK_LENGTH, (block + 1) * BLOCK_LENGTH),
    );
  }

  part(start: number, lengthBytes: number): Uint8Array {
    if (lengthBytes === BLOCK_LENGTH && start % BLOCK_LENGTH === 0) {
      const block = this.blocks[start / BLOCK_LENGTH];
      if (block !== undefined) return block;
    }
    return this.bytes.subarray(start, start + lengthBytes);
  }
}

/** Bounded: what was used least lately makes room, and nothing beyond it is read. */
export class ReadCache {
  readonly #options: ReadCacheOptions;
  readonly #unitLength: number;
  readonly #unitsPerPiece: number;
  /** By key. */
  readonly #units = new Map<number, Unit>();
  /** Those whose units are not being read yet, first come first served. */
  readonly #crowd = new Set<Waiter>();
  #readingCount = 0;
  #uses = 0;
  /** For a block that lies in two units. */
  #joined: Uint8Array<ArrayBuffer> | undefined;

  constructor(options: ReadCacheOptions) {
    this.#options = options;
    const { maxPieceLength } = options.geometry;
    this.#unitLength = Math.min(maxPieceLength, UNIT_LENGTH);
    this.#unitsPerPiece = Math.max(1, Math.ceil(maxPieceLength / UNIT_LENGTH));
  }

  /** Whether there is room to read ahead: a half is for what is asked for now. */
  get isRoomy(): boolean {
    return this.#readingCount < MAX_READING / 2;
  }

  /**
   * Bytes of a piece, checked before: at most a block, valid until anything else is asked of the cache.
   * Undefined while they are not there; then they are read, and the waiter is woken.
   */
  take(
    pieceIndex: number,
    begin: number,
    { lengthBytes, waiter }: { readonly lengthBytes: number; readonly waiter: Waiter },
  ): Uint8Array | undefined {
    const first = this.#find(pieceIndex, begin, waiter);
    const start = begin % UNIT_LENGTH;
    const beyond = start + lengthBytes - UNIT_LENGTH;
    if (beyond <= 0) return first?.part(start, lengthBytes);
    const second = this.#find(pieceIndex, begin + lengthBytes - 1, waiter);
    if (first === undefined || second === undefined) return undefined;
    this.#joined ??= new Uint8Array(BLOCK_LENGTH);
    this.#joined.set(first.part(start, lengthBytes - beyond));
    this.#joined.set(second.part(0, beyond), lengthBytes - beyond);
    return this.#joined.subarray(0, lengthBytes);
  }

  /** Has the unit that a byte of a piece lies in read, if there is room. */
  prepare(pieceIndex: number, begin: number): void {
    if (this.isRoomy) this.#find(pieceIndex, begin);
  }

  /** The unit, if it is there; else it is read. */
  #find(pieceIndex: number, begin: number, waiter?: Waiter): Unit | undefined {
    const ordinal = Math.floor(begin / UNIT_LENGTH);
    const key = pieceIndex * this.#unitsPerPiece + ordinal;
    const unit = this.#units.get(key);
    if (unit === undefined) {
      this.#read(pieceIndex, ordinal, waiter);
      return undefined;
    }
    if (unit.state === "ready") {
      unit.usedAt = ++this.#uses;
      return unit;
    }
    if (waiter !== undefined && !unit.waiters.includes(waiter)) unit.waiters.push(waiter);
    return undefined;
  }

  #read(pieceIndex: number, ordinal: number, waiter?: Waiter): void {
    const unit = this.#makeRoom();
    if (unit === undefined) {
      if (waiter !== undefined) this.#crowd.add(waiter);
      return;
    }
    const { geometry } = this.#options;
    const start = ordinal * UNIT_LENGTH;
    unit.key = pieceIndex * this.#unitsPerPiece + ordinal;
    unit.lengthBytes = Math.min(geometry.pieceLength(pieceIndex) - start, UNIT_LENGTH);
    unit.state = "reading";
    unit.usedAt = ++this.#uses;
    this.#units.set(unit.key, unit);
    if (waiter !== undefined) unit.waiters.push(waiter);
    void this.#fill(unit, geometry.pieceOffset(pieceIndex) + start);
  }

  async #fill(unit: Unit, offset: number): Promise<void> {
    this.#readingCount++;
    try {
      const { bytes, lengthBytes } = unit;
      const whole = lengthBytes === bytes.length;
      await this.#options.read(offset, whole ? bytes : bytes.subarray(0, lengthBytes));
      unit.state = "ready";
    } catch (error) {
      this.#units.delete(unit.key);
      this.#options.onFailure(error);
    } finally {
      this.#readingCount--;
    }
    for (const waiter of unit.waiters.splice(0)) waiter.wake();
    this.#letIn();
  }

  /** There is room for one more: whoever does without leaves it to the next. */
  #letIn(): void {
    for (const waiter of this.#crowd) {
      if (this.#readingCount >= MAX_READING) return;
      this.#crowd.delete(waiter);
      waiter.wake();
    }
  }

  /** A unit to read into: a new one, or that which was used least lately. */
  #makeRoom(): Unit | undefined {
    if (this.#readingCount >= MAX_READING) return undefined;
    if (this.#units.size < MAX_UNITS) return new Unit(this.#unitLength);
    let oldest: Unit | undefined;
    for (const unit of this.#units.values()) {
      if (unit.state === "ready" && unit.usedAt < (oldest?.usedAt ?? Infinity)) oldest = unit;
    }
    if (oldest !== undefined) this.#units.delete(oldest.key);
    return oldest;
  }
}
