/** Swarms of our downloads: what each picks with an eye on what the others have, and how all of them end. */
import { assert, assertEquals } from "@std/assert";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { Lab } from "../support/lab.ts";
import { startSeeder } from "../support/seeder.ts";
import { eventsOf } from "../support/swarm.ts";
import { makeTorrent } from "../support/torrent_fixture.ts";
import { stalling } from "../support/villains.ts";
import { randomOf } from "../torrent/helpers.ts";

const SEEDS = [1, 2] as const;
const PIECE_COUNT = 60;
const LEECHERS = 4;

/** For each download, the pieces that it has from the start: one in LEECHERS nobody has, and so on. */
function deal(seed: number): readonly (readonly number[])[] {
  const random = randomOf(seed);
  const hands: number[][] = Array.from({ length: LEECHERS }, () => []);
  for (let pieceIndex = 0; pieceIndex < PIECE_COUNT; pieceIndex++) {
    const first = random(LEECHERS);
    for (let copy = 0; copy < copiesOf(pieceIndex); copy++) {
      hands[(first + copy) % LEECHERS]?.push(pieceIndex);
    }
  }
  return hands;
}

function copiesOf(pieceIndex: number): number {
  return pieceIndex % LEECHERS;
}

for (const seed of SEEDS) {
  Deno.test(`downloads of a swarm ask its seed for the rarest first (seed ${seed})`, async () => {
    const fixture = makeTorrent({
      files: PIECE_COUNT * BLOCK_LENGTH,
      pieceLength: BLOCK_LENGTH,
      seed,
    });
    const lab = new Lab();
    const asked = new Map<unknown, number[]>();
    const behaviour = lab.seeding({
      answer(peer, request, block) {
        asked.set(peer, [...asked.get(peer) ?? [], request.pieceIndex]);
        peer.serve(request, block);
      },
    });
    await using seeder = await startSeeder({ ...fixture, behaviour });
    await lab.run({ fixture, seeders: [seeder], leechers: deal(seed), seed });
    assertEquals(asked.size, LEECHERS);
    for (const pieces of asked.values()) {
      assertEquals(pieces.slice(0, 10).map(copiesOf), Array(10).fill(0), `${pieces}`);
    }
    // Those that are as rare are left to chance: together they soon have many.
    const first = [...asked.values()].flatMap((pieces) => pieces.slice(0, 4));
    assert(new Set(first).size >= 8, `${first}`);
  });
}

for (const seed of SEEDS) {
  Deno.test(`downloads of a swarm end though a seed stalls, and waste little (seed ${seed})`, async () => {
    const fixture = makeTorrent({
      files: 2 * PIECE_COUNT * BLOCK_LENGTH,
      pieceLength: 2 * BLOCK_LENGTH,
      seed,
    });
    const lab = new Lab();
    await using honest = await startSeeder({ ...fixture, behaviour: lab.seeding() });
    const stalls = lab.seeding(stalling(20 * BLOCK_LENGTH));
    await using stalled = await startSeeder({ ...fixture, behaviour: stalls });
    const leechers = Array.from({ length: LEECHERS }, () => []);
    const runs = await lab.run({ fixture, seeders: [honest, stalled], leechers, seed });
    assert(stalled.counters.servedBytes > 0, "nobody was stalled");
    for (const run of runs) {
      const [complete] = eventsOf(run, "complete");
      const wastedBytes = (complete?.downloadedBytes ?? Infinity) - fixture.content.length;
      assert(wastedBytes <= 20 * BLOCK_LENGTH, `${wastedBytes}`);
    }
  });
}
