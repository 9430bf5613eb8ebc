/**
 * The message of peer exchange (BEP 11): who was connected and who has gone since the last one. A
 * dictionary in bencode:
 *
 * | key                  | value                                       |
 * | -------------------- | ------------------------------------------- |
 * | `added`, `added6`    | packed peers, IPv4 and IPv6                 |
 * | `added.f`, `added6.f` | a byte of PEX_FLAG for each of them         |
 * | `dropped`, `dropped6` | packed peers                                |
 *
 * @module
 */
import type { PeerAddress } from "../base/address.ts";
import {
  type AddressFamily,
  decodeCompactPeers,
  encodeCompactPeers,
  ENTRY_LENGTH,
} from "../base/compact.ts";
import { BencodeError } from "../base/errors.ts";
import { isIPv4 } from "../base/ip.ts";
import {
  type BencodeDictionary,
  bytesOf,
  decodeBencode,
  dictionaryOf,
  encodeBencode,
} from "../torrent/bencode.ts";

/** What is said of a peer that was added (BEP 11). */
export const PEX_FLAG = Object.freeze(
  {
    /** It would rather speak encrypted. */
    prefersEncryption: 0x01,
    /** It needs nothing: it has everything, or all that it wants (BEP 21). */
    seed: 0x02,
    /** It helps peers that cannot be dialled (BEP 55). */
    holepunch: 0x08,
    /** Whoever tells has dialled it: it can be reached. */
    reachable: 0x10,
  } as const,
);

/** How many added, and how many dropped, are taken of one message: twice what BEP 11 lets anybody send. */
export const MAX_HEARD_CONTACTS = 100;

/** A peer that somebody is connected to. */
export interface PexContact {
  /** Its host is an IP literal. */
  readonly address: PeerAddress;
  /** Of PEX_FLAG, and of what may come; 0 when nothing was said. */
  readonly flags: number;
}

/** One message. */
export interface PexMessage {
  readonly added: readonly PexContact[];
  /** Their hosts are IP literals. */
  readonly dropped: readonly PeerAddress[];
}

/** The payload of a message; lists that are empty are left out. */
export function encodePex({ added, dropped }: PexMessage): Uint8Array<ArrayBuffer> {
  const [four, six] = split(added, ({ address }) => address);
  const [dropped4, dropped6] = split(dropped, (address) => address);
  return encodeBencode({
    "added": pack(four.map(({ address }) => address), "IPv4"),
    "added.f": flagsOf(four),
    "added6": pack(six.map(({ address }) => address), "IPv6"),
    "added6.f": flagsOf(six),
    "dropped": pack(dropped4, "IPv4"),
    "dropped6": pack(dropped6, "IPv6"),
  });
}

/**
 * Reads a payload: of each kind the first MAX_HEARD_CONTACTS, without those that cannot exist (port 0,
 * multicast, ...). What is no dictionary in bencode is undefined.
 */
export function decodePex(payload: Uint8Array): PexMessage | undefined {
  const root = decodeRoot(payload);
  if (root === undefined) return undefined;
  const added = [...contactsIn(root, "added", "IPv4"), ...contactsIn(root, "added6", "IPv6")];
  const dropped = [...contactsIn(root, "dropped", "IPv4"), ...contactsIn(root, "dropped6", "IPv6")];
  return {
    added: added.slice(0, MAX_HEARD_CONTACTS),
    dropped: dropped.slice(0, MAX_HEARD_CONTACTS).map(({ address }) => address),
  };
}

function decodeRoot(payload: Uint8Array): BencodeDictionary | undefined {
  try {
    const limits = { allowUnsortedKeys: true, maxDepth: 4, maxItems: 100 };
    return dictionaryOf(decodeBencode(payload, limits));
  } catch (error) {
    if (error instanceof BencodeError) return undefined;
    throw error;
  }
}

/** An entry cut short at the end is left out, and flags that are missing are 0. */
function contactsIn(root: BencodeDictionary, key: string, family: AddressFamily): PexContact[] {
  const packed = bytesOf(root.get(key)) ?? new Uint8Array();
  const flags = bytesOf(root.get(`${key}.f`));
  const entryLength = ENTRY_LENGTH[family];
  const count = Math.min(Math.floor(packed.length / entryLength), MAX_HEARD_CONTACTS);
  return Array.from({ length: count }, (_, index) => index).flatMap((index) => {
    const entry = packed.subarray(index * entryLength, (index + 1) * entryLength);
    return decodeCompactPeers(entry, family)
      .map((address) => ({ address, flags: flags?.[index] ?? 0 }));
  });
}

/** Those with an IPv4 address, and the others. */
function split<T>(items: readonly T[], addressOf: (item: T) => PeerAddress): [T[], T[]] {
  const { four = [], six = [] } = Object.groupBy(
    items,
    (item) => isIPv4(addressOf(item).host) ? "four" : "six",
  );
  return [four, six];
}

function pack(peers: readonly PeerAddress[], family: AddressFamily): Uint8Array | undefined {
  return peers.length === 0 ? undefined : encodeCompactPeers(peers, family);
}

function flagsOf(contacts: readonly PexContact[]): Uint8Array | undefined {
  return contacts.length === 0 ? undefined : Uint8Array.from(contacts, ({ flags }) => flags);
}
