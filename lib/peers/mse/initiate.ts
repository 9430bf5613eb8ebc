/**
 * The dialling side of the handshake of Message Stream Encryption; see exchange.ts.
 *
 * @module
 */
import { type Opening, type Transport, writeAll } from "../transport.ts";
import {
  CHECK_LENGTH,
  type ExchangeOptions,
  LENGTH_LENGTH,
  MAX_PADDING,
  METHOD,
  type Methods,
  METHODS_LENGTH,
  methodsOf,
  openingOf,
  refusal,
  sendKey,
  takeMethods,
  takePadding,
} from "./exchange.ts";
import { Inlet } from "./inlet.ts";
import {
  agree,
  KEY_LENGTH,
  makeCiphers,
  makeKeyPair,
  secretMark,
  secureRandom,
  torrentMark,
} from "./keys.ts";

/** What a dialled connection needs besides. */
export interface InitiateOptions extends ExchangeOptions {
  /** What is sent with the handshake: our handshake of BEP 3, so that no round trip is lost. */
  readonly firstPayload: Uint8Array;
}

/**
 * Begins with encryption towards a peer that we dialled.
 *
 * @returns what its handshake is to be read from
 * @throws {PeerError} "handshake" or "closed"
 */
export async function initiateEncrypted(
  transport: Transport,
  { infoHash, encryption, firstPayload, random = secureRandom }: InitiateOptions,
): Promise<Opening> {
  const keys = makeKeyPair(random);
  await sendKey(transport, keys, random);
  const inlet = new Inlet(transport, new Uint8Array());
  const secret = agree(keys.privateKey, await inlet.take(KEY_LENGTH));
  const { dialling: outgoing, accepting: incoming } = makeCiphers(secret, infoHash);

  const methods = methodsOf(encryption);
  const offer = encodeOffer(methods, firstPayload);
  outgoing.apply(offer);
  const marks = [...secretMark(secret), ...torrentMark(secret, infoHash)];
  await writeAll(transport, Uint8Array.from([...marks, ...offer]));

  const check = new Uint8Array(CHECK_LENGTH);
  incoming.apply(check);
  await inlet.seek(check, MAX_PADDING);
  const method = await takeMethods(inlet, incoming);
  const isOne = method === METHOD.plainText || method === METHOD.rc4;
  if (!isOne || (method & methods) === 0) throw refusal("the peer chose what was not offered");
  await takePadding(inlet, incoming);
  const { rest } = inlet;
  return openingOf(transport, {
    method,
    ciphers: { incoming, outgoing },
    firstPayload: new Uint8Array(),
    rest,
  });
}

/** Check bytes, the methods, no padding, and the first payload with its length before it. */
function encodeOffer(methods: Methods, firstPayload: Uint8Array): Uint8Array<ArrayBuffer> {
  const head = CHECK_LENGTH + METHODS_LENGTH + LENGTH_LENGTH + LENGTH_LENGTH;
  const bytes = new Uint8Array(head + firstPayload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(CHECK_LENGTH, methods);
  view.setUint16(head - LENGTH_LENGTH, firstPayload.length);
  bytes.set(firstPayload, head);
  return bytes;
}
