/** The whole pipeline over loopback, its seeder in the same process: both sides' work, one thread. */
import { download } from "../../lib/download.ts";
import { MemoryStore } from "../../lib/storage/memory.ts";
import { startSeeder } from "../support/seeder.ts";
import { makeTorrent } from "../support/torrent_fixture.ts";

const LENGTH = 64 * 2 ** 20;

for (const kib of [16, 256, 4096]) {
  const { metainfo, content } = makeTorrent({ files: LENGTH, pieceLength: kib * 1024 });
  Deno.bench(`download(), 64 MiB in pieces of ${kib} KiB`, { n: 3, warmup: 1 }, async (bench) => {
    await using seeder = await startSeeder({ metainfo, content });
    const store = new MemoryStore(metainfo);
    bench.start();
    for await (const _ of download(metainfo, { directory: "", store, peers: [seeder.address] }));
    bench.end();
  });
}
