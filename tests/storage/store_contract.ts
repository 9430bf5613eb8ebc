/**
 * What every Store must do, whatever it stands on.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import type { Resumed, Store } from "../../lib/storage/store.ts";
import type { Metainfo } from "../../lib/torrent/metainfo.ts";
import {
  allPieces,
  check,
  type Fixture,
  indicesIn,
  multiFile,
  pieceOf,
  singleFile,
  storePieces,
} from "./fixture.ts";

/** Opens a store for a torrent of which nothing is stored. */
export type OpenStore = (metainfo: Metainfo) => Promise<Store>;

const FIXTURES: readonly (readonly [string, Fixture])[] = [
  ["one file", singleFile(100_000)],
  ["a last piece that is whole", singleFile(65_536)],
  ["one piece longer than the file", singleFile(10, { pieceLength: 1 << 20 })],
  ["pieces of one byte", singleFile(33, { pieceLength: 1 })],
  ["pieces of an odd length", singleFile(100_001, { pieceLength: 10_007 })],
  [
    "pieces over many files",
    multiFile(
      Array.from({ length: 50 }, (_, n) => ({ path: `d${n % 5}/f${n}`, lengthBytes: n * 37 })),
    ),
  ],
  [
    "padding between files",
    multiFile([
      { path: "a", lengthBytes: 1000 },
      { path: ".pad/31768", lengthBytes: 31_768, isPadding: true },
      { path: "b/c", lengthBytes: 40_000 },
      { path: ".pad/25536", lengthBytes: 25_536, isPadding: true },
      { path: "empty", lengthBytes: 0 },
      { path: "d", lengthBytes: 5 },
    ]),
  ],
  ["only empty files", multiFile([{ path: "a/b", lengthBytes: 0 }, { path: "c", lengthBytes: 0 }])],
];

/** Registers the tests; `name` names the store. */
export function testStoreContract(name: string, open: OpenStore): void {
  for (const [words, fixture] of FIXTURES) {
    Deno.test(`${name} gives back what was written: ${words}`, () => testRoundTrip(open, fixture));
  }
  Deno.test(`${name} reads and writes anywhere, across pieces and files`, () => testAnywhere(open));
  Deno.test(`${name} keeps padding zero whatever is written over it`, () => testPadding(open));
  Deno.test(`${name} refuses bytes outside of the torrent`, () => testOutside(open));
  Deno.test(`${name} stops its check when aborted before`, () => testAborted(open));
  Deno.test(`${name} is disposed twice without complaint`, async () => {
    const store = await open(singleFile(10).metainfo);
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
}

async function testRoundTrip(open: OpenStore, fixture: Fixture): Promise<void> {
  await using store = await open(fixture.metainfo);
  assertNothing(await check(store));
  storePieces(store, fixture);
  await store.sync();
  for (const pieceIndex of allPieces(fixture)) {
    const expected = pieceOf(fixture, pieceIndex);
    const into = new Uint8Array(expected.length).fill(0xaa);
    await store.read(fixture.metainfo.geometry.pieceOffset(pieceIndex), into);
    assertEquals(into, new Uint8Array(expected));
  }
  await store.finish();
}

function assertNothing(resumed: Resumed): void {
  assertEquals(indicesIn(resumed.verified), []);
  assertEquals(resumed.partial.size, 0);
}

async function testAnywhere(open: OpenStore): Promise<void> {
  const files = Array.from({ length: 20 }, (_, n) => ({ path: `f${n}`, lengthBytes: 1 + n * 500 }));
  const fixture = multiFile(files, { pieceLength: 4096 });
  await using store = await open(fixture.metainfo);
  await check(store);
  const { length } = fixture.content;
  const cuts = [0, 1, 2, 4095, 4096, 20_000, 77_777, length - 1, length];
  for (const [at, start] of cuts.entries()) {
    store.write(start, fixture.content.subarray(start, cuts[at + 1]));
  }
  for (const start of cuts) {
    for (const end of cuts.filter((cut) => cut >= start)) {
      const into = new Uint8Array(end - start);
      await store.read(start, into);
      assertEquals(into, fixture.content.slice(start, end));
    }
  }
}

async function testPadding(open: OpenStore): Promise<void> {
  const { metainfo } = multiFile([
    { path: "a", lengthBytes: 10 },
    { path: "p", lengthBytes: 6, isPadding: true },
    { path: "b", lengthBytes: 4 },
  ], { pieceLength: 16 });
  await using store = await open(metainfo);
  await check(store);
  store.write(0, new Uint8Array(20).fill(7));
  const into = new Uint8Array(20).fill(9);
  await store.read(0, into);
  assertEquals([...into], [...Array(10).fill(7), ...Array(6).fill(0), ...Array(4).fill(7)]);
}

async function testOutside(open: OpenStore): Promise<void> {
  await using store = await open(singleFile(100).metainfo);
  await check(store);
  store.write(0, new Uint8Array(100));
  await assertRejects(() => store.read(99, new Uint8Array(2)), RangeError);
  await assertRejects(async () => await store.write(100, new Uint8Array(1)), RangeError);
}

async function testAborted(open: OpenStore): Promise<void> {
  await using store = await open(singleFile(100).metainfo);
  const reason = new Error("enough");
  const caught = await assertRejects(() => check(store, AbortSignal.abort(reason)));
  assertEquals(caught, reason);
}
