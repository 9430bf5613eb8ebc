/**
 * The uploader's part towards one peer: what it asks for, and when it is given that.
 *
 * Blocks go into the outbox only while little waits there: a peer that reads slowly costs a queue of
 * numbers, and what is cancelled in time is never sent.
 *
 * @module
 */
import { countBits } from "../base/bits.ts";
import { PeerError } from "../base/errors.ts";
import type { Ledger } from "../ledger.ts";
import type { BlockRequest, Message } from "../peers/message.ts";
import type { PeerRole, Session } from "../peers/session.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import { ALLOWED_COUNT, allowedFast } from "./allowed_fast.ts";
import { AskedBlocks } from "./asked_blocks.ts";
import type { Candidate } from "./choker.ts";
import { type ReadCache, UNIT_LENGTH, type Waiter } from "./read_cache.ts";

/** How far ahead of what is sent the disk is read, in requests: a unit of the cache. */
const READ_AHEAD = UNIT_LENGTH / BLOCK_LENGTH;

/** Requests that make no sense, or come from a choked peer, after which it is closed. */
const MAX_BAD_REQUESTS = 300;

/** A peer that serves us, is asked, and gives nothing for so long snubs us. */
const SNUB_MS = 60_000;

/** Requests of a peer that has just been choked may have crossed our choke on the way. */
const CROSSING_MS = 2_000;

/**
 * What the uploaders of all peers share.
 *
 * @internal
 */
export interface Shared {
  readonly ledger: Ledger;
  readonly cache: ReadCache;
  /** Blocks join what waits to be written while that is less than this, in bytes. */
  readonly outboxBytes: number;
  /** Whether to read what a peer will be sent next before it is its turn. */
  readonly readsAhead: boolean;
  /** Counts payload sent. */
  count(lengthBytes: number): void;
  /** Whether the peer is interested has changed. */
  changed(uploader: Uploader): void;
  /** The peer has gone. */
  left(uploader: Uploader): void;
}

/**
 * Uploads to one peer.
 *
 * @internal
 */
export class Uploader implements PeerRole, Waiter, Candidate {
  readonly session: Session;
  readonly joinedAtMs: number;
  changedAtMs: number;
  receivedRate = 0;
  sentRate = 0;
  /** Payload sent, in bytes. */
  sentBytes = 0;
  readonly #shared: Shared;
  readonly #asked = new AskedBlocks();
  #badRequests = 0;
  /** What was received, and when that was last seen to have grown, or nothing was to come. */
  #receivedBytes = 0;
  #givenAtMs: number;
  /** How many pieces the peer has said it has. */
  #haveCount = 0;
  /** Bytes left of each piece that the peer may have while it is choked; undefined until it is told. */
  #granted: Map<number, number> | undefined;

  constructor(session: Session, shared: Shared) {
    this.session = session;
    this.#shared = shared;
    this.joinedAtMs = this.changedAtMs = this.#givenAtMs = session.nowMs;
    session.wire.onDrained = () => this.#serve();
  }

  get isInterested(): boolean {
    return this.session.isInterestedInUs;
  }

  get isUnchoked(): boolean {
    return !this.session.isChoking;
  }

  get isSnubbing(): boolean {
    return this.session.nowMs - this.#givenAtMs > SNUB_MS;
  }

  receive(message: Message): void {
    switch (message.kind) {
      case "interested":
        this.#shared.changed(this);
        return this.#grant();
      case "notInterested":
        return this.#shared.changed(this);
      case "request":
        return this.#request(message);
      case "cancel":
        if (this.#asked.cancel(message)) this.#reject(message);
        return;
      case "bitfield":
        this.#haveCount = countBits(message.bits);
        return;
      case "haveAll":
        this.#haveCount = this.#shared.ledger.geometry.pieceCount;
        return;
      case "have":
        this.#haveCount++;
    }
  }

  settle(): void {
    if (this.#asked.length > 0) this.#serve();
  }

  tick(nowMs: number): void {
    const { isInteresting, isChokingUs, isHeldUp, receivedBytes } = this.session;
    const isDue = isInteresting && !isChokingUs && !isHeldUp;
    if (isDue && receivedBytes === this.#receivedBytes) return;
    this.#receivedBytes = receivedBytes;
    this.#givenAtMs = nowMs;
  }

  leave(): void {
    this.#asked.clear();
    this.#shared.left(this);
  }

  /** What was read for it is there. @throws nothing; a peer that fails here is closed */
  wake(): void {
    if (!this.session.wire.isOpen) return;
    try {
      this.#serve();
      this.session.speak();
    } catch (error) {
      this.session.wire.close(error);
    }
  }

  /** Lets the peer ask. */
  unchoke(): void {
    this.changedAtMs = this.session.nowMs;
    this.session.isChoking = false;
    this.session.wire.outbox.unchoke();
  }

  /** Stops to serve it: what it has asked for and not been given will not come, but what it was granted. */
  choke(): void {
    this.changedAtMs = this.session.nowMs;
    this.session.isChoking = true;
    this.session.wire.outbox.choke();
    const kept: BlockRequest[] = [];
    this.#asked.clear((request) => {
      if (this.#isGranted(request)) kept.push({ ...request });
      else this.#reject(request);
    });
    for (const request of kept) this.#asked.push(request);
  }

  #request(request: BlockRequest): void {
    if (!this.#isValid(request)) return this.#refuse(request, "Peer requests what there is not");
    if (this.isUnchoked || this.#isGranted(request)) {
      // What is beyond its room, the peer was told not to ask for.
      if (!this.#asked.push(request)) this.#reject(request);
    } else if (this.session.nowMs - this.changedAtMs < CROSSING_MS) this.#reject(request);
    else this.#refuse(request, "Peer keeps requesting while choked");
  }

  /** Some are forgiven. */
  #refuse(request: BlockRequest, fault: string): void {
    this.#reject(request);
    this.#badRequests++;
    if (this.#badRequests > MAX_BAD_REQUESTS) throw new PeerError(fault, "protocol");
  }

  /** Says that a request will not be answered, to a peer that listens to that (BEP 6). */
  #reject({ pieceIndex, begin, lengthBytes }: BlockRequest): void {
    const { hasFast, outbox } = this.session.wire;
    if (hasFast) outbox.rejectRequest(pieceIndex, begin, lengthBytes);
  }

  /** Lets a newcomer have a few pieces though it is choked (BEP 6): it gets something to give sooner. */
  #grant(): void {
    const { wire } = this.session;
    const { ledger } = this.#shared;
    if (this.isUnchoked || !wire.hasFast || this.#granted !== undefined) return;
    if (this.#haveCount >= ALLOWED_COUNT) return;
    const { remote: { host }, handshake: { infoHash } } = wire;
    const { pieceCount } = ledger.geometry;
    this.#granted = new Map();
    for (const pieceIndex of allowedFast({ host, infoHash, pieceCount })) {
      if (!ledger.isVerified(pieceIndex)) continue;
      // Twice, for what gets lost; then it must wait as others do.
      this.#granted.set(pieceIndex, 2 * ledger.geometry.pieceLength(pieceIndex));
      wire.outbox.allowedFast(pieceIndex);
    }
  }

  /** Whether the request is for what it may have though it is choked; that is used up then. */
  #isGranted({ pieceIndex, lengthBytes }: BlockRequest): boolean {
    const left = (this.#granted?.get(pieceIndex) ?? 0) - lengthBytes;
    if (left < 0) return false;
    this.#granted?.set(pieceIndex, left);
    return true;
  }

  #isValid({ pieceIndex, begin, lengthBytes }: BlockRequest): boolean {
    const { ledger } = this.#shared;
    // In this order: no sum of numbers that the peer has chosen is ever relied on to be small.
    return pieceIndex < ledger.geometry.pieceCount && lengthBytes > 0 &&
      lengthBytes <= BLOCK_LENGTH && begin < ledger.geometry.pieceLength(pieceIndex) &&
      begin + lengthBytes <= ledger.geometry.pieceLength(pieceIndex) &&
      ledger.isVerified(pieceIndex);
  }

  /**
   * Moves blocks to the outbox, as many as it takes and as the cache has: once what it held is written, for
   * until then the system has enough to send.
   */
  #serve(): void {
    const { outbox, isWriting } = this.session.wire;
    if (isWriting) return;
    const { cache, outboxBytes, readsAhead } = this.#shared;
    let request = this.#asked.peek();
    for (; request !== undefined && outbox.pendingBytes < outboxBytes;) {
      const { pieceIndex, begin, lengthBytes } = request;
      const block = cache.take(pieceIndex, begin, { lengthBytes, waiter: this });
      if (block === undefined) return;
      outbox.piece(pieceIndex, begin, block);
      this.sentBytes += lengthBytes;
      this.#shared.count(lengthBytes);
      this.#asked.shift();
      request = this.#asked.peek();
    }
    if (!readsAhead) return;
    const later = this.#asked.peek(READ_AHEAD) ?? request;
    if (later !== undefined) cache.prepare(later.pieceIndex, later.begin);
  }
}
