/**
 * READ FIRST: one download, from a torrent to verified files, as a pipeline of async iterators.
 *
 *     announce -> connect -> requestBlocks -> assemblePieces -> writePieces
 *
 * The ledger (ledger.ts) is the state of every piece, which the stages share; the engine (engine.ts) is
 * what runs beside the pipeline: connections, trackers, counters. What happens leaves as one stream of events.
 *
 * @module
 */
import type { PeerAddress } from "./base/address.ts";
import { GaveUpError, StorageError } from "./base/errors.ts";
import { requestBlocks } from "./blocks/request.ts";
import { Engine } from "./engine.ts";
import { EventQueue } from "./event_queue.ts";
import type { DownloadEvent } from "./events.ts";
import { Ledger } from "./ledger.ts";
import { connect } from "./peers/connect.ts";
import { assemblePieces } from "./pieces/assemble.ts";
import { openDiskStore } from "./storage/disk.ts";
import { saveOpenPieces } from "./storage/save.ts";
import type { Store } from "./storage/store.ts";
import { writePieces } from "./storage/write.ts";
import type { Metainfo } from "./torrent/metainfo.ts";

/** How to download. */
export interface DownloadOptions {
  /** The folder that the file, or the folder of files, is put in. */
  readonly directory: string;
  /** Peers to try besides those that trackers name. */
  readonly peers?: readonly PeerAddress[];
  /** The port to listen on. @default a random one of 49152 to 65535 */
  readonly port?: number;
  /** The local address for everything; nothing is sent from another one. @default any */
  readonly bind?: string;
  /** How many peers to be connected to at most. @default 200 */
  readonly maxPeers?: number;
  /** Give up when nothing new arrived for so long. @default never */
  readonly timeoutMs?: number;
  /** Whether to start afresh over files that are there and have nothing to do with the torrent. */
  readonly overwrite?: boolean;
  /** Ends the download, its state saved. */
  readonly signal?: AbortSignal;
  /** Where to put the bytes instead of files in `directory`; the download disposes it. */
  readonly store?: Store;
}

/** The same, inside: there always is a signal. */
type RunOptions = DownloadOptions & { readonly signal: AbortSignal };

/**
 * Downloads a torrent and tells how it goes. The iteration ends when every piece is verified and stored.
 * Breaking out of it, or aborting, ends everything and keeps what was downloaded for the next run.
 *
 * @throws {StorageError} when the files cannot be written or belong to something else
 * @throws {GaveUpError} when no source is left, or nothing came for `timeoutMs`
 * @throws the signal's reason, once the state is saved
 */
export async function* download(
  metainfo: Metainfo,
  options: DownloadOptions,
): AsyncGenerator<DownloadEvent, void, undefined> {
  options.signal?.throwIfAborted();
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, ...(options.signal ? [options.signal] : [])]);
  const events = new EventQueue();
  const running = run(metainfo, { ...options, signal }, events).then(
    () => events.close(),
    (error: unknown) => events.fail(error),
  );
  try {
    yield* events;
  } finally {
    ending.abort(new DOMException("The consumer of the events has gone", "AbortError"));
    await running;
  }
}

/** The whole run: look at what is there, fetch the rest, finish. */
async function run(metainfo: Metainfo, options: RunOptions, events: EventQueue): Promise<void> {
  const startedAtMs = performance.now();
  let shed = () => false;
  const { directory, overwrite = false } = options;
  const onDescriptorShortage = () => shed();
  await using store = options.store ??
    await openDiskStore(metainfo, { directory, overwrite, onDescriptorShortage });
  reportStart(metainfo, store, events);

  const ledger = await check(store, metainfo, { signal: options.signal, events });
  let downloadedBytes = 0;
  const finish = async () => {
    await store.finish();
    const { totalLength: totalBytes } = metainfo.geometry;
    const seconds = (performance.now() - startedAtMs) / 1000;
    events.push({ kind: "complete", output: store.output, totalBytes, downloadedBytes, seconds });
  };
  if (ledger.isComplete) return await finish();

  const report = (event: DownloadEvent) => events.push(event);
  await using engine = new Engine({ ...options, metainfo, ledger, store, report });
  shed = () => engine.swarm.shed();
  try {
    await fetchPieces(engine, ledger, store);
  } catch (error) {
    await engine.hangUp();
    // Where the disk fails, there is no saving to it.
    if (!(error instanceof StorageError)) {
      await saveOpenPieces(ledger, store, (source) => engine.isLiar(source));
    }
    throw error;
  }
  downloadedBytes = engine.meter.transferred.downloadedBytes;
  engine.announcer.completed();
  await finish();
}

/**
 * The pipeline. Every stage takes the one before and yields to the next; pulling the last one runs them all.
 */
async function fetchPieces(engine: Engine, ledger: Ledger, store: Store): Promise<void> {
  const addresses = engine.addresses();
  const wires = connect(addresses, engine.connecting);
  const blocks = requestBlocks(wires, engine);
  const pieces = assemblePieces(blocks, engine.assembling);
  for await (const pieceIndices of writePieces(pieces, { ledger, store })) {
    if (ledger.isComplete) return;
    engine.downloads.announceHave(pieceIndices);
  }
  engine.signal.throwIfAborted();
  throw new GaveUpError("Cannot complete the download: no source is left");
}

/** Looks at what an earlier run left; the ledger starts from there. */
async function check(
  store: Store,
  { geometry }: Metainfo,
  { signal, events }: { readonly signal: AbortSignal; readonly events: EventQueue },
): Promise<Ledger> {
  const checking = store.check({ signal });
  let step = await checking.next();
  for (; !step.done; step = await checking.next()) events.push({ kind: "checking", ...step.value });
  const ledger = new Ledger(geometry, step.value);
  const { verifiedBytes: haveBytes, verifiedCount: havePieces } = ledger;
  events.push({ kind: "checked", haveBytes, havePieces });
  return ledger;
}

function reportStart(metainfo: Metainfo, store: Store, events: EventQueue): void {
  const { name, infoHash, geometry, files, warnings } = metainfo;
  events.push({
    kind: "start",
    name,
    infoHash: infoHash.toHex(),
    totalBytes: geometry.totalLength,
    pieceCount: geometry.pieceCount,
    fileCount: files.filter((file) => !file.isPadding).length,
    output: store.output,
  });
  for (const message of warnings) events.push({ kind: "warning", message });
}
