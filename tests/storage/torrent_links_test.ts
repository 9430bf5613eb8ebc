/** Torrents with symbolic links (BEP 47): what stands in the place of one, other programs have made. */
import { assert, assertEquals } from "@std/assert";
import { SeedStore } from "../../lib/storage/seed_store.ts";
import { verify, type VerifyEvent } from "../../lib/storage/verify.ts";
import { check, type Fixture, indicesIn, multiFile, Place, storePieces } from "./fixture.ts";

function withLink(): Fixture {
  const { metainfo, content } = multiFile([
    { path: "a", lengthBytes: 40_000 },
    { path: "link", lengthBytes: 0 },
  ]);
  const [a, link] = metainfo.files;
  if (a === undefined || link === undefined) throw new Error("no files");
  return { metainfo: { ...metainfo, files: [a, { ...link, isSymlink: true }] }, content };
}

/** Lays down the files, and the link. */
function layAll(place: Place, fixture: Fixture): void {
  place.lay(fixture);
  Deno.removeSync(place.path("folder", "link"));
  Deno.symlinkSync("a", place.path("folder", "link"), { type: "file" });
}

Deno.test("verify() finds no fault in a link that the torrent has", async () => {
  using place = new Place();
  const fixture = withLink();
  layAll(place, fixture);
  let last: VerifyEvent | undefined;
  for await (const event of verify(fixture.metainfo, place)) last = event;
  assert(last?.kind === "verified" && last.isComplete);
});

Deno.test("SeedStore serves files beside a link that the torrent has", async () => {
  using place = new Place();
  const fixture = withLink();
  layAll(place, fixture);
  await using store = new SeedStore(fixture.metainfo, place.directory);
  assertEquals(indicesIn((await check(store)).verified), [0, 1]);
});

Deno.test("DiskStore leaves a link alone that the torrent has, and makes none, nor a file", async () => {
  using place = new Place();
  const fixture = withLink();
  {
    await using store = await place.open(fixture);
    await check(store);
    await storePieces(store, fixture);
    await store.finish();
  }
  assertEquals([...Deno.readDirSync(place.path("folder"))].map(({ name }) => name), ["a"]);
  Deno.symlinkSync("a", place.path("folder", "link"), { type: "file" });
  await using store = await place.open(fixture);
  assertEquals(indicesIn((await check(store)).verified), [0, 1]);
  await store.finish();
});
