/**
 * How fast torrents are decoded, every value touched; beside npm bencode, where the registry can be reached.
 * And what else `show` takes.
 */
import { showJson, showText } from "../../lib/cli/show.ts";
import {
  type BencodeDictionary,
  type BencodeInput,
  type BencodeList,
  type BencodeValue,
  decodeBencode,
  dictionaryOf,
  encodeBencode,
  listOf,
} from "../../lib/torrent/bencode.ts";
import { parseMetainfo } from "../../lib/torrent/metainfo.ts";
import { sha1 } from "../../lib/torrent/sha1.ts";

/** Computed, so that nothing is fetched before this runs: the check of types needs no network. */
const REFERENCE = ["npm", "bencode@4"].join(":");

const FILE_COUNT = 60_000;
const PIECES_LENGTH = 5_000_000;

function torrent(files: readonly BencodeInput[], pieces: Uint8Array): Uint8Array {
  const info = { files, name: "bench", "piece length": 2 ** 20, pieces };
  return encodeBencode({ announce: "http://127.0.0.1/announce", info });
}

function fileDictionaries(): readonly BencodeInput[] {
  return Array.from({ length: FILE_COUNT }, (_, index) => ({
    length: 2 ** 20,
    path: [`folder ${Math.floor(index / 500)}`, `файл ${index}.txt`],
  }));
}

/**
 * Looks at everything once, so that nothing can be left undecoded. In a loop for each kind: one that does
 * for lists and dictionaries takes longer than decoding them.
 */
function touch(value: BencodeValue): number {
  if (typeof value === "number" || typeof value === "bigint") return 1;
  if (value instanceof Uint8Array) return value[0] ?? 0;
  const list = listOf(value);
  return list === undefined ? touchValues(dictionaryOf(value)) : touchItems(list);
}

function touchItems(list: BencodeList): number {
  let sum = 0;
  for (const item of list) sum += touch(item);
  return sum;
}

function touchValues(dictionary: BencodeDictionary | undefined): number {
  let sum = 0;
  if (dictionary !== undefined) { for (const item of dictionary.values()) sum += touch(item); }
  return sum;
}

/** The same for the reference, whose dictionaries are objects. */
function touchObjects(value: unknown): number {
  if (typeof value === "number") return 1;
  if (value instanceof Uint8Array) return value[0] ?? 0;
  let sum = 0;
  if (Array.isArray(value)) { for (const item of value) sum += touchObjects(item); }
  else for (const item of Object.values(Object(value))) sum += touchObjects(item);
  return sum;
}

interface Reference {
  readonly decode: (bytes: Uint8Array) => unknown;
}

function isReference(value: unknown): value is Reference {
  return typeof Object(value).decode === "function";
}

/** npm bencode's decoder, or `undefined` where it cannot be had. */
async function loadReference(): Promise<Reference | undefined> {
  try {
    const { default: reference } = await import(REFERENCE);
    if (isReference(reference)) return reference;
  } catch {
    // No network here: the other lines tell enough.
  }
  // deno-lint-ignore no-console -- a bench speaks to people
  console.log(`Left out the lines of ${REFERENCE}: it cannot be fetched here`);
  return undefined;
}

const reference = await loadReference();
const inputs = [
  ["60,000 file dictionaries", torrent(fileDictionaries(), new Uint8Array(20 * FILE_COUNT))],
  ["5 MB of piece hashes", torrent([], new Uint8Array(PIECES_LENGTH).fill(0x80))],
] as const;

for (const [group, bytes] of inputs) {
  Deno.bench("decodeBencode()", { group, baseline: true }, () => {
    touch(decodeBencode(bytes));
  });
  if (reference === undefined) continue;
  Deno.bench("npm bencode", { group }, () => {
    touchObjects(reference.decode(bytes));
  });
}

const [[, manyFiles], [, manyPieces]] = inputs;
const metainfo = parseMetainfo(manyFiles);

Deno.bench("parseMetainfo(), 60,000 files", () => {
  parseMetainfo(manyFiles);
});

Deno.bench("showText(), 60,000 files", () => {
  showText(metainfo);
});

Deno.bench("showJson(), 60,000 files", () => {
  showJson(metainfo);
});

Deno.bench("sha1(), 5 MB", () => {
  sha1(manyPieces);
});
