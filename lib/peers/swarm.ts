/**
 * Everybody we are connected to. The swarm owns every open Wire, dialled or accepted; the stages borrow
 * them. It also holds the one clock of the connections.
 *
 * @module
 */
import { formatAddress, type PeerAddress } from "../base/address.ts";
import { PeerError } from "../base/errors.ts";
import type { PeerId } from "../base/identity.ts";
import type { DownloadEvent } from "../events.ts";
import type { BanList } from "./ban_list.ts";
import { clientName } from "./client_name.ts";
import type { Gate } from "./connect.ts";
import { ExtensionRegistry } from "./extension_registry.ts";
import type { PeerBook } from "./peer_book.ts";
import { PeerLimit } from "./peer_limit.ts";
import type { ReadBuffers } from "./read_buffers.ts";
import { type Haves, type Introduction, type Role, Session } from "./session.ts";
import type { Wire } from "./wire.ts";

/** How often time limits and rates are looked at. */
export const TICK_MS = 250;

/** A tick that comes later than this finds a process that was stopped or overloaded: no peer's fault. */
const MAX_TICK_MS = 1_000;

/** How many peers may dial us from one address: many share one, but none may take every place. */
const MAX_PER_HOST = 64;
/** Two connections of one peer may be dialled so far apart, from both ends, and have crossed. */
const MAX_CROSSING_MS = 10_000;

/** A connection that has a place. */
interface Admitted {
  readonly wire: Wire;
  /** By the swarm's clock. */
  readonly atMs: number;
}

/** What a swarm needs. */
export interface SwarmOptions {
  /** Ours: who comes with the same one is ourselves. */
  readonly peerId: PeerId;
  /** Handshaken connections at most, dialled and accepted together. */
  readonly maxPeers: number;
  /** What connections are read into. */
  readonly buffers: ReadBuffers;
  /** Played towards every peer; each message is shown to them in this order. */
  readonly roles: readonly Role[];
  /** What peers with the extension protocol are told (BEP 10). */
  readonly introduction: Introduction;
  /** Told how each connection that we dialled ended. */
  readonly book: PeerBook;
  /** Who comes when all places are taken gets that of a useless peer whose priority is lower (BEP 40). */
  readonly priorityOf: (address: PeerAddress) => number;
  /** Whoever is on it is not admitted. */
  readonly bans: BanList;
  /** What we have. */
  readonly haves: () => Haves;
  /** What every connection waits for before it is read; undefined when nothing is. @default nothing ever is */
  readonly relief?: () => Promise<void> | undefined;
  /** Told who connects and who is closed. */
  readonly report: (event: DownloadEvent) => void;
  /** Told a failure that is no peer's: it ends the download. */
  readonly onFailure: (error: unknown) => void;
  /** Called at every tick, after the sessions. */
  readonly onTick?: (nowMs: number) => void;
}

/** The connected peers. */
export class Swarm implements Gate, AsyncDisposable {
  onRoom: () => void = () => {};
  readonly buffers: ReadBuffers;
  /** Set while we seed: whoever wants something may come. */
  isPatient = false;
  readonly #options: SwarmOptions;
  readonly #extensions: ExtensionRegistry;
  readonly #sessions = new Map<Wire, Session>();
  /** Those of them that dialled us. */
  readonly #incoming = new Set<Session>();
  readonly #running = new Set<Promise<void>>();
  /** By peer id. */
  readonly #admitted = new Map<string, Admitted>();
  readonly #limit: PeerLimit;
  readonly #timer: ReturnType<typeof setInterval>;
  #nowMs = 0;
  #tickedAtMs = performance.now();
  #following: Promise<void> = Promise.resolve();
  /** The time since the start, without that in which this process stood still. */
  readonly #now = (): number =>
    this.#nowMs + Math.min(performance.now() - this.#tickedAtMs, MAX_TICK_MS);

  /** Starts the clock, which runs until disposal. */
  constructor(options: SwarmOptions) {
    this.#options = options;
    this.#extensions = new ExtensionRegistry(options.roles);
    this.#limit = new PeerLimit(options.maxPeers);
    this.buffers = options.buffers;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** How many peers are connected. */
  get size(): number {
    return this.#admitted.size;
  }

  get room(): number {
    return Math.max(this.#limit.count - this.size, 0);
  }

  /** Peers being talked to: `size` also counts those admitted a moment ago. */
  get sessions(): Iterable<Session> {
    return this.#sessions.values();
  }

  isConnectedTo({ host, port }: PeerAddress): boolean {
    for (const { listensAt } of this.#incoming) {
      if (listensAt?.port === port && listensAt.host === host) return true;
    }
    return false;
  }

  admit(wire: Wire): void {
    const { peerId } = wire.handshake;
    const id = peerId.toHex();
    if (id === this.#options.peerId.toHex()) throw new PeerError("Peer is ourselves", "self");
    if (this.#options.bans.isBanned({ ...wire.remote, peerId, incoming: wire.isIncoming })) {
      throw new PeerError("Peer is banned", "banned");
    }
    if (wire.isIncoming && this.#incomingFrom(wire.remote.host) >= MAX_PER_HOST) {
      throw new PeerError("No room for another peer of this address", "surplus");
    }
    if (this.#admitted.has(id)) return this.#admitTwin(wire, id);
    if (this.room === 0 && !this.#makeRoom(wire)) {
      throw new PeerError("No room for another peer", "surplus");
    }
    this.#admitted.set(id, { wire, atMs: this.#now() });
  }

  /**
   * Where two peers dial each other at the same time, both keep the connection of the same one: that whose
   * id is greater. In any other case the first connection stays.
   */
  #admitTwin(wire: Wire, id: string): void {
    const first = this.#admitted.get(id);
    const isDialledByGreater = wire.isIncoming === (id > this.#options.peerId.toHex());
    const isCrossing = first !== undefined && first.wire.isIncoming !== wire.isIncoming &&
      first.wire.remote.host === wire.remote.host && this.#now() - first.atMs < MAX_CROSSING_MS;
    const error = new PeerError("Peer is connected already", "duplicate");
    if (!isCrossing || !isDialledByGreater) throw error;
    this.#admitted.set(id, { wire, atMs: this.#now() });
    first.wire.close(error);
  }

  #incomingFrom(host: string): number {
    return [...this.#incoming].filter(({ wire: { remote } }) => remote.host === host).length;
  }

  lowerLimit(): void {
    this.#limit.lower(this.size, this.#now());
  }

  /** Closes the peer that is of least use, for its descriptor; false when there is none to spare. */
  shed(): boolean {
    this.lowerLimit();
    // One that was closed just now is still here, and its descriptor, too, for the rest of this turn.
    const open = [...this.#sessions.values()].filter(({ wire }) => wire.isOpen);
    if (open.length <= 1) return false;
    const session = open.find(({ isChokingUs }) => isChokingUs) ?? open[0];
    session?.wire.close(new PeerError("No descriptor is left for this peer", "surplus"));
    return session !== undefined;
  }

  /**
   * Takes over the admitted wires as they come, and talks to each peer until it ends.
   *
   * @returns resolves when no more come and the last peer has gone; rejects with what `wires` throws
   */
  follow(wires: AsyncIterable<Wire>): Promise<void> {
    this.#following = this.#follow(wires);
    return this.#following;
  }

  /** What we say of ourselves has changed: those who are connected are told, with what else is said next. */
  introduceAgain(): void {
    for (const session of this.sessions) session.introduce(this.#options.introduction);
  }

  /** Closes the peer of the lowest priority among those that neither give nor get, if the newcomer's is higher. */
  #makeRoom(newcomer: Wire): boolean {
    const { priorityOf } = this.#options;
    let lowest = priorityOf(newcomer.remote);
    let loser: Wire | undefined;
    for (const { wire, wasUseful, isChokingUs, isChoking } of this.#sessions.values()) {
      if (!wire.isOpen || wasUseful || !isChokingUs || !isChoking) continue;
      const priority = priorityOf(wire.remote);
      if (priority >= lowest) continue;
      lowest = priority;
      loser = wire;
    }
    loser?.close(new PeerError("Its place went to a peer of higher priority", "surplus"));
    return loser !== undefined;
  }

  /** Closes everybody; new ones may come. */
  closeAll(reason: PeerError): void {
    for (const wire of this.#sessions.keys()) wire.close(reason);
  }

  async #follow(wires: AsyncIterable<Wire>): Promise<void> {
    for await (const wire of wires) {
      const running = this.#run(wire).finally(() => {
        this.#running.delete(running);
        this.onRoom();
      });
      this.#running.add(running);
    }
    await Promise.all(this.#running);
  }

  async #run(wire: Wire): Promise<void> {
    const { roles, introduction, haves, relief = () => undefined } = this.#options;
    let ended: PeerError | undefined;
    let session: Session | undefined;
    try {
      session = new Session(wire, {
        roles,
        introduction,
        haves: haves(),
        extensions: this.#extensions,
        now: this.#now,
        relief,
      });
      this.#sessions.set(wire, session);
      if (wire.isIncoming) this.#incoming.add(session);
      this.#report(session, "connected");
      await session.run();
    } catch (error) {
      if (error instanceof PeerError) ended = error;
      else this.#options.onFailure(error);
    }
    wire[Symbol.dispose]();
    this.#sessions.delete(wire);
    if (session !== undefined) this.#incoming.delete(session);
    const id = wire.handshake.peerId.toHex();
    if (this.#admitted.get(id)?.wire === wire) this.#admitted.delete(id);
    session?.leave();
    this.#settle(wire, session, ended);
    if (session !== undefined) this.#report(session, "closed", ended?.message);
  }

  #settle(wire: Wire, session: Session | undefined, ended: PeerError | undefined): void {
    if (wire.isIncoming) return;
    const { book, bans } = this.#options;
    const { peerId } = wire.handshake;
    const isBanned = bans.isBanned({ ...wire.remote, peerId, incoming: false });
    // What has everything, while we do, will not be of use again.
    const isOver = isBanned || ended?.reason === "needless";
    const outcome = isOver ? "never" : session?.wasUseful ? "useful" : "useless";
    book.settle(wire.remote, outcome, performance.now());
  }

  #report({ wire, extension }: Session, status: "connected" | "closed", message?: string): void {
    const client = extension?.client ?? clientName(wire.handshake.peerId);
    this.#options.report({
      kind: "peer",
      status,
      address: formatAddress(wire.remote),
      client,
      ...(message === undefined ? {} : { message }),
    });
  }

  #tick(): void {
    this.#nowMs = this.#now();
    this.#tickedAtMs = performance.now();
    for (const session of this.sessions) {
      try {
        session.tick(this.#nowMs);
      } catch (error) {
        if (!(error instanceof PeerError)) this.#options.onFailure(error);
        session.wire.close(error);
      }
    }
    if (this.#limit.raise(this.#nowMs)) this.onRoom();
    this.#options.onTick?.(this.#nowMs);
  }

  /** Closes everybody and waits for their ends; the wires that follow() takes must have ended, or be ending. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.closeAll(new PeerError("The download has ended", "closed"));
    // What follow() throws went to its caller.
    await this.#following.catch(() => {});
    await Promise.all(this.#running);
  }
}
