import { assertEquals } from "@std/assert";
import { MemoryStore } from "../../lib/storage/memory.ts";
import { check, indicesIn, singleFile, storePieces, wholePiece } from "./fixture.ts";
import { testStoreContract } from "./store_contract.ts";

testStoreContract("MemoryStore", (metainfo) => Promise.resolve(new MemoryStore(metainfo)));

Deno.test("MemoryStore finds what was recorded before", async () => {
  const fixture = singleFile(100_000);
  await using store = new MemoryStore(fixture.metainfo);
  await storePieces(store, fixture, [0, 2]);
  await store.recordPartial(1, Uint8Array.of(0x80));
  const resumed = await check(store);
  assertEquals(indicesIn(resumed.verified), [0, 2]);
  assertEquals([...resumed.partial], [[1, Uint8Array.of(0x80)]]);
  assertEquals(store.bytes.slice(0, 32_768), fixture.content.slice(0, 32_768));
});

Deno.test("MemoryStore forgets blocks of pieces that are right, or that it is told to", async () => {
  const fixture = singleFile(100_000);
  await using store = new MemoryStore(fixture.metainfo);
  for (const pieceIndex of [0, 1, 2]) await store.recordPartial(pieceIndex, Uint8Array.of(0x80));
  await storePieces(store, fixture, [0]);
  await store.recordPartial(1, Uint8Array.of(0));
  const wrong = { ...wholePiece(fixture, 2), bytes: new Uint8Array(32_768) };
  assertEquals((await store.put([wrong])).map(({ kind }) => kind), ["wrong"]);
  const resumed = await check(store);
  assertEquals(indicesIn(resumed.verified), [0]);
  assertEquals([...resumed.partial], [[2, Uint8Array.of(0x80)]]);
  assertEquals(store.bytes.slice(65_536), new Uint8Array(34_464), "what is wrong is not stored");
});
