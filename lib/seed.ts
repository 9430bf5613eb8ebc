/**
 * Seeding: serving a torrent whose files are complete.
 *
 * @module
 */
import { plainMemory } from "./base/memory.ts";
import { Engine, type EngineOptions } from "./engine.ts";
import { seedMemoryBytes } from "./engine/memory_bytes.ts";
import { checkPeerOptions, type PeerOptions } from "./engine/peer_options.ts";
import { type EventQueue, eventsOf } from "./event_queue.ts";
import type { DownloadEvent } from "./events.ts";
import type { Ledger } from "./ledger.ts";
import { openLedger } from "./opening.ts";
import { connect } from "./peers/connect.ts";
import { type SeedableStore, SeedStore } from "./storage/seed_store.ts";
import type { Metainfo } from "./torrent/metainfo.ts";

/** When to stop to seed, whichever comes first; without any, never. */
export interface SeedGoal {
  /** What is uploaded in this run, as a multiple of the torrent's length. */
  readonly ratio?: number;
  /** How long to seed. */
  readonly timeMs?: number;
}

/** How to seed. */
export interface SeedOptions extends SeedGoal, PeerOptions {
  /** The folder that the file, or the folder of files, is in. */
  readonly directory: string;
  /** Whether to show each peer but a piece or two at a time (BEP 16): for one who is alone to have all. */
  readonly superSeed?: boolean;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Where the bytes are instead of in `directory`; disposed at the end. */
  readonly store?: SeedableStore;
}

/** The last event of whoever reached the goal. */
export type SeededEvent = Extract<DownloadEvent, { readonly kind: "seeded" }>;

/**
 * Serves complete files and tells how it goes, until a goal is reached; then the event `seeded` comes
 * last. The files are checked first, unless the state of a download that went on to seed vouches for them,
 * and never written.
 *
 * @throws {Error} when pieces are missing or wrong
 * @throws {StorageError} when files cannot be read, or are being written
 * @throws {RangeError} when a limit or the number of peers is below 1
 * @throws the signal's reason
 */
export async function* seed(
  metainfo: Metainfo,
  options: SeedOptions,
): AsyncGenerator<DownloadEvent, void, undefined> {
  // Whatever is refused before it begins, the store is ours.
  await using _ = options.store;
  checkPeerOptions(options);
  yield* eventsOf(
    (events, signal) => run(metainfo, { ...options, signal }, events),
    options.signal,
  );
}

async function run(
  metainfo: Metainfo,
  options: SeedOptions & { readonly signal: AbortSignal },
  events: EventQueue,
): Promise<SeededEvent> {
  await using store = options.store ?? new SeedStore(metainfo, options.directory);
  const memory = plainMemory(seedMemoryBytes(options));
  const ledger = await openLedger(metainfo, { ...options, mode: "seed", store, memory, events });
  if (!ledger.isComplete) {
    const { pieceCount } = metainfo.geometry;
    const bad = `${pieceCount - ledger.verifiedCount} of ${pieceCount}`;
    throw new Error(`Cannot seed "${store.output}": pieces missing or wrong: ${bad}`);
  }
  const report = (event: DownloadEvent) => events.push(event);
  const show = options.superSeed ? await superSeeding(ledger) : {};
  await using engine = new Engine({ ...options, ...show, metainfo, ledger, store, report });
  return await serveAll(engine, metainfo, options);
}

/** Loaded here, for few want it. */
async function superSeeding(
  ledger: Ledger,
): Promise<Pick<EngineOptions, "hidesHaves" | "extraRoles">> {
  const { SuperSeed } = await import("./upload/super_seed.ts");
  return { hidesHaves: true, extraRoles: [new SuperSeed({ ledger })] };
}

/** Connects to whoever wants something, and serves until the goal is reached. @throws what ends it before */
export async function serveAll(
  engine: Engine,
  metainfo: Metainfo,
  goal: SeedGoal,
): Promise<SeededEvent> {
  const serving = serve(engine, metainfo, goal);
  const following = engine.swarm.follow(connect(engine.addresses(), engine.connecting));
  // It ends when the engine does; before that, by a failure only.
  await Promise.race([serving, following.then(() => serving)]);
  return await serving;
}

/** Serves those who are connected until the goal is reached. @throws what ends it before */
export async function serve(
  engine: Engine,
  { geometry }: Metainfo,
  { ratio = Infinity, timeMs = Infinity }: SeedGoal,
): Promise<SeededEvent> {
  const startedAtMs = performance.now();
  engine.startSeeding({
    ...(ratio === Infinity ? {} : { ratio }),
    ...(timeMs === Infinity ? {} : { seconds: timeMs / 1000 }),
  });
  const state = () => {
    const { uploadedBytes } = engine.meter.transferred;
    const seconds = (performance.now() - startedAtMs) / 1000;
    return { uploadedBytes, ratio: uploadedBytes / Math.max(geometry.totalLength, 1), seconds };
  };
  await engine.until(() => state().ratio >= ratio || state().seconds * 1000 >= timeMs);
  return { kind: "seeded", ...state() };
}
