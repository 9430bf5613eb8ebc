/**
 * What it means that a connection came to nothing: pure.
 *
 * @module
 */
import { isDescriptorShortage, PeerError } from "../base/errors.ts";
import type { Outcome } from "./peer_book.ts";

/** Whether the peer ended the connection instead of answering our handshake. */
export function isHangUp(error: unknown): boolean {
  return error instanceof PeerError && error.reason === "closed";
}

/** What to make of the address. */
export function outcomeOf(error: unknown): Outcome {
  if (isDescriptorShortage(error)) return "ours";
  if (!(error instanceof PeerError)) return "unreachable";
  switch (error.reason) {
    case "self":
    case "banned":
      return "never";
    // The other connection may end, and whoever has this peer's id may have borrowed it.
    case "duplicate":
      return "useless";
    case "surplus":
      return "ours";
    default:
      return "unreachable";
  }
}

/** The same failure as one that can be told. */
export function asPeerError(error: unknown): PeerError {
  if (error instanceof PeerError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return new PeerError(`Cannot connect: ${detail}`, "dial", { cause: error });
}
