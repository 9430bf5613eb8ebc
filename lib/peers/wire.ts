/**
 * One peer's connection after its handshake: frames in, messages out. A Wire owns its transport.
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";
import { PeerError } from "../base/errors.ts";
import type { Memory } from "../base/memory.ts";
import { Framer } from "./framer.ts";
import type { Handshake } from "./handshake.ts";
import type { Message } from "./message.ts";
import { Outbox } from "./outbox.ts";
import type { ReadBuffers } from "./read_buffers.ts";
import type { Transport } from "./transport.ts";

/** What may wait to be written to a peer that does not read, in bytes. */
const MAX_OUTBOX_BYTES = 1024 * 1024;

const NOTHING = new Uint8Array(0);

/** What a Wire is made from. */
export interface WireOptions {
  readonly handshake: Handshake;
  /** Whether the peer dialled us: its port is then not the one it listens on. */
  readonly isIncoming: boolean;
  /** Bytes read beyond the handshake. */
  readonly leftover: Uint8Array;
  /** The length of a bitfield message's bits in this torrent. */
  readonly bitfieldLength: number;
  readonly buffers: ReadBuffers;
}

/** An open connection to a peer that speaks our torrent. */
export class Wire implements Disposable {
  /** The other end of the connection. */
  readonly remote: PeerAddress;
  /** The peer's; its info hash is ours. */
  readonly handshake: Handshake;
  /** Whether the peer dialled us: the port of `remote` is then not the one it listens on. */
  readonly isIncoming: boolean;
  /** Where messages are written until flush(). */
  readonly outbox = new Outbox();
  /** Called when all that the outbox held was written: it may be filled again, which is written at once. */
  onDrained: () => void = () => {};
  readonly #transport: Transport;
  readonly #framer: Framer;
  #state: "open" | "closed" = "open";
  #onClosing: () => void = () => {};
  #isReading = false;
  #isWriting = false;
  /** What the write that is under way was given. */
  #unwritten: Uint8Array<ArrayBuffer> = NOTHING;
  #reason: unknown;

  /** Owns the transport from now on. */
  constructor(transport: Transport, options: WireOptions) {
    this.remote = transport.remote;
    this.handshake = options.handshake;
    this.isIncoming = options.isIncoming;
    this.#transport = transport;
    const { bitfieldLength, leftover, buffers } = options;
    const { supportsFast: hasFast } = options.handshake;
    this.#framer = new Framer({ bitfieldLength, leftover, buffers, hasFast });
  }

  /** Whether both sides have offered the fast extension (BEP 6). */
  get hasFast(): boolean {
    return this.handshake.supportsFast;
  }

  /** Where what messages carry lies. */
  get memory(): Memory {
    return this.#framer.memory;
  }

  /** Whether the last read took all it could: more is likely to be there already. */
  get hasMore(): boolean {
    return this.#framer.wasFilled;
  }

  /** Whether reading waits for a limit of ours, and not for the peer. */
  get isHeldUp(): boolean {
    return this.#transport.isHeldUp ?? false;
  }

  /** Whether what the outbox held is still being written: onDrained() follows. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /** False from close() or disposal on; an end that the peer makes shows at the next read(). */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  /**
   * The next message that has arrived whole; what it carries is valid until the next read(). None after
   * close().
   *
   * @throws {PeerError} "protocol"
   */
  next(): Message | undefined {
    // Once it is closed, what was read may lie in somebody else's buffer.
    return this.isOpen ? this.#framer.next() : undefined;
  }

  /** Nothing will be read for a while: others may need the buffer more. */
  rest(): void {
    this.#framer.rest();
  }

  /**
   * Waits for more bytes.
   *
   * @returns how many came
   * @throws {PeerError} "closed" at the end of the stream, or when the connection broke
   */
  read(): Promise<number> {
    if (!this.isOpen) return Promise.reject(this.#broken("it is closed"));
    this.#isReading = true;
    // Not an async function: its state is memory held for as long as each of many peers is waited for.
    return this.#transport.read(this.#framer.space()).then(this.#onRead, this.#onReadFailure);
  }

  readonly #onRead = (lengthBytes: number | null): number => {
    this.#endRead();
    if (!this.isOpen) throw this.#broken("it is closed");
    if (lengthBytes === null) throw new PeerError("Peer closed the connection", "closed");
    this.#framer.commit(lengthBytes);
    return lengthBytes;
  };

  readonly #onReadFailure = (cause: unknown): never => {
    this.#endRead();
    throw this.#broken(cause);
  };

  #endRead(): void {
    this.#isReading = false;
    if (!this.isOpen) this.#framer[Symbol.dispose]();
  }

  /**
   * Starts writing what the outbox holds. Never waits; a failed write ends the pending read().
   *
   * @throws {PeerError} when the peer has left too much unread
   */
  flush(): void {
    if (this.outbox.pendingBytes === 0 || this.#state === "closed") return;
    if (this.#isWriting) {
      if (this.outbox.pendingBytes < MAX_OUTBOX_BYTES) return;
      throw new PeerError(`Peer does not read: ${this.outbox.pendingBytes} bytes wait`, "timeout");
    }
    this.#isWriting = true;
    this.#write(this.outbox.take());
  }

  #write(bytes: Uint8Array<ArrayBuffer>): void {
    this.#unwritten = bytes;
    this.#transport.write(bytes).then(this.#onWritten, this.#onWriteFailure);
  }

  readonly #onWritten = (lengthBytes: number): void => {
    try {
      this.#writeMore(lengthBytes);
    } catch (error) {
      this.close(error);
    }
  };

  readonly #onWriteFailure = (error: unknown): void => this.close(error);

  /** Goes on after so many bytes were written. */
  #writeMore(lengthBytes: number): void {
    if (lengthBytes < this.#unwritten.length) {
      return this.#write(this.#unwritten.subarray(lengthBytes));
    }
    this.outbox.written();
    this.#isWriting = false;
    if (this.outbox.pendingBytes === 0 && this.isOpen) this.onDrained();
    this.flush();
  }

  /** Closes the connection for a reason that the pending read() then throws. */
  close(reason: unknown): void {
    this.#reason ??= reason;
    this[Symbol.dispose]();
  }

  #broken(cause: unknown): PeerError {
    const error = this.#reason ?? cause;
    if (error instanceof PeerError) return error;
    const detail = error instanceof Error ? error.message : String(error);
    return new PeerError(`Connection broke: ${detail}`, "closed", { cause: error });
  }

  /** Resolves when the connection is closed from our side; of two who wait, only the last one learns of it. */
  closing(): Promise<void> {
    if (!this.isOpen) return Promise.resolve();
    // A new promise each time: a lasting one would remember everybody who has ever waited for it.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onClosing = resolve;
    return promise;
  }

  /** Closes the connection at once; what the outbox holds is dropped. */
  [Symbol.dispose](): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#onClosing();
    this.#transport[Symbol.dispose]();
    // A read that is under way may still write into them: it gives them back when it ends.
    if (!this.#isReading) this.#framer[Symbol.dispose]();
  }
}
