import { assertEquals } from "@std/assert";
import { SeedStore } from "../../lib/storage/seed_store.ts";
import {
  check,
  type Fixture,
  indicesIn,
  multiFile,
  Place,
  singleFile,
  storePieces,
} from "./fixture.ts";

/** A download that goes on to seed: its journal stays. */
async function downloadAll(place: Place, fixture: Fixture): Promise<void> {
  await using store = await place.open(fixture);
  await check(store);
  await storePieces(store, fixture);
  await store.finish("stays");
}

async function verifiedNow(place: Place, { metainfo }: Fixture): Promise<number[]> {
  await using store = new SeedStore(metainfo, place.directory);
  return indicesIn((await check(store)).verified);
}

Deno.test("SeedStore minds no empty file that is gone: nobody asks for any of it", async () => {
  using place = new Place();
  const fixture = multiFile([
    { path: "a", lengthBytes: 40_000 },
    { path: "empty", lengthBytes: 0 },
  ]);
  await downloadAll(place, fixture);
  Deno.removeSync(place.path("folder", "empty"));
  assertEquals(await verifiedNow(place, fixture), [0, 1]);
});

Deno.test("SeedStore hashes a file that was replaced by an older one", async () => {
  using place = new Place();
  const fixture = singleFile(100_000);
  await downloadAll(place, fixture);
  Deno.writeFileSync(place.path("file.bin"), new Uint8Array(100_000));
  const [early, earlier] = [new Date(Date.now() - 60_000), new Date(Date.now() - 120_000)];
  Deno.utimeSync(place.path("file.bin.westorrent"), early, early);
  Deno.utimeSync(place.path("file.bin"), earlier, earlier);
  assertEquals(await verifiedNow(place, fixture), []);
});

Deno.test("SeedStore believes the state of a download whose name leaves no room for a suffix", async () => {
  using place = new Place();
  const fixture = singleFile(100_000, { name: `${"é".repeat(121)}.longext` });
  await downloadAll(place, fixture);
  assertEquals([...Deno.readDirSync(place.directory)].length, 2);
  assertEquals(await verifiedNow(place, fixture), [0, 1, 2, 3]);
});
