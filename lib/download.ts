/**
 * READ FIRST: one download, from a torrent to verified files, as a pipeline of async iterators.
 *
 *     announce -> connect -> requestBlocks -> storeBlocks -> settlePieces
 *
 * Trackers name addresses, connections come of them, blocks arrive, files and hashed pieces are made of
 * blocks, and the pieces that are right are what we have. The ledger (ledger.ts) is the state of every piece, which the stages share; the engine (engine.ts) is
 * what runs beside the pipeline: connections, trackers, counters. What happens leaves as one stream of
 * events (events.ts), by a queue that never makes the pipeline wait (event_queue.ts).
 *
 * @module
 */
import type { PeerAddress } from "./base/address.ts";
import { GaveUpError, StorageError } from "./base/errors.ts";
import { requestBlocks } from "./blocks/request.ts";
import { plainMemory } from "./base/memory.ts";
import { Engine, engineMemoryBytes } from "./engine.ts";
import { EventQueue } from "./event_queue.ts";
import type { DownloadEvent } from "./events.ts";
import { Ledger } from "./ledger.ts";
import { connect } from "./peers/connect.ts";
import type { Encryption } from "./peers/encryption.ts";
import type { RateLimits } from "./peers/throttle.ts";
import { settlePieces } from "./pieces/settle.ts";
import { openDiskStore } from "./storage/open.ts";
import { saveOpenPieces } from "./storage/save.ts";
import type { Resumed, Store } from "./storage/store.ts";
import { storeBlocks } from "./storage/store_blocks.ts";
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
  /** Which connections are encrypted (MSE). @default "allow" */
  readonly encryption?: Encryption;
  /** The most that is received and sent over all connections to peers, in bytes per second. @default no limits */
  readonly limits?: RateLimits;
  /** Whether to exchange addresses with peers, unless the torrent is private. @default true */
  readonly usePex?: boolean;
  /** Whether to ask the gateway of a private network to let peers in. @default true */
  readonly usePortMapping?: boolean;
  /** Whether to start afresh over files that are there and have nothing to do with the torrent. */
  readonly overwrite?: boolean;
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
    (complete) => {
      events.push(complete);
      events.close();
    },
    (error: unknown) => events.fail(error),
  );
  try {
    yield* events;
  } finally {
    ending.abort(new DOMException("The consumer of the events has gone", "AbortError"));
    await running;
  }
}

/**
 * The whole run: look at what is there, fetch the rest, finish. Gives the last event instead of reporting
 * it: by then peers and trackers are closed and nothing can fail or be told any more.
 */
async function run(
  metainfo: Metainfo,
  options: RunOptions,
  events: EventQueue,
): Promise<CompleteEvent> {
  const startedAtMs = performance.now();
  const hooks = new StoreHooks();
  await using store = options.store ?? await openStore(metainfo, options, hooks);
  reportStart(metainfo, store, events);

  const memory = store.memory ?? plainMemory(engineMemoryBytes(metainfo, options));
  const resumed = await check(store, { signal: options.signal, events });
  const { random = Math.random } = options;
  const ledger = new Ledger(metainfo.geometry, { ...resumed, memory, random });
  const { verifiedBytes: haveBytes, verifiedCount: havePieces } = ledger;
  events.push({ kind: "checked", haveBytes, havePieces });
  let downloadedBytes = 0;
  const finish = async (): Promise<CompleteEvent> => {
    await store.finish();
    const { totalLength: totalBytes } = metainfo.geometry;
    const seconds = (performance.now() - startedAtMs) / 1000;
    return { kind: "complete", output: store.output, totalBytes, downloadedBytes, seconds };
  };
  if (ledger.isComplete) return await finish();

  const report = (event: DownloadEvent) => events.push(event);
  await using engine = new Engine({ ...options, metainfo, ledger, store, report });
  hooks.attach(engine);
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
  return await finish();
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

/**
 * The pipeline. Every stage takes the one before and yields to the next; pulling the last one runs them all.
 */
async function fetchPieces(engine: Engine, ledger: Ledger, store: Store): Promise<void> {
  const addresses = engine.addresses();
  const wires = connect(addresses, engine.connecting);
  const blocks = requestBlocks(wires, engine);
  const pieces = storeBlocks(blocks, { ledger, store });
  for await (const pieceIndices of settlePieces(pieces, engine.settling)) {
    if (ledger.isComplete) return;
    engine.downloads.announceHave(pieceIndices);
  }
  engine.signal.throwIfAborted();
  throw new GaveUpError("Cannot complete the download: no source is left");
}

/** Looks at what an earlier run left. */
async function check(
  store: Store,
  { signal, events }: { readonly signal: AbortSignal; readonly events: EventQueue },
): Promise<Resumed> {
  const checking = store.check({ signal });
  let step = await checking.next();
  for (; !step.done; step = await checking.next()) events.push({ kind: "checking", ...step.value });
  return step.value;
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
