/** The stages of a download, each with a way to stop it right there. */
import type { DownloadEvent } from "../../lib/events.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import type { Metainfo } from "../../lib/torrent/metainfo.ts";
import { HttpTracker } from "./http_tracker.ts";
import { type Behaviour, Seeder, type SeederOptions } from "./seeder.ts";
import { KIB, type RunOptions, waitingFor } from "./swarm.ts";
import { type FixtureOptions, makeTorrent } from "./torrent_fixture.ts";
import * as villains from "./villains.ts";

/** The torrent of all scenes: 16 pieces of 4 blocks. */
export const SHAPE: FixtureOptions = { files: 16 * 64 * KIB, pieceLength: 64 * KIB };

/** The same, made. */
export const FIXTURE = makeTorrent(SHAPE);

const SIZE = FIXTURE.content.length;

/** What a scene has to work with. */
export interface Stage {
  /** Where the download will write. */
  readonly directory: string;
  /** What it opens for the download. */
  readonly open: AsyncDisposableStack;
  /** The moment has come. */
  readonly stop: () => void;
}

/** How to download; a scene may bring a torrent of its own, which differs in its trackers. */
export type SceneOptions = RunOptions & { readonly metainfo?: Metainfo };

/** Sets up one stage of a download, and stops it right there. */
export interface Scene {
  readonly set: (stage: Stage) => Promise<SceneOptions> | SceneOptions;
  /** How many bytes the next run must not ask for again. */
  readonly keptBytes?: number;
  /** Whether nothing is left to be ended. */
  readonly isComplete?: true;
}

/** Every stage, in order. */
export const SCENES: readonly (readonly [string, Scene])[] = [
  ["while it checks", { set: checking, keptBytes: SIZE }],
  ["while it announces", { set: announcing }],
  ["while it dials", { set: dialling }],
  ["while it waits for a handshake", { set: greeting }],
  ["while it waits to be unchoked", { set: choked }],
  ["while it waits for the first block", { set: requesting }],
  ["within a piece", { set: midPiece, keptBytes: 6 * BLOCK_LENGTH }],
  ["in end game", { set: endGame, keptBytes: 44 * BLOCK_LENGTH }],
  ["when it is complete", { set: finishing, keptBytes: SIZE, isComplete: true }],
];

function seed(
  { open }: Stage,
  behaviour: Behaviour = {},
  options: Partial<SeederOptions> = {},
): Seeder {
  return open.use(new Seeder({ ...FIXTURE, behaviour, ...options }));
}

function on(matches: (event: DownloadEvent) => boolean, stop: () => void) {
  return (event: DownloadEvent) => {
    if (matches(event)) stop();
  };
}

async function checking({ directory, stop }: Stage): Promise<RunOptions> {
  await Deno.writeFile(`${directory}/fixture`, FIXTURE.content);
  return { onEvent: on(({ kind }) => kind === "checking", stop) };
}

function announcing({ open, stop }: Stage): SceneOptions {
  const tracker = open.use(new HttpTracker({ answer: () => new Promise(() => {}) }));
  tracker.until(1).then(stop);
  return { metainfo: makeTorrent({ ...SHAPE, trackers: [[tracker.url]] }).metainfo };
}

/** Somebody who listens and accepts nobody, with a queue that is full: a dial gets no answer. */
async function dialling({ open, stop }: Stage): Promise<RunOptions> {
  const hostname = "127.0.0.1";
  const listener = open.use(Deno.listen({ hostname, port: 0, tcpBacklog: 1 }));
  const { port } = listener.addr;
  for (let n = 0; n < 2; n++) open.use(await Deno.connect({ hostname, port }));
  return {
    peers: [{ host: hostname, port }],
    onEvent: on(({ kind }) => kind === "progress", stop),
  };
}

function greeting(stage: Stage): RunOptions {
  const seeder = seed(stage, villains.silent());
  seeder.until(({ open }) => open === 1).then(stage.stop);
  return { from: [seeder] };
}

function choked(stage: Stage): RunOptions {
  const seeder = seed(stage, { onInterested: () => stage.stop() });
  return { from: [seeder] };
}

function requesting(stage: Stage): RunOptions {
  const seeder = seed(stage, villains.stalling(0));
  seeder.until(({ requests }) => requests > 0).then(stage.stop);
  return { from: [seeder] };
}

function midPiece(stage: Stage): RunOptions {
  const isThere = (event: DownloadEvent) =>
    event.kind === "progress" && event.downloadedBytes === 6 * BLOCK_LENGTH;
  const from = [seed(stage, villains.stalling(6 * BLOCK_LENGTH))];
  return { from, onEvent: on(isThere, stage.stop) };
}

/** A slow peer is asked first; a fast one has given the rest, and is asked for what the slow one owes. */
function endGame(stage: Stage): RunOptions {
  const slow = seed(stage, {}, { bytesPerSecond: 100_000 });
  const asked = slow.until(({ requests }) => requests > 0);
  // It falls silent before the end, so that there is something left to stop.
  const { answer } = villains.stalling(52 * BLOCK_LENGTH);
  const fast = seed(stage, { ...waitingFor(asked), ...(answer ? { answer } : {}) });
  slow.until(({ cancels }) => cancels > 0).then(stage.stop);
  return { from: [slow, fast] };
}

function finishing(stage: Stage): RunOptions {
  return { from: [seed(stage)], onEvent: on(({ kind }) => kind === "complete", stage.stop) };
}
