/**
 * Who fetches which piece from somebody who alone has it. Where several of our kind are about the same
 * torrent, each draws lots for every piece, the same lots as all others draw, from their peer ids: without
 * a word, each begins with the pieces that fall to him, and a seeder need send hardly any twice.
 *
 * @module
 */
import type { PeerId } from "../base/identity.ts";
import type { Source } from "../ledger.ts";

/** The part of a peer id that tells our kind, and the random one that lots are drawn from, in bytes. */
const KIND_LENGTH = 3;
const RANDOM_LENGTH = 4;

/** Those of our kind that we are connected with. */
export class Claims {
  readonly #own: PeerId | undefined;
  readonly #rivals = new Map<Source, number>();

  /** @param own our peer id; without it, every piece is ours */
  constructor(own?: PeerId) {
    this.#own = own;
  }

  /** A peer comes. */
  join(source: Source, peerId: PeerId): void {
    if (this.#own !== undefined && kindOf(peerId) === kindOf(this.#own)) {
      this.#rivals.set(source, seedOf(peerId));
    }
  }

  /** A peer goes. */
  leave(source: Source): void {
    this.#rivals.delete(source);
  }

  /** Whether a piece that no leecher has falls to us. */
  isOurs(pieceIndex: number): boolean {
    if (this.#own === undefined) return true;
    const own = lotOf(seedOf(this.#own), pieceIndex);
    for (const [source, seed] of this.#rivals) {
      if (!source.isComplete && lotOf(seed, pieceIndex) > own) return false;
    }
    return true;
  }
}

function kindOf(peerId: PeerId): string {
  return peerId.subarray(0, KIND_LENGTH).toHex();
}

function seedOf(peerId: PeerId): number {
  const start = peerId.length - RANDOM_LENGTH;
  return new DataView(peerId.buffer, peerId.byteOffset + start, RANDOM_LENGTH).getUint32(0);
}

/** A number of 32 bits that looks random, the same for the same two. */
function lotOf(seed: number, pieceIndex: number): number {
  let mixed = Math.imul(seed ^ Math.imul(pieceIndex + 1, 0x9e37_79b1), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
