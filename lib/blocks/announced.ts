/**
 * What a peer says that it has.
 *
 * @module
 */
import { emptyBits, fullBits, isBitsOf } from "../base/bits.ts";
import { PeerError } from "../base/errors.ts";
import type { Ledger, Source } from "../ledger.ts";
import type { Message } from "../peers/message.ts";

/**
 * Notes down what a message says of the pieces that its peer has.
 *
 * @returns whether it says anything of the kind
 * @throws {PeerError} "protocol", when that cannot be
 */
export function noteHaves(ledger: Ledger, source: Source, message: Message): boolean {
  const { holdings, geometry: { pieceCount } } = ledger;
  switch (message.kind) {
    case "have":
      checkIndex(ledger, message.pieceIndex);
      holdings.addHave(source, message.pieceIndex);
      return true;
    case "bitfield":
      if (!isBitsOf(message.bits, pieceCount)) {
        const detail = "bits behind the last piece are set";
        throw new PeerError(`Cannot accept bitfield: ${detail}`, "protocol");
      }
      ledger.setHaves(source, message.bits);
      return true;
    case "haveAll":
      ledger.setHaves(source, fullBits(pieceCount));
      return true;
    case "haveNone":
      ledger.setHaves(source, emptyBits(pieceCount));
      return true;
    default:
      return false;
  }
}

/** @throws {PeerError} "protocol", when there is no such piece */
export function checkIndex({ geometry }: Ledger, pieceIndex: number): void {
  if (pieceIndex < geometry.pieceCount) return;
  throw new PeerError(`Peer has piece ${pieceIndex}, which does not exist`, "protocol");
}
