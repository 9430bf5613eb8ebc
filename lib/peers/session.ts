/**
 * One wire's dialogue: who chokes and is interested, the extension handshake (BEP 10), keep-alives and
 * time limits. What a message means beyond that is the business of roles.
 *
 * What arrives goes the same way each time: every message that has arrived whole is shown to all roles,
 * then all may settle (decide and ask), then everything said is written at once. Time comes from the
 * swarm's clock.
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";
import { PeerError } from "../base/errors.ts";
import {
  decodeExtensionHandshake,
  encodeExtensionHandshake,
  EXTENSION_HANDSHAKE_ID,
  type ExtensionHandshake,
  mergeExtensionHandshakes,
} from "./extension.ts";
import type { ExtensionRegistry } from "./extension_registry.ts";
import type { Message } from "./message.ts";
import type { Wire } from "./wire.ts";

/** A peer that hears nothing for two minutes may hang up (BEP 3): we speak before that. */
const KEEP_ALIVE_MS = 100_000;

/** After so many full reads in a row, others get their turn. */
const MAX_READS_IN_A_ROW = 4;

/** A peer that says nothing for so long is gone. */
const MAX_SILENCE_MS = 150_000;

/** A part that we play towards every peer: downloading, uploading, an extension. */
export interface Role {
  /** The name of the extension (BEP 10) whose messages it takes. */
  readonly extension?: string;
  /** Begins to play it towards one peer. */
  join(peer: Session): PeerRole;
}

/** A role towards one peer. What it throws as PeerError ends that peer, anything else the download. */
export interface PeerRole {
  /** One message; its bytes are valid during the call only. */
  receive?(message: Message): void;
  /** The peer has said something of itself, which `extension` of the session has (BEP 10). */
  introduced?(): void;
  /** One message of the role's extension; its bytes are valid during the call only. */
  receiveExtended?(payload: Uint8Array): void;
  /** Every message of one read was received: the time to decide and to ask. */
  settle?(): void;
  /** Called a few times a second. @param nowMs the swarm's clock, which stands still while we do */
  tick?(nowMs: number): void;
  /** The connection has ended. */
  leave?(): void;
}

/** A role that has a certain part to play. */
type With<Part extends keyof PeerRole> = PeerRole & Required<Pick<PeerRole, Part>>;

/** Those of the roles that do: nobody else is bothered, with blocks above all. */
function rolesWith<Part extends keyof PeerRole>(
  part: Part,
  roles: readonly PeerRole[],
): readonly With<Part>[] {
  return roles.filter((role): role is With<Part> => role[part] !== undefined);
}

/** What we say of ourselves in the extension handshake. */
export interface Introduction {
  /** Requests that we queue for a peer. */
  readonly reqq: number;
  /** The name and version of this program. */
  readonly client: string;
  /** The port that we listen on. */
  readonly port?: number | undefined;
  /** Whether we want nothing any more (BEP 21). */
  readonly isUploadOnly?: boolean;
}

/** What we say that we have. */
export interface Haves {
  /** A bit per piece. */
  readonly bits: Uint8Array;
  /** How much that is. */
  readonly extent: "none" | "some" | "all";
}

/** What a session needs from the swarm. */
export interface SessionOptions {
  readonly roles: readonly Role[];
  readonly introduction: Introduction;
  /** Of `roles`. */
  readonly extensions: ExtensionRegistry;
  /** What we have, to begin with. */
  readonly haves: Haves;
  /** The swarm's clock, which stands still while we do; in milliseconds. */
  readonly now: () => number;
  /** What is to be waited for before more is read; undefined when nothing is. @default nothing ever is */
  readonly relief?: () => Promise<void> | undefined;
}

/** One connected peer. */
export class Session {
  /** Borrowed: the swarm owns it. */
  readonly wire: Wire;
  /** Whether the peer refuses to serve us. */
  isChokingUs = true;
  /** Whether we refuse to serve the peer. */
  isChoking = true;
  /** Whether it wants something that we have. */
  isInterestedInUs = false;
  /** Whether we told it last that we want something it has. */
  isInteresting = false;
  /** What the peer said of itself so far, once it has. */
  extension: ExtensionHandshake | undefined;
  /** Whether it has every piece. */
  isSeed = false;
  /** Whether a block of it was of use. */
  wasUseful = false;
  /** Payload received, in bytes. */
  receivedBytes = 0;
  readonly #roles: readonly PeerRole[];
  readonly #receivers: readonly With<"receive">[];
  readonly #settlers: readonly With<"settle">[];
  readonly #tickers: readonly With<"tick">[];
  readonly #extensions: ExtensionRegistry;
  #spokenAtMs: number;
  #heardAtMs: number;
  readonly #now: () => number;
  readonly #relief: () => Promise<void> | undefined;
  #isHeldUp = false;
  /** Whether what was received is still to be acted on, for more seemed to be there already. */
  #isBehind = false;
  #nowMs: number;

  /** Writes the extension handshake and what we have to the outbox, then lets every role join. */
  constructor(wire: Wire, options: SessionOptions) {
    this.wire = wire;
    this.#now = options.now;
    this.#extensions = options.extensions;
    this.#relief = options.relief ?? (() => undefined);
    this.#nowMs = this.#spokenAtMs = this.#heardAtMs = this.#now();
    this.introduce(options.introduction);
    this.#tellHaves(options.haves);
    this.#roles = options.roles.map((role) => role.join(this));
    this.#receivers = rolesWith("receive", this.#roles);
    this.#settlers = rolesWith("settle", this.#roles);
    this.#tickers = rolesWith("tick", this.#roles);
  }

  /**
   * Talks until the connection ends, which is always by an error.
   *
   * @throws {PeerError} what ended this peer
   * @throws anything else that a role throws: it ends more than this peer
   */
  async run(): Promise<never> {
    for (let reads = 1;; reads++) {
      for (let message = this.wire.next(); message; message = this.wire.next()) {
        this.#receive(message);
      }
      // What has come already is taken in one go, and answered once.
      this.#isBehind = this.wire.hasMore && reads < MAX_READS_IN_A_ROW;
      if (!this.#isBehind) {
        reads = 0;
        this.#settle();
        const relief = this.#relief();
        if (relief !== undefined) await this.#holdUp(relief);
      }
      await this.wire.read();
      this.#heardAtMs = this.#nowMs = this.#now();
    }
  }

  /** Says who we are; again, when that has changed. */
  introduce(introduction: Introduction): void {
    const { handshake, remote: { host: yourip }, outbox } = this.wire;
    if (!handshake.supportsExtensions) return;
    const extensions = this.#extensions.ids;
    const said = encodeExtensionHandshake({ ...introduction, yourip, extensions });
    outbox.extended(EXTENSION_HANDSHAKE_ID, said);
  }

  /** Whether what the peer sends is left unread for a while: its silence is our doing. */
  get isHeldUp(): boolean {
    return this.#isHeldUp || this.wire.isHeldUp;
  }

  /** Where it can be dialled; undefined while a peer that dialled us has not said so (BEP 10). */
  get listensAt(): PeerAddress | undefined {
    const { remote, isIncoming } = this.wire;
    if (!isIncoming) return remote;
    const port = this.extension?.port;
    return port === undefined ? undefined : { host: remote.host, port };
  }

  /** The swarm's clock when something last came, or at the last tick if that was later; in milliseconds. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Says whether we want something that the peer has; repeats nothing. */
  setInteresting(isInteresting: boolean): void {
    if (isInteresting === this.isInteresting) return;
    this.isInteresting = isInteresting;
    if (isInteresting) this.wire.outbox.interested();
    else this.wire.outbox.notInterested();
  }

  /** The id under which the peer takes messages of an extension; undefined when it takes none. */
  extensionId(name: string): number | undefined {
    return this.extension?.extensions.get(name);
  }

  /** Sends what the outbox holds. @throws {PeerError} when the peer does not read */
  speak(): void {
    if (this.wire.outbox.pendingBytes === 0) return;
    this.#spokenAtMs = this.#nowMs;
    this.wire.flush();
  }

  /** Minds the time. @throws {PeerError} "timeout" */
  tick(nowMs: number): void {
    this.#nowMs = nowMs;
    if (this.isHeldUp) this.#heardAtMs = nowMs;
    const silenceMs = nowMs - this.#heardAtMs;
    if (silenceMs > MAX_SILENCE_MS) {
      throw new PeerError(`Peer was silent for ${Math.round(silenceMs / 1000)} s`, "timeout");
    }
    // A read took all it could and that was all there was: the peer may wait for our answer.
    if (this.#isBehind) this.#settle();
    for (const role of this.#tickers) role.tick(nowMs);
    if (nowMs - this.#spokenAtMs > KEEP_ALIVE_MS) this.wire.outbox.keepAlive();
    this.speak();
  }

  /** Ends the roles; the swarm calls it once, after the wire was disposed. */
  leave(): void {
    for (const role of this.#roles) role.leave?.();
  }

  /** Decides and asks, and says so. */
  #settle(): void {
    this.#isBehind = false;
    for (const role of this.#settlers) role.settle();
    this.speak();
  }

  /** Leaves the peer unread until there is relief, or nothing to read any more. */
  async #holdUp(relief: Promise<void>): Promise<void> {
    this.#isHeldUp = true;
    this.wire.rest();
    await Promise.race([relief, this.wire.closing()]);
    this.#isHeldUp = false;
  }

  #tellHaves({ bits, extent }: Haves): void {
    const { outbox, hasFast } = this.wire;
    if (hasFast && extent === "all") outbox.haveAll();
    else if (hasFast && extent === "none") outbox.haveNone();
    else if (extent !== "none") outbox.bitfield(bits);
  }

  #receive(message: Message): void {
    switch (message.kind) {
      case "choke":
        this.isChokingUs = true;
        break;
      case "unchoke":
        this.isChokingUs = false;
        break;
      case "interested":
        this.isInterestedInUs = true;
        break;
      case "notInterested":
        this.isInterestedInUs = false;
        break;
      case "extended":
        this.#receiveExtended(message);
        break;
    }
    for (const role of this.#receivers) role.receive(message);
  }

  #receiveExtended(message: Message & { readonly kind: "extended" }): void {
    if (message.extensionId !== EXTENSION_HANDSHAKE_ID) {
      const role = this.#roles[this.#extensions.roleOf(message.extensionId) ?? -1];
      return role?.receiveExtended?.(message.payload);
    }
    const said = decodeExtensionHandshake(message.payload);
    if (said === undefined) return;
    this.extension = mergeExtensionHandshakes(this.extension, said);
    for (const role of this.#roles) role.introduced?.();
  }
}
