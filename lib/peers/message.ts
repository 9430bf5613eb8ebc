/**
 * The messages of the peer protocol (BEP 3, 5, 6, 10): bytes in, values out, every length checked.
 *
 * After a length of 4 bytes, which the Framer takes off (0: a keep-alive), a message is:
 *
 * | id | message                                  | length | the rest                           |
 * | -- | ---------------------------------------- | ------ | ---------------------------------- |
 * | 0-3 | choke, unchoke, interested, notInterested | 1     |                                    |
 * | 4  | have                                     | 5      | piece index                        |
 * | 5  | bitfield                                 | 1 + n  | a bit per piece, high bits first   |
 * | 6  | request                                  | 13     | piece index, begin, length         |
 * | 7  | piece                                    | 9 + n  | piece index, begin, block          |
 * | 8  | cancel                                   | 13     | piece index, begin, length         |
 * | 9  | port                                     | 3      | port of the DHT node (BEP 5)       |
 * | 13 | suggestPiece                             | 5      | piece index (BEP 6, as 14 to 17)   |
 * | 14-15 | haveAll, haveNone                     | 1      |                                    |
 * | 16 | rejectRequest                            | 13     | piece index, begin, length         |
 * | 17 | allowedFast                              | 5      | piece index                        |
 * | 20 | extended                                 | 2 + n  | extended id, payload (BEP 10)      |
 *
 * @module
 */
import { PeerError } from "../base/errors.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";

/** The ids of messages (BEP 3, 5, 6, 10, 52). */
export const MESSAGE_ID = Object.freeze(
  {
    choke: 0,
    unchoke: 1,
    interested: 2,
    notInterested: 3,
    have: 4,
    bitfield: 5,
    request: 6,
    piece: 7,
    cancel: 8,
    port: 9,
    suggestPiece: 13,
    haveAll: 14,
    haveNone: 15,
    rejectRequest: 16,
    allowedFast: 17,
    extended: 20,
    hashRequest: 21,
    hashes: 22,
    hashReject: 23,
  } as const,
);

/** The length prefix before every message, in bytes. */
export const LENGTH_PREFIX = 4;
/** What stands before the block in a piece message, in bytes: id, piece index, begin. */
export const PIECE_HEADER = 9;
/** The longest payload of an extended or unknown message, in bytes: stops a peer from filling memory. */
export const MAX_PAYLOAD = 64 * 1024;
/** The longest bitfield, in bytes: that of 2^21 pieces, the most that a torrent may have here. */
export const MAX_BITFIELD = 2 ** 21 / 8;
/** The longest of all messages, in bytes without the length prefix. */
export const MAX_MESSAGE: number = 1 + MAX_BITFIELD;

/** A run of bytes of a piece, as requested and cancelled. */
export interface BlockRequest {
  /** Not known to be below the torrent's count of pieces. */
  readonly pieceIndex: number;
  /** In bytes from the start of the piece. */
  readonly begin: number;
  /** 16 KiB for all blocks but a piece's last one. */
  readonly lengthBytes: number;
}

/** A message. Numbers are only known to be 32 bits unsigned; `bits` and `payload` are views of the memory read into. */
export type Message =
  | { readonly kind: "keepAlive" | "choke" | "unchoke" | "interested" | "notInterested" }
  | { readonly kind: "haveAll" | "haveNone" }
  | { readonly kind: "have" | "suggestPiece" | "allowedFast"; readonly pieceIndex: number }
  | { readonly kind: "bitfield"; readonly bits: Uint8Array }
  | ({ readonly kind: "request" | "cancel" | "rejectRequest" } & BlockRequest)
  | Readonly<PieceMessage>
  | { readonly kind: "port"; readonly port: number }
  | {
    readonly kind: "extended";
    readonly extensionId: number;
    readonly payload: Uint8Array;
  }
  /** A message to be skipped: BEP 3 leaves room for ids to come. */
  | { readonly kind: "unknown"; readonly id: number };

/**
 * A block of 1 to 16,384 bytes. There are more of them than of all other messages together: one object
 * serves for all that a connection brings, filled anew for each.
 */
export class PieceMessage {
  /** Id 7 on the wire. */
  readonly kind = "piece";
  /** Not known to be what was requested. */
  pieceIndex = 0;
  /** In bytes from the start of the piece. */
  begin = 0;
  /** Where the block lies in the memory read into: copy it before the next read. */
  start = 0;
  /** Of the block. */
  lengthBytes = 0;
}

/** Where a message lies, and what to put it into. */
export interface MessagePlace {
  /** Where its id is, in bytes from the start of the view. */
  readonly start: number;
  /** Where it ends. */
  readonly end: number;
  /** Filled, and returned, for a piece message. @default a new one */
  readonly piece?: PieceMessage;
  /** Whether both sides have offered the fast extension (BEP 6). */
  readonly hasFast?: boolean;
}

/** The message of length 0. */
export const KEEP_ALIVE: Message = Object.freeze({ kind: "keepAlive" });
const CHOKE: Message = Object.freeze({ kind: "choke" });
const UNCHOKE: Message = Object.freeze({ kind: "unchoke" });
const INTERESTED: Message = Object.freeze({ kind: "interested" });
const NOT_INTERESTED: Message = Object.freeze({ kind: "notInterested" });
const HAVE_ALL: Message = Object.freeze({ kind: "haveAll" });
const HAVE_NONE: Message = Object.freeze({ kind: "haveNone" });

/** What a message may be, looked up by id: its length in bytes with the id, and why it ends the connection. */
interface Rule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly refusal?: string;
  /** What refuses it unless the fast extension is in use. */
  readonly refusalWithoutFast?: string;
}

const NO_FAST = "the fast extension was not negotiated"; // BEP 6: MUST close the connection
const NO_V2 = "the torrent is not version 2"; // BEP 52

const RULES: readonly (Rule | undefined)[] = makeRules({
  choke: exactly(1),
  unchoke: exactly(1),
  interested: exactly(1),
  notInterested: exactly(1),
  have: exactly(5),
  bitfield: { min: 1, max: MAX_MESSAGE },
  request: exactly(13),
  piece: { min: PIECE_HEADER + 1, max: PIECE_HEADER + BLOCK_LENGTH },
  cancel: exactly(13),
  port: exactly(3),
  suggestPiece: { ...exactly(5), refusalWithoutFast: NO_FAST },
  haveAll: { ...exactly(1), refusalWithoutFast: NO_FAST },
  haveNone: { ...exactly(1), refusalWithoutFast: NO_FAST },
  rejectRequest: { ...exactly(13), refusalWithoutFast: NO_FAST },
  allowedFast: { ...exactly(5), refusalWithoutFast: NO_FAST },
  extended: { min: 2, max: 2 + MAX_PAYLOAD },
  hashRequest: { min: 1, max: MAX_PAYLOAD, refusal: NO_V2 },
  hashes: { min: 1, max: MAX_PAYLOAD, refusal: NO_V2 },
  hashReject: { min: 1, max: MAX_PAYLOAD, refusal: NO_V2 },
});

function exactly(lengthBytes: number): Omit<Rule, "name"> {
  return { min: lengthBytes, max: lengthBytes };
}

function makeRules(
  rules: Readonly<Record<keyof typeof MESSAGE_ID, Omit<Rule, "name">>>,
): (Rule | undefined)[] {
  const table = new Array<Rule | undefined>(256).fill(undefined);
  for (const name of Object.keys(MESSAGE_ID) as (keyof typeof MESSAGE_ID)[]) {
    table[MESSAGE_ID[name]] = { name, ...rules[name] };
  }
  return table;
}

/**
 * Checks a message by its id and its length (in bytes, the id included), before its body is waited for.
 *
 * @throws {PeerError} "protocol", when such a message may not be
 */
export function checkMessage(
  id: number,
  lengthBytes: number,
  { hasFast = false }: Pick<MessagePlace, "hasFast"> = {},
): void {
  const rule = RULES[id];
  if (rule === undefined) {
    if (lengthBytes > 1 + MAX_PAYLOAD) refuse(`message ${id} has ${lengthBytes} bytes`);
    return;
  }
  const refusal = hasFast ? rule.refusal : rule.refusal ?? rule.refusalWithoutFast;
  if (refusal !== undefined) refuse(`${rule.name} came although ${refusal}`);
  if (lengthBytes >= rule.min && lengthBytes <= rule.max) return;
  const wanted = rule.min === rule.max ? `${rule.min}` : `${rule.min} to ${rule.max}`;
  refuse(`${rule.name} has ${lengthBytes} bytes, not ${wanted}`);
}

/**
 * Decodes a message without its length prefix. Its bytes are not copied: they are valid for as long as
 * the memory is left alone.
 *
 * @throws {PeerError} "protocol", when it is not exactly such a message
 */
export function decodeMessage(view: DataView, place: MessagePlace): Message {
  const { start, end } = place;
  if (start === end) return KEEP_ALIVE;
  const id = view.getUint8(start);
  checkMessage(id, end - start, place);
  switch (id) {
    case MESSAGE_ID.piece: {
      const message = place.piece ?? new PieceMessage();
      message.pieceIndex = view.getUint32(start + 1);
      message.begin = view.getUint32(start + 5);
      message.start = start + PIECE_HEADER;
      message.lengthBytes = end - message.start;
      return message;
    }
    case MESSAGE_ID.have:
      return { kind: "have", pieceIndex: view.getUint32(start + 1) };
    case MESSAGE_ID.request:
      return decodeRequest(view, start + 1, "request");
    case MESSAGE_ID.cancel:
      return decodeRequest(view, start + 1, "cancel");
    default:
      return decodeRare(view, start, end);
  }
}

function decodeRare(view: DataView, start: number, end: number): Message {
  const id = view.getUint8(start);
  switch (id) {
    case MESSAGE_ID.choke:
      return CHOKE;
    case MESSAGE_ID.unchoke:
      return UNCHOKE;
    case MESSAGE_ID.interested:
      return INTERESTED;
    case MESSAGE_ID.notInterested:
      return NOT_INTERESTED;
    case MESSAGE_ID.haveAll:
      return HAVE_ALL;
    case MESSAGE_ID.haveNone:
      return HAVE_NONE;
    case MESSAGE_ID.suggestPiece:
      return { kind: "suggestPiece", pieceIndex: view.getUint32(start + 1) };
    case MESSAGE_ID.allowedFast:
      return { kind: "allowedFast", pieceIndex: view.getUint32(start + 1) };
    case MESSAGE_ID.rejectRequest:
      return decodeRequest(view, start + 1, "rejectRequest");
    case MESSAGE_ID.bitfield:
      return { kind: "bitfield", bits: bytesOf(view, start + 1, end) };
    case MESSAGE_ID.port:
      return { kind: "port", port: view.getUint16(start + 1) };
    case MESSAGE_ID.extended: {
      const extensionId = view.getUint8(start + 1);
      return { kind: "extended", extensionId, payload: bytesOf(view, start + 2, end) };
    }
    default:
      return { kind: "unknown", id };
  }
}

function decodeRequest(
  view: DataView,
  at: number,
  kind: "request" | "cancel" | "rejectRequest",
): Message {
  return {
    kind,
    pieceIndex: view.getUint32(at),
    begin: view.getUint32(at + 4),
    lengthBytes: view.getUint32(at + 8),
  };
}

function bytesOf(view: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, end - start);
}

/** @throws {PeerError} always: one wording for what a peer may not send */
export function refuse(detail: string): never {
  throw new PeerError(`Cannot accept message: ${detail}`, "protocol");
}
