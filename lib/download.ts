/**
 * READ FIRST: the pipeline announce -> connect -> requestBlocks -> assemblePieces -> writePieces.
 *
 * @module
 */
import type { PeerAddress } from "./base/address.ts";
import type { DownloadEvent } from "./events.ts";
import type { Store } from "./storage/store.ts";
import type { Metainfo } from "./torrent/metainfo.ts";

/** How to download. */
export interface DownloadOptions {
  readonly directory: string;
  readonly peers?: readonly PeerAddress[];
  readonly port?: number;
  readonly bind?: string;
  readonly maxPeers?: number;
  readonly timeoutMs?: number;
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
  readonly store?: Store;
}

/** Downloads a torrent. */
// deno-lint-ignore require-yield -- stands in for the engine
export async function* download(
  metainfo: Metainfo,
  options: DownloadOptions,
): AsyncGenerator<DownloadEvent, void, undefined> {
  await Promise.resolve();
  throw new Error(`Cannot download "${metainfo.name}" to "${options.directory}": no engine yet`);
}
