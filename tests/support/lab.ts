/**
 * Swarms in this process: several downloads of ours that know each other, and peers that serve them over
 * loopback, with every choice that is left to chance drawn from a seed.
 */
import type { PeerAddress } from "../../lib/base/address.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import { storePieces } from "../storage/fixture.ts";
import type { Behaviour, Seeder } from "./seeder.ts";
import { assertComplete, assertSameBytes, type Run, runDownload, waitingFor } from "./swarm.ts";
import type { TorrentFixture } from "./torrent_fixture.ts";
import { randomFractionOf } from "./torrents.ts";

/** Who takes part. */
export interface SwarmOptions {
  readonly fixture: TorrentFixture;
  readonly seeders: readonly Seeder[];
  /** For each download, the pieces that it has from the start. */
  readonly leechers: readonly (readonly number[])[];
  readonly seed: number;
}

/** A swarm to be: its seeders serve nobody before all are connected to all. */
export class Lab {
  readonly #assembled = Promise.withResolvers<void>();

  /** What a seeder of the swarm does: as told, but that it waits. */
  seeding(behaviour: Behaviour = {}): Behaviour {
    return { ...waitingFor(this.#assembled.promise), ...behaviour };
  }

  /** Runs all downloads at the same time; fails unless each ends complete and with the right bytes. */
  async run(options: SwarmOptions): Promise<readonly Run[]> {
    const { leechers, seeders } = options;
    const running: Promise<Run>[] = [];
    const peers: PeerAddress[] = [];
    let missing = leechers.length * (leechers.length - 1 + seeders.length);
    const onConnect = () => --missing === 0 && this.#assembled.resolve();
    try {
      for (const leecher of leechers.keys()) {
        const listening = Promise.withResolvers<number>();
        const others = { leecher, peers: [...peers], onListen: listening.resolve, onConnect };
        running.push(runLeecher(options, others));
        peers.push({ host: "127.0.0.1", port: await listening.promise });
      }
    } finally {
      await Promise.allSettled(running);
    }
    return await Promise.all(running);
  }
}

/** Which of them it is, and what it has to do with the others. */
interface Others {
  readonly leecher: number;
  /** Those that it dials: whoever was there before. */
  readonly peers: readonly PeerAddress[];
  readonly onListen: (port: number) => void;
  readonly onConnect: () => void;
}

async function runLeecher(
  { fixture, seeders, leechers, seed }: SwarmOptions,
  { leecher, peers, onListen, onConnect }: Others,
): Promise<Run> {
  const store = new MemoryStore(fixture.metainfo);
  await storePieces(store, fixture, leechers[leecher] ?? []);
  const run = await runDownload(fixture, {
    from: seeders,
    peers,
    store,
    random: randomFractionOf(seed * 1000 + leecher),
    onEvent: (event) => {
      if (event.kind === "listening") onListen(event.port);
      if (event.kind === "peer" && event.status === "connected") onConnect();
    },
  });
  assertComplete(run);
  assertSameBytes(store.bytes, fixture.content);
  return run;
}
