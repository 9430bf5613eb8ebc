/**
 * The accepting side of the handshake of Message Stream Encryption; see exchange.ts.
 *
 * @module
 */
import { type Opening, type Transport, writeAll } from "../transport.ts";
import {
  CHECK_LENGTH,
  type ExchangeOptions,
  LENGTH_LENGTH,
  MAX_FIRST_PAYLOAD,
  MAX_PADDING,
  METHOD,
  type Methods,
  METHODS_LENGTH,
  methodsOf,
  openingOf,
  refusal,
  sendKey,
  takeDecrypted,
  takeLength,
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
import type { Rc4 } from "./rc4.ts";

/** What an accepted connection needs besides. */
export interface AcceptOptions extends ExchangeOptions {
  /** What was read already, to see that it is no plain handshake. */
  readonly received: Uint8Array;
}

/**
 * Answers a peer that begins with encryption. Nothing is worked out for one that has not sent a whole key.
 *
 * @returns what its handshake is to be read from
 * @throws {PeerError} "handshake" or "closed"
 */
export async function acceptEncrypted(
  transport: Transport,
  { received, infoHash, encryption, random = secureRandom }: AcceptOptions,
): Promise<Opening> {
  const inlet = new Inlet(transport, received);
  const theirKey = await inlet.take(KEY_LENGTH);
  const keys = makeKeyPair(random);
  const secret = agree(keys.privateKey, theirKey);
  await sendKey(transport, keys, random);

  await inlet.seek(secretMark(secret), MAX_PADDING);
  const expected = torrentMark(secret, infoHash);
  const named = await inlet.take(expected.length);
  if (expected.some((byte, index) => byte !== named[index])) {
    throw refusal("it is about another torrent");
  }
  const { dialling: incoming, accepting: outgoing } = makeCiphers(secret, infoHash);
  const check = await takeDecrypted(inlet, incoming, CHECK_LENGTH);
  if (check.some((byte) => byte !== 0)) throw refusal("the peer has another key");
  const method = choose(await takeMethods(inlet, incoming), methodsOf(encryption));
  await takePadding(inlet, incoming);
  const payloadLength = await takeLength(inlet, incoming, MAX_FIRST_PAYLOAD);
  const firstPayload = (await takeDecrypted(inlet, incoming, payloadLength)).slice();
  await writeAll(transport, encodeAnswer(method, outgoing));
  return openingOf(transport, {
    method,
    ciphers: { incoming, outgoing },
    firstPayload,
    rest: inlet.rest,
  });
}

/** Plain text where that will do, for it costs nothing: the handshake has got through, which is hidden. */
function choose(offered: Methods, allowed: Methods): Methods {
  const both = offered & allowed;
  if (both & METHOD.plainText) return METHOD.plainText;
  if (both & METHOD.rc4) return METHOD.rc4;
  throw refusal("the peer offers no method that is allowed");
}

/** Check bytes, the method, and no padding. */
function encodeAnswer(method: Methods, cipher: Rc4): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(CHECK_LENGTH + METHODS_LENGTH + LENGTH_LENGTH);
  new DataView(bytes.buffer).setUint32(CHECK_LENGTH, method);
  cipher.apply(bytes);
  return bytes;
}
