/**
 * READ FIRST: one download, from a torrent to verified files, as a pipeline of async iterators.
 *
 *     announce -> connect -> requestBlocks -> storeBlocks -> settlePieces
 *
 * Trackers name addresses, connections come of them, blocks arrive, files and hashed pieces are made of
 * blocks, and the pieces that are right are what we have. The ledger (ledger.ts) is the state of every
 * piece, which the stages share; the engine (engine.ts) is what runs beside the pipeline: connections,
 * trackers, counters. What happens leaves as one stream of events (events.ts), by a queue that never
 * makes the pipeline wait (event_queue.ts).
 *
 * @module
 */
import { GaveUpError, StorageError } from "./base/errors.ts";
import { requestBlocks } from "./blocks/request.ts";
import { plainMemory } from "./base/memory.ts";
import { Engine } from "./engine.ts";
import { engineMemoryBytes } from "./engine/memory_bytes.ts";
import { checkPeerOptions, type PeerOptions } from "./engine/peer_options.ts";
import { type EventQueue, eventsOf } from "./event_queue.ts";
import type { DownloadEvent } from "./events.ts";
import type { Ledger } from "./ledger.ts";
import { openLedger } from "./opening.ts";
import { connect } from "./peers/connect.ts";
import { settlePieces } from "./pieces/settle.ts";
import { openDiskStore } from "./storage/open.ts";
import type { SeedGoal } from "./seed.ts";
import { saveOpenPieces } from "./storage/save.ts";
import type { Store } from "./storage/store.ts";
import { storeBlocks } from "./storage/store_blocks.ts";
import type { Metainfo } from "./torrent/metainfo.ts";

export type { PeerOptions } from "./engine/peer_options.ts";

/** How to download. */
export interface DownloadOptions extends PeerOptions {
  /** The folder that the file, or the folder of files, is put in. */
  readonly directory: string;
  /** Give up when nothing new arrived for so long. @default never */
  readonly timeoutMs?: number;
  /** Whether to start afresh over files that are there and have nothing to do with the torrent. */
  readonly overwrite?: boolean;
  /** Whether to seed once everything is there, and until when. @default not at all */
  readonly seed?: SeedGoal;
  /** Gives numbers in [0, 1) for what is left to chance, such as which of equally rare pieces to ask for. */
  readonly random?: () => number;
  /** Ends the download, its state saved. */
  readonly signal?: AbortSignal;
  /** Where to put the bytes instead of files in `directory`; the download disposes it. */
  readonly store?: Store;
}

type CompleteEvent = Extract<DownloadEvent, { readonly kind: "complete" }>;

/** The same, inside: there always is a signal. */
type RunOptions = DownloadOptions & { readonly signal: AbortSignal };

/**
 * Downloads a torrent and tells how it goes. When every piece is verified and stored, and peers and
 * trackers are left, the event `complete` comes last; a download that fails throws and never tells it.
 * With `seed`, peers and trackers stay, and `seeded` comes last.
 * Breaking out of it, or aborting, ends everything and keeps what was downloaded for the next run.
 *
 * @throws {StorageError} when the files cannot be written or belong to something else
 * @throws {GaveUpError} when no source is left, or nothing came for `timeoutMs`
 * @throws {RangeError} when a limit or the number of peers is below 1
 * @throws the signal's reason, once the state is saved
 */
export async function* download(
  metainfo: Metainfo,
  options: DownloadOptions,
): AsyncGenerator<DownloadEvent, void, undefined> {
  // Whatever is refused before it begins, the store is ours.
  await using _ = options.store;
  checkPeerOptions(options);
  yield* eventsOf(
    (events, signal) => run(metainfo, { ...options, signal }, events),
    options.signal,
  );
}

/**
 * The whole run: look at what is there, fetch the rest, finish. Gives the last event instead of reporting
 * it: by then peers and trackers are closed and nothing can fail or be told any more.
 */
async function run(
  metainfo: Metainfo,
  options: RunOptions,
  events: EventQueue,
): Promise<DownloadEvent> {
  const startedAtMs = performance.now();
  const hooks = new StoreHooks();
  await using store = options.store ?? await openStore(metainfo, options, hooks);
  const memory = store.memory ?? plainMemory(engineMemoryBytes(metainfo, options));
  const { signal, seed, random } = options;
  const opening = { mode: "download", store, memory, signal, events, random } as const;
  const ledger = await openLedger(metainfo, opening);
  const finish = async (downloadedBytes: number): Promise<CompleteEvent> => {
    await store.finish(seed === undefined ? "leaves" : "stays");
    const { totalLength: totalBytes } = metainfo.geometry;
    const seconds = (performance.now() - startedAtMs) / 1000;
    return { kind: "complete", output: store.output, totalBytes, downloadedBytes, seconds };
  };
  if (ledger.isComplete && seed === undefined) return await finish(0);

  const report = (event: DownloadEvent) => events.push(event);
  await using engine = new Engine({ ...options, metainfo, ledger, store, report });
  hooks.attach(engine);
  if (ledger.isComplete) {
    report(await finish(0));
    const { serveAll } = await import("./seed.ts");
    return await serveAll(engine, metainfo, seed ?? {});
  }
  const whenComplete = async () => {
    engine.announcer.completed();
    const complete = await finish(engine.meter.transferred.downloadedBytes);
    if (seed === undefined) return complete;
    report(complete);
    const { serve } = await import("./seed.ts");
    return await serve(engine, metainfo, seed);
  };
  try {
    const last = await fetchPieces(engine, { ledger, store, whenComplete });
    if (last !== undefined) return last;
    throw noSourceError(metainfo, options);
  } catch (error) {
    await engine.hangUp();
    // Where the disk fails, there is no saving to it.
    if (!(error instanceof StorageError)) {
      await saveOpenPieces(ledger, store, (source) => engine.isLiar(source));
    }
    throw error;
  }
}

/** What a store on disk asks of the engine, which is made after it. */
class StoreHooks {
  #engine: Engine | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** Lets a connection go, for its descriptor. */
  readonly onDescriptorShortage = (): boolean => this.#engine?.swarm.shed() ?? false;

  /** Ends the download. */
  readonly onFailure = (error: unknown): void => {
    this.#failure ??= { error };
    this.#engine?.downloads.runs.fail(error);
  };

  /** The engine is there now. */
  attach(engine: Engine): void {
    this.#engine = engine;
    if (this.#failure !== undefined) this.onFailure(this.#failure.error);
  }
}

function openStore(metainfo: Metainfo, options: RunOptions, hooks: StoreHooks): Promise<Store> {
  const { directory, overwrite = false } = options;
  const { onDescriptorShortage, onFailure } = hooks;
  const memoryBytes = engineMemoryBytes(metainfo, options);
  const where = { directory, overwrite, memoryBytes };
  return openDiskStore(metainfo, { ...where, onDescriptorShortage, onFailure });
}

/** What the pipeline works on. */
interface FetchOptions<Last> {
  readonly ledger: Ledger;
  readonly store: Store;
  /** What comes when every piece is there; connections last until its end. */
  readonly whenComplete: () => Promise<Last>;
}

function noSourceError({ trackers }: Metainfo, { peers = [] }: DownloadOptions): GaveUpError {
  const isNobodyNamed = trackers.length === 0 && peers.length === 0;
  const why = isNobodyNamed ? ": the torrent names no tracker, and no peer was named" : "";
  return new GaveUpError(`Cannot complete the download: no source is left${why}`);
}

/**
 * The pipeline. Every stage takes the one before and yields to the next; pulling the last one runs them all.
 *
 * @returns undefined when nothing can come any more
 */
async function fetchPieces<Last>(
  engine: Engine,
  { ledger, store, whenComplete }: FetchOptions<Last>,
): Promise<Last | undefined> {
  const addresses = engine.addresses();
  const wires = connect(addresses, engine.connecting);
  const blocks = requestBlocks(wires, engine);
  const pieces = storeBlocks(blocks, { ledger, store });
  for await (const pieceIndices of settlePieces(pieces, { ...engine.settling, store })) {
    engine.downloads.announceHave(pieceIndices);
    if (ledger.isComplete) return await whenComplete();
  }
  engine.signal.throwIfAborted();
  return undefined;
}
