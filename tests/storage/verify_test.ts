import { assertEquals } from "@std/assert";
import { verifyFiles } from "../../lib/storage/verify.ts";
import { indicesIn, multiFile, openBelow, Place } from "./fixture.ts";

Deno.test("verifyFiles() tells which pieces are whole, and changes nothing", async () => {
  using place = new Place();
  const fixture = multiFile([
    { path: "a", lengthBytes: 100_000 },
    { path: "b", lengthBytes: 50_000 },
    { path: "empty", lengthBytes: 0 },
  ]);
  place.lay(fixture);
  Deno.removeSync(place.path("folder", "empty"));
  Deno.truncateSync(place.path("folder", "a"), 40_000);
  const { signal } = new AbortController();
  const checking = verifyFiles(fixture.metainfo, { directory: place.directory, signal });
  let next = await checking.next();
  while (!next.done) next = await checking.next();
  assertEquals(indicesIn(next.value), [0, 4]);
  assertEquals(openBelow(place.directory), []);
  const names = [...Deno.readDirSync(place.path("folder"))].map(({ name }) => name);
  assertEquals(names.sort(), ["a", "b"]);
  assertEquals([...Deno.readDirSync(place.directory)].length, 1);
});
