/** A download of two small pieces, and peers that it downloads from. */
import { PeerError } from "../../lib/base/errors.ts";
import type { Memory } from "../../lib/base/memory.ts";
import { Downloads } from "../../lib/blocks/request.ts";
import { BLOCK, type Ledger } from "../../lib/ledger.ts";
import { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { FakePeer } from "../support/fake_peer.ts";
import { bitsOf, KIB, makeLedger, makeMemory, plainGeometry } from "../support/torrents.ts";

/** Two pieces of two blocks. */
const GEOMETRY = plainGeometry(64 * KIB, 32 * KIB);
const MAX_PEERS = 16;

/** A download of them, and peers for it. */
export class Rig {
  readonly memory: Memory;
  readonly buffers: ReadBuffers;
  readonly ledger: Ledger;
  readonly downloads: Downloads;

  /**
   * @param bytesPerSecond the limit that reading is under
   * @param geometry has no more than eight pieces
   */
  constructor(bytesPerSecond?: number, geometry = GEOMETRY) {
    this.memory = makeMemory(geometry, MAX_PEERS);
    this.buffers = new ReadBuffers(this.memory);
    this.ledger = makeLedger(geometry, { memory: this.memory });
    this.downloads = new Downloads({ ledger: this.ledger, count: () => {}, bytesPerSecond });
  }

  /** A peer that has these pieces and has unchoked us. */
  async join(pieces: readonly number[], nowMs = 0): Promise<FakePeer> {
    const { buffers } = this;
    const peer = new FakePeer(this.downloads, { bitfieldLength: 1, nowMs, buffers });
    peer.says.bitfield(bitsOf(this.ledger.geometry.pieceCount, pieces));
    peer.says.unchoke();
    await peer.send();
    return peer;
  }

  /** A peer of the fast extension, that says something first. */
  async meet(say: (says: FakePeer["says"]) => void): Promise<FakePeer> {
    const { buffers } = this;
    const options = { bitfieldLength: 1, nowMs: 0, buffers, hasFast: true };
    const peer = new FakePeer(this.downloads, options);
    say(peer.says);
    await peer.send();
    return peer;
  }

  /** What is held, as "piece:block". */
  held(): string[] {
    return [...this.ledger.openPieces].flatMap((piece) =>
      [...piece.states.keys()].filter((block) => piece.states[block] === BLOCK.held)
        .map((block) => `${piece.pieceIndex}:${block}`)
    );
  }
}

/** The bytes of a block: those of another one differ. */
export function blockOf(pieceIndex: number, block: number, length = BLOCK_LENGTH): Uint8Array {
  return new Uint8Array(length).fill(0x80 + 16 * pieceIndex + block);
}

/** The peer sends a block, named as "piece:block". */
export function say(peer: FakePeer, key: string, length = BLOCK_LENGTH): Promise<void> {
  const [pieceIndex = 0, block = 0] = key.split(":").map(Number);
  peer.says.piece(pieceIndex, block * BLOCK_LENGTH, blockOf(pieceIndex, block, length));
  return peer.send();
}

/** The peer takes back that it has a piece; ours is the only extension. */
export function sayDontHave(peer: FakePeer, payload: readonly number[]): Promise<void> {
  peer.says.extended(1, Uint8Array.from(payload));
  return peer.send();
}

/** Ends the connection. */
export async function part(peer: FakePeer): Promise<void> {
  peer.session.wire.close(new PeerError("The test is over", "closed"));
  await peer.ended;
  peer.session.leave();
}
