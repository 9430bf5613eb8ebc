/**
 * Torrents with known content, and places to put them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Disk } from "../../lib/storage/disk.ts";
import { DiskStore, type DiskStoreOptions } from "../../lib/storage/disk_store.ts";
import type { FilesOptions } from "../../lib/storage/files.ts";
import { LocalDisk } from "../../lib/storage/local_disk.ts";
import type { CheckProgress, Resumed, RunBytes, Store } from "../../lib/storage/store.ts";
import { Geometry } from "../../lib/torrent/geometry.ts";
import { randomBytes } from "../support/torrent_fixture.ts";
import type { InfoHash, Metainfo, TorrentFile } from "../../lib/torrent/metainfo.ts";

/** A torrent and its bytes. */
export interface Fixture {
  readonly metainfo: Metainfo;
  readonly content: Uint8Array<ArrayBuffer>;
}

export interface FixtureOptions {
  readonly name?: string;
  readonly pieceLength?: number;
  readonly seed?: number;
}

export interface FixtureFile {
  readonly path: string;
  readonly lengthBytes: number;
  readonly isPadding?: boolean;
}

/** Numbers of 0 to 2^32 - 1 that look random and repeat with the seed (xorshift). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>>= 0;
  };
}

/** A multi-file torrent; padding is zeros, everything else random. */
export function multiFile(files: readonly FixtureFile[], options: FixtureOptions = {}): Fixture {
  const { name = "folder" } = options;
  const torrentFiles = files.map(({ path, lengthBytes, isPadding = false }) => ({
    path: [name, ...path.split("/")],
    lengthBytes,
    isPadding,
  }));
  return fixture(torrentFiles, { ...options, name, isMultiFile: true });
}

/** A single-file torrent of random bytes. */
export function singleFile(lengthBytes: number, options: FixtureOptions = {}): Fixture {
  const { name = "file.bin" } = options;
  const files = [{ path: [name], lengthBytes, isPadding: false }];
  return fixture(files, { ...options, name, isMultiFile: false });
}

function fixture(
  files: readonly TorrentFile[],
  options: FixtureOptions & { readonly name: string; readonly isMultiFile: boolean },
): Fixture {
  const { name, isMultiFile, pieceLength = 32 * 1024, seed = 1 } = options;
  const geometry = new Geometry(files, pieceLength);
  const content = randomBytes(geometry.totalLength, seed);
  files.forEach((file, index) => {
    const start = geometry.fileOffset(index);
    if (file.isPadding) content.fill(0, start, start + file.lengthBytes);
  });
  return {
    metainfo: describe({ files, geometry, name, isMultiFile, pieceLength }, content),
    content,
  };
}

type Described = Pick<
  Metainfo,
  "files" | "geometry" | "name" | "isMultiFile" | "pieceLength"
>;

function describe(described: Described, content: Uint8Array): Metainfo {
  const { geometry, name } = described;
  const pieceHashes = new Uint8Array(geometry.pieceCount * 20);
  for (let index = 0; index < geometry.pieceCount; index++) {
    pieceHashes.set(sha1(pieceOf({ metainfo: { geometry }, content }, index)), index * 20);
  }
  const infoHash = new Uint8Array(sha1(new TextEncoder().encode(name + pieceHashes))) as InfoHash;
  const nothing = { isPrivate: false, trackers: [], webSeeds: [], nodes: [], warnings: [] };
  return { ...described, ...nothing, infoHash, pieceHashes };
}

export function sha1(bytes: Uint8Array): Uint8Array {
  return createHash("sha1").update(bytes).digest();
}

/** The bytes of one piece; a view. */
export function pieceOf(
  of: { readonly metainfo: Pick<Metainfo, "geometry">; readonly content: Uint8Array },
  pieceIndex: number,
): Uint8Array {
  const { geometry } = of.metainfo;
  const offset = geometry.pieceOffset(pieceIndex);
  return of.content.subarray(offset, offset + geometry.pieceLength(pieceIndex));
}

/** A piece, to be put whole. */
export function wholePiece(of: Fixture, pieceIndex: number): RunBytes {
  return { pieceIndex, begin: 0, bytes: pieceOf(of, pieceIndex), endsPiece: true };
}

/** Stores these pieces whole, as a download does. */
export async function storePieces(
  store: Store,
  of: Fixture,
  pieceIndices: Iterable<number> = allPieces(of),
): Promise<void> {
  const pieces = Array.from(pieceIndices, (index) => wholePiece(of, index));
  const outcomes = await store.put(pieces);
  assertEquals(outcomes, pieces.map(() => ({ kind: "right" })));
}

/** Bytes anywhere in a torrent, cut at the borders of pieces: they end none. */
export function* partsAt(
  geometry: Geometry,
  offset: number,
  bytes: Uint8Array,
): Generator<RunBytes, void, undefined> {
  const { maxPieceLength } = geometry;
  for (let at = 0; at < bytes.length;) {
    const pieceIndex = Math.floor((offset + at) / maxPieceLength);
    const begin = offset + at - geometry.pieceOffset(pieceIndex);
    const length = Math.min(geometry.pieceLength(pieceIndex) - begin, bytes.length - at);
    yield { pieceIndex, begin, bytes: bytes.subarray(at, at + length), endsPiece: false };
    at += length;
  }
}

/** Stores bytes anywhere in a torrent, which end no piece. */
export async function putAt(
  store: Store,
  { geometry }: Pick<Metainfo, "geometry">,
  { offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array },
): Promise<void> {
  for (const part of partsAt(geometry, offset, bytes)) {
    assertEquals(await store.put([part]), [{ kind: "stored" }]);
  }
}

export function allPieces(of: Fixture): number[] {
  return Array.from({ length: of.metainfo.geometry.pieceCount }, (_, index) => index);
}

/** Runs the check to its end. */
export async function check(
  store: Pick<Store, "check">,
  signal: AbortSignal = new AbortController().signal,
): Promise<Resumed & { readonly progress: readonly CheckProgress[] }> {
  const progress: CheckProgress[] = [];
  const checking = store.check({ signal });
  for (;;) {
    const next = await checking.next();
    if (next.done) return { ...next.value, progress };
    progress.push(next.value);
  }
}

/** The numbers in a set of bits. */
export function indicesIn(bits: Uint8Array): number[] {
  const all = Array.from({ length: bits.length * 8 }, (_, index) => index);
  return all.filter((index) => ((bits[index >>> 3] ?? 0) >>> (7 - (index & 7))) & 1);
}

/** A folder of its own for one test, removed afterwards. */
export class Place implements Disposable {
  readonly directory: string;

  constructor(parent?: string) {
    this.directory = Deno.makeTempDirSync(parent === undefined ? {} : { dir: parent });
  }

  path(...components: readonly string[]): string {
    return join(this.directory, ...components);
  }

  /** A store here; unless `makeDisk` says otherwise, its files are written in this thread. */
  open(
    { metainfo }: Pick<Fixture, "metainfo">,
    options: Partial<DiskStoreOptions> & FilesOptions & { readonly makeDisk?: () => Disk } = {},
  ): Promise<DiskStore> {
    const { directory = this.directory } = options;
    const makeDisk = options.makeDisk ?? (() => new LocalDisk(metainfo, directory, options));
    return Promise.try(() => new DiskStore(metainfo, makeDisk, { ...options, directory }));
  }

  /** Lays down the torrent's files as if they had been there before. */
  lay(of: Fixture): void {
    of.metainfo.files.forEach((file, index) => {
      if (file.isPadding) return;
      Deno.mkdirSync(this.path(...file.path.slice(0, -1)), { recursive: true });
      Deno.writeFileSync(this.path(...file.path), fileBytes(of, index));
    });
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.directory, { recursive: true });
  }
}

/** The bytes of one file; a view. */
export function fileBytes(of: Fixture, fileIndex: number): Uint8Array<ArrayBuffer> {
  const start = of.metainfo.geometry.fileOffset(fileIndex);
  return of.content.subarray(start, start + (of.metainfo.files[fileIndex]?.lengthBytes ?? 0));
}

/** What the process has open below a folder: node:fs descriptors, which the sanitizers do not see. */
export function openBelow(directory: string): string[] {
  if (Deno.build.os !== "linux") return [];
  const real = Deno.realPathSync(directory);
  return Array.from(Deno.readDirSync("/proc/self/fd"), ({ name }) => {
    try {
      return Deno.readLinkSync(`/proc/self/fd/${name}`);
    } catch {
      return ""; // the descriptor of this very listing
    }
  }).filter((target) => target.startsWith(real));
}
