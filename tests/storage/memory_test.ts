import { assertEquals } from "@std/assert";
import { MemoryStore } from "../../lib/storage/memory.ts";
import { check, indicesIn, singleFile, storePieces } from "./fixture.ts";
import { testStoreContract } from "./store_contract.ts";

testStoreContract("MemoryStore", (metainfo) => Promise.resolve(new MemoryStore(metainfo)));

Deno.test("MemoryStore finds what was recorded before", async () => {
  const fixture = singleFile(100_000);
  await using store = new MemoryStore(fixture.metainfo);
  storePieces(store, fixture, [0, 2]);
  store.recordPartial(1, Uint8Array.of(0x80));
  const resumed = await check(store);
  assertEquals(indicesIn(resumed.verified), [0, 2]);
  assertEquals([...resumed.partial], [[1, Uint8Array.of(0x80)]]);
  assertEquals(store.bytes.slice(0, 32_768), fixture.content.slice(0, 32_768));
});
