/** The torrent of the swarm bench: one file in which every block is the same. */
import { createHash } from "node:crypto";
import { encodeBencode } from "../../lib/torrent/bencode.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { randomBytes } from "../support/torrent_fixture.ts";

/** What every block holds. */
export function swarmBlock(): Uint8Array<ArrayBuffer> {
  return randomBytes(BLOCK_LENGTH, 1);
}

/** The .torrent file; no tracker, for the peers are named. */
export function swarmTorrent(lengthBytes: number, pieceLength: number): Uint8Array {
  const pieceCount = Math.ceil(lengthBytes / pieceLength);
  const pieces = new Uint8Array(20 * pieceCount);
  const whole = hashOf(pieceLength);
  const last = hashOf(lengthBytes - (pieceCount - 1) * pieceLength);
  for (let index = 0; index < pieceCount; index++) {
    pieces.set(index === pieceCount - 1 ? last : whole, index * 20);
  }
  const info = { length: lengthBytes, name: "swarm.bin", "piece length": pieceLength, pieces };
  return encodeBencode({ info });
}

function hashOf(lengthBytes: number): Uint8Array {
  const block = swarmBlock();
  const hash = createHash("sha1");
  for (let left = lengthBytes; left > 0; left -= BLOCK_LENGTH) {
    hash.update(block.subarray(0, Math.min(left, BLOCK_LENGTH)));
  }
  return hash.digest();
}
