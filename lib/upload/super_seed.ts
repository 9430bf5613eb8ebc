/**
 * Super-seeding (BEP 16): a seed that is alone says that it has nothing, and shows each peer a piece or two,
 * those that fewest have. Only when it sees a piece at another peer does it show the first one the next:
 * so nobody gets much who gives nothing, and the seed sends hardly more than one copy.
 *
 * @module
 */
import { hasBit, setBit } from "../base/bits.ts";
import type { Ledger } from "../ledger.ts";
import { Least } from "../ledger/least.ts";
import type { Message } from "../peers/message.ts";
import type { PeerRole, Role, Session } from "../peers/session.ts";

/** How many pieces a peer is shown at a time: with one alone it would wait between two. */
const MAX_SHOWN = 2;

/** A peer that is not seen to have its piece, or passes it on to nobody, is shown the next after so long. */
const PATIENCE_MS = 20_000;

/** What is needed for it. */
export interface SuperSeedOptions {
  /** With every piece verified. */
  readonly ledger: Pick<Ledger, "geometry">;
  /** In [0, 1). @default Math.random */
  readonly random?: () => number;
}

/** The role towards everybody: who was shown what, and how far it has spread. */
export class SuperSeed implements Role {
  readonly pieceCount: number;
  readonly #random: () => number;
  /** Of each piece, how many times it was shown, and how many times somebody was new to have it. */
  readonly #spread: Uint32Array;
  readonly #peers = new Set<ShownPeer>();
  readonly #least = new Least();

  constructor({ ledger, random = Math.random }: SuperSeedOptions) {
    this.pieceCount = ledger.geometry.pieceCount;
    this.#spread = new Uint32Array(this.pieceCount);
    this.#random = random;
  }

  /** Whether there is but one peer: nobody could pass anything on. */
  get isLonely(): boolean {
    return this.#peers.size === 1;
  }

  join(session: Session): ShownPeer {
    const peer = new ShownPeer(session, this);
    this.#peers.add(peer);
    return peer;
  }

  /** The peer has gone. */
  left(peer: ShownPeer): void {
    this.#peers.delete(peer);
  }

  /** A peer has a piece: whoever was shown it before has passed it on. */
  seen(peer: ShownPeer, pieceIndex: number): void {
    this.#spread[pieceIndex] = (this.#spread[pieceIndex] ?? 0) + 1;
    for (const other of this.#peers) if (other !== peer) other.passedOn(pieceIndex);
  }

  /** A peer has come with these pieces, not known of it before: the same for all of them. */
  seenThese(peer: ShownPeer, bits: Uint8Array): void {
    for (let pieceIndex = 0; pieceIndex < this.pieceCount; pieceIndex++) {
      if (hasBit(bits, pieceIndex)) this.#spread[pieceIndex] = (this.#spread[pieceIndex] ?? 0) + 1;
    }
    for (const other of this.#peers) if (other !== peer) other.passedOnAny(bits);
  }

  /** The next piece to show to a peer: what has spread least; undefined when it has all, or was shown all. */
  next(peer: ShownPeer): number | undefined {
    for (let pieceIndex = 0; pieceIndex < this.pieceCount; pieceIndex++) {
      if (!peer.knows(pieceIndex)) this.#least.offer(pieceIndex, this.#spread[pieceIndex] ?? 0);
    }
    const pieceIndex = this.#least.take(this.#random);
    if (pieceIndex !== undefined) this.#spread[pieceIndex] = (this.#spread[pieceIndex] ?? 0) + 1;
    return pieceIndex;
  }
}

/** The role towards one peer. @internal */
export class ShownPeer implements PeerRole {
  readonly #session: Session;
  readonly #seed: SuperSeed;
  /** What it has, or was shown: a bit per piece. */
  readonly #known: Uint8Array;
  /** Whether that is every piece. */
  #knowsAll = false;
  /** Whether it is done with what it was shown. */
  #wantsMore = false;
  /** What it was shown and has not been seen elsewhere, with the time of that, or since which it has it. */
  readonly #shown = new Map<number, number>();

  constructor(session: Session, seed: SuperSeed) {
    this.#session = session;
    this.#seed = seed;
    this.#known = new Uint8Array(Math.ceil(seed.pieceCount / 8));
  }

  /** Whether it has the piece, or was shown it. */
  knows(pieceIndex: number): boolean {
    return hasBit(this.#known, pieceIndex);
  }

  receive(message: Message): void {
    switch (message.kind) {
      case "bitfield":
        return this.#hasThese(message.bits);
      case "haveAll":
        this.#known.fill(0xff);
        return;
      case "have":
        return this.#has(message.pieceIndex);
      case "notInterested":
        // It has all that it was shown, though it need not say so: we have it, too.
        this.#wantsMore = this.#seed.isLonely;
    }
  }

  /** Once for each read, whatever it holds: to find the next piece takes all of them to be looked at. */
  settle(): void {
    if (!this.#wantsMore) return;
    this.#wantsMore = false;
    this.#shown.clear();
    this.#show();
  }

  /** Another peer has it: this one has given it on, or need not. Never throws: the fault would be its own. */
  passedOn(pieceIndex: number): void {
    if (!this.#shown.delete(pieceIndex) || !this.#session.wire.isOpen) return;
    this.#show();
    try {
      this.#session.speak();
    } catch (error) {
      this.#session.wire.close(error);
    }
  }

  /** Another peer has these. */
  passedOnAny(bits: Uint8Array): void {
    for (const pieceIndex of [...this.#shown.keys()]) {
      if (hasBit(bits, pieceIndex)) this.passedOn(pieceIndex);
    }
  }

  tick(nowMs: number): void {
    for (const [pieceIndex, sinceMs] of this.#shown) {
      if (nowMs - sinceMs > PATIENCE_MS) this.#shown.delete(pieceIndex);
    }
    this.#show();
  }

  leave(): void {
    this.#seed.left(this);
  }

  #hasThese(bits: Uint8Array): void {
    const isNew = this.#known.map((byte, at) => (bits[at] ?? 0) & ~byte);
    isNew.forEach((byte, at) => this.#known[at] = (this.#known[at] ?? 0) | byte);
    this.#seed.seenThese(this, isNew);
  }

  #has(pieceIndex: number): void {
    if (pieceIndex >= this.#seed.pieceCount) return; // the downloader ends it
    setBit(this.#known, pieceIndex);
    if (this.#shown.has(pieceIndex)) this.#shown.set(pieceIndex, this.#session.nowMs);
    if (this.#seed.isLonely) this.passedOn(pieceIndex);
    this.#seed.seen(this, pieceIndex);
  }

  /** Shows it pieces as long as it may be shown more. */
  #show(): void {
    while (this.#shown.size < MAX_SHOWN && !this.#knowsAll) {
      const pieceIndex = this.#seed.next(this);
      this.#knowsAll = pieceIndex === undefined;
      if (pieceIndex === undefined) return;
      setBit(this.#known, pieceIndex);
      this.#shown.set(pieceIndex, this.#session.nowMs);
      this.#session.wire.outbox.have(pieceIndex);
    }
  }
}
