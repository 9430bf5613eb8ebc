/** Two transports in memory that are the ends of one connection. */
import type { Transport } from "../../lib/peers/transport.ts";

/** What the system takes at once, in bytes. */
const MAX_PORTION = 16 * 1024;

/** Bytes on their way from one end to the other. */
class Lane {
  readonly #bytes: number[] = [];
  #state: "open" | "ended" = "open";
  #wake: () => void = () => {};

  push(bytes: Uint8Array): void {
    this.#bytes.push(...bytes);
    this.#wake();
  }

  end(): void {
    this.#state = "ended";
    this.#wake();
  }

  async take(mostBytes: number): Promise<number[] | null> {
    while (this.#bytes.length === 0) {
      if (this.#state === "ended") return null;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    return this.#bytes.splice(0, mostBytes);
  }
}

/** One end; what is written to it is read from the other one. */
export class PipeEnd implements Transport {
  readonly remote = { host: "10.0.0.1", port: 6881 };
  /** All that was ever written to this end. */
  readonly written: number[] = [];
  readonly #incoming: Lane;
  readonly #outgoing: Lane;
  readonly #portionBytes: number;
  #state: "open" | "disposed" = "open";

  constructor(incoming: Lane, outgoing: Lane, portionBytes: number) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#portionBytes = portionBytes;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const bytes = await this.#incoming.take(Math.min(this.#portionBytes, into.length));
    if (this.#state === "disposed") throw new Deno.errors.BadResource("The pipe is closed");
    into.set(bytes ?? []);
    return bytes?.length ?? null;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#state === "disposed") throw new Deno.errors.BadResource("The pipe is closed");
    const portion = bytes.subarray(0, this.#portionBytes);
    this.written.push(...portion);
    this.#outgoing.push(portion);
    return Promise.resolve(portion.length);
  }

  [Symbol.dispose](): void {
    this.#state = "disposed";
    this.#incoming.end();
    this.#outgoing.end();
  }
}

/** @param portionBytes the most that one read or write takes */
export function makePipe(portionBytes = MAX_PORTION): readonly [PipeEnd, PipeEnd] {
  const [there, back] = [new Lane(), new Lane()];
  return [new PipeEnd(back, there, portionBytes), new PipeEnd(there, back, portionBytes)];
}

/** Reads so many bytes. */
export async function readExactly(transport: Transport, lengthBytes: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(lengthBytes);
  for (let filled = 0; filled < lengthBytes;) {
    const count = await transport.read(bytes.subarray(filled));
    if (count === null) throw new Error(`The stream ended after ${filled} bytes`);
    filled += count;
  }
  return bytes;
}
