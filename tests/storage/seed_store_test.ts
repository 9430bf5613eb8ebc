import { assertEquals } from "@std/assert";
import { SeedStore } from "../../lib/storage/seed_store.ts";
import { check, type Fixture, indicesIn, multiFile, Place, storePieces } from "./fixture.ts";

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
