/**
 * The buffers that sockets are read into: a small one for each connection, which waits for what comes,
 * and a few large ones, lent to whoever finds that more has come than a small one takes.
 *
 * A connection that waits holds no more than its small buffer; one that is behind is read in large
 * steps, whatever the number of connections.
 *
 * @module
 */
import { type Memory, plainMemory } from "../base/memory.ts";
import { LENGTH_PREFIX, MAX_MESSAGE } from "./message.ts";

/** Takes a block with its header and a few short messages, in bytes; a multiple of 4 KiB. */
export const SMALL_BUFFER: number = 20 * 1024;

/** Takes any message, in bytes; a multiple of 4 KiB. */
export const LARGE_BUFFER: number = Math.ceil((LENGTH_PREFIX + MAX_MESSAGE) / 4096) * 4096;

/**
 * How many large buffers are lent at once, but to those with a message that no small one takes: few, so
 * that what is read next goes where the processor's cache already is.
 */
const MAX_LENT = 3;

/** Bytes of memory that the buffers of so many connections may take, large messages included. */
export function readBufferBytes(connections: number): number {
  return (connections + MAX_LENT) * (SMALL_BUFFER + LARGE_BUFFER);
}

/** A pool of read buffers, each named by the place where it starts. */
export class ReadBuffers {
  /** Where the buffers lie. */
  readonly memory: Memory;
  readonly #small: number[] = [];
  readonly #large: number[] = [];
  #lent = 0;

  /** Buffers are taken from `memory` as they are needed. @param memory @default memory for one connection */
  constructor(memory: Memory = plainMemory(readBufferBytes(1))) {
    this.memory = memory;
  }

  /** A buffer of SMALL_BUFFER bytes, its content undefined. */
  takeSmall(): number {
    return this.#small.pop() ?? this.memory.allocate(SMALL_BUFFER);
  }

  /** Gives a small buffer back, of which nothing is used any more. */
  giveSmall(start: number): void {
    this.#small.push(start);
  }

  /** Whether a large buffer may be borrowed by somebody who could do without. */
  get hasLarge(): boolean {
    return this.#lent < MAX_LENT;
  }

  /** A buffer of LARGE_BUFFER bytes, its content undefined. */
  takeLarge(): number {
    this.#lent++;
    return this.#large.pop() ?? this.memory.allocate(LARGE_BUFFER);
  }

  /** Gives a large buffer back. */
  giveLarge(start: number): void {
    this.#lent--;
    this.#large.push(start);
  }
}
