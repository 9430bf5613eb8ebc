/**
 * How every run on a torrent begins, whether it downloads or seeds: it says what it is about, and looks
 * at what is there.
 *
 * @module
 */
import type { EventQueue } from "./event_queue.ts";
import type { DownloadEvent } from "./events.ts";
import { Ledger } from "./ledger.ts";
import type { Memory } from "./base/memory.ts";
import type { Resumed, Store } from "./storage/store.ts";
import type { Metainfo } from "./torrent/metainfo.ts";

/** What a run begins with. */
export interface OpeningOptions {
  readonly mode: (DownloadEvent & { readonly kind: "start" })["mode"];
  /** The part of a Store that is used here. */
  readonly store: Pick<Store, "output" | "check">;
  /** Of the ledger. */
  readonly memory: Memory;
  /** Of the ledger, in [0, 1). @default Math.random */
  readonly random?: (() => number) | undefined;
  readonly signal: AbortSignal;
  readonly events: EventQueue;
}

/**
 * Tells of the torrent, checks what is there, and makes the ledger of it.
 *
 * @throws {StorageError}
 */
export async function openLedger(metainfo: Metainfo, options: OpeningOptions): Promise<Ledger> {
  const { events, memory, random = Math.random } = options;
  reportStart(metainfo, options);
  const ledger = new Ledger(metainfo.geometry, { ...await check(options), memory, random });
  const { verifiedBytes: haveBytes, verifiedCount: havePieces } = ledger;
  events.push({ kind: "checked", haveBytes, havePieces });
  return ledger;
}

async function check({ store, signal, events }: OpeningOptions): Promise<Resumed> {
  const checking = store.check({ signal });
  let step = await checking.next();
  for (; !step.done; step = await checking.next()) events.push({ kind: "checking", ...step.value });
  return step.value;
}

function reportStart(metainfo: Metainfo, { mode, store, events }: OpeningOptions): void {
  const { name, infoHash, geometry, files, warnings } = metainfo;
  events.push({
    kind: "start",
    name,
    infoHash: infoHash.toHex(),
    totalBytes: geometry.totalLength,
    pieceCount: geometry.pieceCount,
    fileCount: files.filter((file) => !file.isPadding).length,
    output: store.output,
    mode,
  });
  for (const message of warnings) events.push({ kind: "warning", message });
}
