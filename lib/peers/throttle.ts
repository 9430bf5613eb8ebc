/**
 * Connections under the limits that the user set. What may not be read yet is left in the system's
 * buffers, which makes the peer wait; nothing is kept here.
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";
import { type Clock, SYSTEM_CLOCK } from "../base/clock.ts";
import { RateLimit } from "./rate_limit.ts";
import type { Transport } from "./transport.ts";

/** Up to here, what is to be written is messages without payload, which others wait for; in bytes. */
const SMALL_WRITE = 1024;

/** The limits of all connections together, in bytes per second: at least 1, for 0 lets nothing pass. */
export interface RateLimits {
  /** What is received. @default no limit */
  readonly down?: number;
  /** What is sent. @default no limit */
  readonly up?: number;
}

/** Both limits, shared by every connection that is put under them. */
export class Throttle {
  readonly #down: RateLimit | undefined;
  readonly #up: RateLimit | undefined;

  constructor({ down, up }: RateLimits, clock: Clock = SYSTEM_CLOCK) {
    if (down !== undefined) this.#down = new RateLimit(down, clock);
    if (up !== undefined) this.#up = new RateLimit(up, clock);
  }

  /** Puts a connection under the limits; what is returned owns it. */
  limit(transport: Transport): Transport {
    return new LimitedTransport(transport, { down: this.#down, up: this.#up });
  }
}

class LimitedTransport implements Transport {
  readonly remote: PeerAddress;
  readonly #inner: Transport;
  readonly #down: RateLimit | undefined;
  readonly #up: RateLimit | undefined;
  readonly #end = new AbortController();
  #isHeldUp = false;

  constructor(
    inner: Transport,
    limits: { readonly down: RateLimit | undefined; readonly up: RateLimit | undefined },
  ) {
    this.remote = inner.remote;
    this.#inner = inner;
    this.#down = limits.down;
    this.#up = limits.up;
  }

  get isHeldUp(): boolean {
    return this.#isHeldUp;
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#down === undefined) return await this.#inner.read(into);
    const takenBytes = Math.min(into.length, this.#down.portionBytes);
    this.#isHeldUp = true;
    await this.#down.take(takenBytes, this.#end.signal);
    this.#isHeldUp = false;
    let usedBytes = 0;
    try {
      const lengthBytes = await this.#inner.read(into.subarray(0, takenBytes));
      usedBytes = lengthBytes ?? 0;
      return lengthBytes;
    } finally {
      this.#down.giveBack(takenBytes - usedBytes);
    }
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<number> {
    if (this.#up === undefined) return await this.#inner.write(bytes);
    const takenBytes = Math.min(bytes.length, this.#up.portionBytes);
    if (bytes.length > SMALL_WRITE || !this.#up.takeNow(takenBytes)) {
      await this.#up.take(takenBytes, this.#end.signal);
    }
    let usedBytes = 0;
    try {
      usedBytes = await this.#inner.write(bytes.subarray(0, takenBytes));
      return usedBytes;
    } finally {
      this.#up.giveBack(takenBytes - usedBytes);
    }
  }

  [Symbol.dispose](): void {
    this.#end.abort(new DOMException("The connection is closed", "AbortError"));
    this.#inner[Symbol.dispose]();
  }
}
