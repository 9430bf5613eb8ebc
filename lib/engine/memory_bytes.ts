/**
 * How much memory a run can come to take for what it reads and holds.
 *
 * @module
 */
import { budgetMemoryBytes } from "../ledger/budget.ts";
import { readBufferBytes } from "../peers/read_buffers.ts";
import type { Metainfo } from "../torrent/metainfo.ts";

/** How many peers to be connected to at most, where nobody says. */
export const DEFAULT_MAX_PEERS = 200;

/** Of a download, in bytes. */
export function engineMemoryBytes(
  { geometry }: Metainfo,
  options: { readonly maxPeers?: number },
): number {
  return budgetMemoryBytes(geometry) + seedMemoryBytes(options);
}

/** Of one that only seeds, in bytes. */
export function seedMemoryBytes(
  { maxPeers = DEFAULT_MAX_PEERS }: { readonly maxPeers?: number },
): number {
  return readBufferBytes(maxPeers);
}
