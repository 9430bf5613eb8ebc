/**
 * The handshake of the extension protocol (BEP 10): what each side can do beyond BEP 3.
 *
 * @module
 */
import { BencodeError, PeerError } from "../base/errors.ts";
import { isIPv4, isIPv6 } from "../base/ip.ts";
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
  readonly port?: number;
  /** Whether we want nothing any more (`upload_only`, BEP 21). */
  readonly isUploadOnly?: boolean;
  /** The peer's host as we see it (`yourip`), canonical. */
  readonly yourip?: string;
}

/** What a peer said; what was missing, out of range or of a wrong type is absent. */
export interface ExtensionHandshake {
  /** How many requests it keeps waiting: at least 1. */
  readonly reqq?: number;
  /** Its name and version, fit to be shown. */
  readonly client?: string;
  /** Where it listens. */
  readonly port?: number;
  /** It wants nothing any more (BEP 21). */
  readonly isUploadOnly?: true;
  /** Our IP address as it sees it, 4 or 16 bytes: only its word for it. */
  readonly yourip?: Uint8Array;
  /** The ids (1 to 255) under which it takes messages of extensions, by name; 0: switched off (BEP 10). */
  readonly extensions: ReadonlyMap<string, number>;
  /** The size of the info dictionary in bytes (BEP 9), at most MAX_METADATA_SIZE. */
  readonly metadataSize?: number;
}

/** The payload of our extension handshake. We take no extension's messages: `m` is empty. */
export function encodeExtensionHandshake(
  options: ExtensionHandshakeOptions,
): Uint8Array<ArrayBuffer> {
  return encodeBencode({
    m: {},
    p: options.port,
    reqq: options.reqq,
    upload_only: options.isUploadOnly ? 1 : undefined,
    v: options.client,
    yourip: options.yourip === undefined ? undefined : ipBytes(options.yourip),
  });
}

/**
 * Reads the payload of a peer's extension handshake. A value that makes no sense is ignored: peers
 * in the wild have them, and what they offer is optional. What is not bencode at all ends the
 * connection: whoever sends it would send anything.
 *
 * @throws {PeerError} "protocol", when it is no bencoded dictionary or exceeds the limits
 */
export function decodeExtensionHandshake(payload: Uint8Array): ExtensionHandshake {
  const root = decodeRoot(payload);
  const reqq = rangedInteger(root.get("reqq"), 1, 0xffff_ffff);
  const port = rangedInteger(root.get("p"), 1, 0xffff);
  const metadataSize = rangedInteger(root.get("metadata_size"), 1, MAX_METADATA_SIZE);
  const client = printable(textOf(root.get("v")) ?? "", MAX_CLIENT_NAME).trim();
  const yourip = copyIp(bytesOf(root.get("yourip")));
  return {
    ...(reqq === undefined ? {} : { reqq }),
    ...(client === "" ? {} : { client }),
    ...(port === undefined ? {} : { port }),
    ...(yourip === undefined ? {} : { yourip }),
    ...(rangedInteger(root.get("upload_only"), 1, 1) === undefined ? {} : { isUploadOnly: true }),
    ...(metadataSize === undefined ? {} : { metadataSize }),
    extensions: readExtensions(dictionaryOf(root.get("m"))),
  };
}

function decodeRoot(payload: Uint8Array): BencodeDictionary {
  try {
    // Small limits, so that no handshake costs more than its bytes; peers do send unsorted keys.
    const root = decodeBencode(payload, {
      allowUnsortedKeys: true,
      maxDepth: 8,
      maxItems: 1000,
      maxLengthBytes: MAX_PAYLOAD,
    });
    const dictionary = dictionaryOf(root);
    if (dictionary !== undefined) return dictionary;
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    throw new PeerError(`Cannot accept extension handshake: ${error.message}`, "protocol", {
      cause: error,
    });
  }
  throw new PeerError("Cannot accept extension handshake: it is no dictionary", "protocol");
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

/** The 4 or 16 bytes of an IP literal, or `undefined` for a name. */
function ipBytes(host: string): Uint8Array | undefined {
  if (isIPv4(host)) return Uint8Array.from(host.split("."), Number);
  if (!isIPv6(host) || host.includes(".") || host.includes("%")) return undefined;
  const [head = [], tail = []] = host.split("::").map((half) => half.split(":").filter(Boolean));
  const groups = [...head, ...new Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  const view = new DataView(new ArrayBuffer(16));
  groups.forEach((group, at) => view.setUint16(at * 2, parseInt(group, 16)));
  return new Uint8Array(view.buffer);
}

function copyIp(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes?.length === 4 || bytes?.length === 16 ? bytes.slice() : undefined;
}
