/**
 * The handshake of the extension protocol (BEP 10): what each side can do beyond BEP 3.
 *
 * @module
 */
import { hostBytes } from "../base/compact.ts";
import { BencodeError } from "../base/errors.ts";
import { printable } from "../base/text.ts";
import {
  type BencodeDictionary,
  bytesOf,
  decodeBencode,
  dictionaryOf,
  encodeBencode,
  integerOf,
  textOf,
} from "../torrent/bencode.ts";
import { MAX_PAYLOAD } from "./message.ts";

/** The extended id of the handshake itself. */
export const EXTENSION_HANDSHAKE_ID = 0;
/** The longest client name we keep, in UTF-16 units. */
export const MAX_CLIENT_NAME = 64;
/** The most extension names of one peer. */
export const MAX_EXTENSIONS = 50;
/** The longest extension name, in bytes; longer ones are skipped. */
const MAX_EXTENSION_NAME = 64;
/** The largest metadata (BEP 9) that any client accepts, in bytes; larger ones are taken as not named. */
export const MAX_METADATA_SIZE = 31_457_280;

/** What we say. */
export interface ExtensionHandshakeOptions {
  /** How many requests of a peer we keep waiting (`reqq`). */
  readonly reqq: number;
  /** Our name and version (`v`). */
  readonly client: string;
  /** Where we listen (`p`). */
  readonly port?: number | undefined;
  /** Whether we want nothing any more (`upload_only`, BEP 21). */
  readonly isUploadOnly?: boolean;
  /** The peer's host as we see it (`yourip`), canonical. */
  readonly yourip?: string;
  /** The extensions whose messages we take, and under which ids, 1 to 255 (`m`). @default none */
  readonly extensions?: ReadonlyMap<string, number>;
}

/** What a peer said; what was missing, out of range or of a wrong type is absent. */
export interface ExtensionHandshake {
  /** How many requests it keeps waiting: at least 1. */
  readonly reqq?: number;
  /** Its name and version, fit to be shown. */
  readonly client?: string;
  /** Where it listens. */
  readonly port?: number;
  /** Whether it wants nothing any more (BEP 21); one that chooses more files may want something again. */
  readonly isUploadOnly?: boolean;
  /** Whether it would rather speak encrypted (`e`). */
  readonly prefersEncryption?: boolean;
  /** Our IP address as it sees it, 4 or 16 bytes: only its word for it. */
  readonly yourip?: Uint8Array;
  /** The ids (1 to 255) under which it takes messages of extensions, by name; 0: switched off. */
  readonly extensions: ReadonlyMap<string, number>;
  /** The size of the info dictionary in bytes (BEP 9), at most MAX_METADATA_SIZE. */
  readonly metadataSize?: number;
}

/** The payload of our extension handshake. */
export function encodeExtensionHandshake(
  options: ExtensionHandshakeOptions,
): Uint8Array<ArrayBuffer> {
  return encodeBencode({
    m: Object.fromEntries(options.extensions ?? []),
    p: options.port,
    reqq: options.reqq,
    upload_only: options.isUploadOnly ? 1 : undefined,
    v: options.client,
    yourip: options.yourip === undefined ? undefined : hostBytes(options.yourip),
  });
}

/**
 * Reads the payload of a peer's extension handshake. A value that makes no sense is ignored: peers
 * in the wild have them, and what they offer is optional. So is all of a handshake that is no bencoded
 * dictionary or exceeds the limits: undefined.
 */
export function decodeExtensionHandshake(payload: Uint8Array): ExtensionHandshake | undefined {
  const root = decodeRoot(payload);
  if (root === undefined) return undefined;
  const reqq = rangedInteger(root.get("reqq"), 1, 0xffff_ffff);
  const port = rangedInteger(root.get("p"), 1, 0xffff);
  const encryption = rangedInteger(root.get("e"), 0, 1);
  const uploadOnly = rangedInteger(root.get("upload_only"), 0, 1);
  const metadataSize = rangedInteger(root.get("metadata_size"), 1, MAX_METADATA_SIZE);
  const client = printable(textOf(root.get("v")) ?? "", MAX_CLIENT_NAME).trim();
  const yourip = copyIp(bytesOf(root.get("yourip")));
  return {
    ...(reqq === undefined ? {} : { reqq }),
    ...(client === "" ? {} : { client }),
    ...(port === undefined ? {} : { port }),
    ...(encryption === undefined ? {} : { prefersEncryption: encryption === 1 }),
    ...(yourip === undefined ? {} : { yourip }),
    ...(uploadOnly === undefined ? {} : { isUploadOnly: uploadOnly === 1 }),
    ...(metadataSize === undefined ? {} : { metadataSize }),
    extensions: readExtensions(dictionaryOf(root.get("m"))),
  };
}

/**
 * What a peer has said in all: a later handshake need only hold what has changed, and an extension with
 * the id 0 is switched off (BEP 10).
 */
export function mergeExtensionHandshakes(
  former: ExtensionHandshake | undefined,
  later: ExtensionHandshake,
): ExtensionHandshake {
  const extensions = new Map(former?.extensions);
  for (const [name, id] of later.extensions) {
    if (id === 0) extensions.delete(name);
    else if (extensions.size < MAX_EXTENSIONS || extensions.has(name)) extensions.set(name, id);
  }
  return { ...former, ...later, extensions };
}

function decodeRoot(payload: Uint8Array): BencodeDictionary | undefined {
  try {
    // Small limits, so that no handshake costs more than its bytes; peers do send unsorted keys.
    return dictionaryOf(decodeBencode(payload, {
      allowUnsortedKeys: true,
      maxDepth: 8,
      maxItems: 1000,
      maxLengthBytes: MAX_PAYLOAD,
    }));
  } catch (error) {
    if (error instanceof BencodeError) return undefined;
    throw error;
  }
}

function readExtensions(names: BencodeDictionary | undefined): ReadonlyMap<string, number> {
  const extensions = new Map<string, number>();
  for (const [name, value] of names ?? []) {
    if (extensions.size >= MAX_EXTENSIONS) break;
    const id = rangedInteger(value, 0, 0xff);
    if (id !== undefined && name.length <= MAX_EXTENSION_NAME) extensions.set(name, id);
  }
  return extensions;
}

function rangedInteger(
  value: Parameters<typeof integerOf>[0],
  min: number,
  max: number,
): number | undefined {
  const integer = integerOf(value);
  return integer !== undefined && integer >= min && integer <= max ? integer : undefined;
}

function copyIp(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes?.length === 4 || bytes?.length === 16 ? bytes.slice() : undefined;
}
