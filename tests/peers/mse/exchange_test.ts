import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "../../../lib/base/async.ts";
import { PeerError } from "../../../lib/base/errors.ts";
import type { Encryption } from "../../../lib/peers/encryption.ts";
import { acceptEncrypted } from "../../../lib/peers/mse/accept.ts";
import { CipherTransport } from "../../../lib/peers/mse/cipher_transport.ts";
import { MAX_FIRST_PAYLOAD, MAX_PADDING, METHOD } from "../../../lib/peers/mse/exchange.ts";
import { initiateEncrypted } from "../../../lib/peers/mse/initiate.ts";
import {
  agree,
  KEY_LENGTH,
  makeCiphers,
  makeKeyPair,
  secretMark,
  secureRandom,
  torrentMark,
} from "../../../lib/peers/mse/keys.ts";
import { type Opening, writeAll } from "../../../lib/peers/transport.ts";
import { makePipe, type PipeEnd, readExactly } from "../../support/pipe.ts";
import { randomBytes } from "../../support/torrent_fixture.ts";

const infoHash = randomBytes(20, 1);
const received = new Uint8Array();
const firstPayload = randomBytes(68, 2);

/** What comes of it for both: the way that payload takes. */
const MATRIX: readonly (readonly [Encryption, Encryption, "plain" | "encrypted"])[] = [
  ["allow", "allow", "plain"],
  ["allow", "require", "encrypted"],
  ["require", "allow", "encrypted"],
  ["require", "require", "encrypted"],
];

Deno.test("initiateEncrypted() and acceptEncrypted() come to terms", async (t) => {
  for (const [dialling, accepting, manner] of MATRIX) {
    for (const portionBytes of [1, 33, Infinity]) {
      await t.step(`${dialling}, ${accepting}, ${portionBytes} bytes at a time`, async () => {
        const [ours, theirs] = makePipe(portionBytes);
        const [one, other] = await Promise.all([
          initiateEncrypted(ours, { infoHash, encryption: dialling, firstPayload }),
          acceptEncrypted(theirs, { infoHash, encryption: accepting, received }),
        ]);
        for (const { transport } of [one, other]) {
          assertEquals(transport instanceof CipherTransport, manner === "encrypted");
        }
        assertEquals(other.received, firstPayload);
        const lengthBytes = Math.min(1000 * portionBytes, 100_000);
        await assertCarries(one, other, lengthBytes);
        await assertCarries(other, one, lengthBytes);
      });
    }
  }
});

/** What a dialling villain does; the rest is as it should be. */
interface Offer {
  readonly paddingLength?: number;
  readonly infoHash?: Uint8Array;
  readonly check?: Uint8Array;
  readonly methods?: number;
  readonly innerPaddingLength?: number;
  readonly payloadLength?: number;
}

const BAD_OFFERS: readonly (readonly [string, Offer, RegExp])[] = [
  ["too much padding", { paddingLength: MAX_PADDING + 1 }, /not within 512 bytes/],
  ["another torrent", { infoHash: randomBytes(20, 9) }, /it is about another torrent/],
  ["wrong check bytes", { check: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1) }, /another key/],
  ["no method", { methods: 0 }, /offers no method that is allowed/],
  ["an unknown method", { methods: 0x80000004 }, /offers no method that is allowed/],
  ["plain text alone", { methods: METHOD.plainText }, /offers no method that is allowed/],
  ["too much inner padding", { innerPaddingLength: 513 }, /announces 513 bytes where 512/],
  ["a huge first payload", { payloadLength: 0xffff }, /announces 65535 bytes where 16384/],
];

Deno.test("acceptEncrypted() that requires encryption refuses an offer with", async (t) => {
  for (const [words, offer, message] of BAD_OFFERS) {
    await t.step(words, async () => {
      const [ours, theirs] = makePipe();
      const accepting = acceptEncrypted(ours, { infoHash, encryption: "require", received });
      const [error] = await Promise.all([
        assertRejects(() => accepting, PeerError),
        offerTo(theirs, offer),
      ]);
      assertEquals([error.reason, message.test(error.message)], ["handshake", true], error.message);
    });
  }
});

const GOOD_OFFERS: readonly (readonly [string, Offer])[] = [
  ["nothing special", {}],
  ["as much padding as may be", { paddingLength: MAX_PADDING }],
  ["as much inner padding as may be", { innerPaddingLength: MAX_PADDING }],
  ["methods that we do not know besides", { methods: 0xfffffffe }],
  ["no first payload", { payloadLength: 0 }],
  ["as much first payload as may be", { payloadLength: MAX_FIRST_PAYLOAD }],
];

Deno.test("acceptEncrypted() takes an offer with", async (t) => {
  for (const [words, offer] of GOOD_OFFERS) {
    await t.step(words, async () => {
      const [ours, theirs] = makePipe();
      const accepting = acceptEncrypted(ours, { infoHash, encryption: "allow", received });
      await offerTo(theirs, offer);
      const { transport, received: payload } = await accepting;
      assertEquals(payload.length, offer.payloadLength ?? 0);
      assert(transport instanceof CipherTransport);
    });
  }
});

const BAD_ANSWERS: readonly (readonly [string, Answer, RegExp])[] = [
  ["too much padding", { paddingLength: MAX_PADDING + 1 }, /not within 512 bytes/],
  [
    "a key of another torrent",
    { infoHash: randomBytes(20, 9), innerPaddingLength: 512 },
    /not within/,
  ],
  ["no method", { method: 0 }, /chose what was not offered/],
  ["two methods", { method: 3 }, /chose what was not offered/],
  ["an unknown method", { method: 4 }, /chose what was not offered/],
  ["plain text", { method: METHOD.plainText }, /chose what was not offered/],
  ["too much inner padding", { innerPaddingLength: 513 }, /announces 513 bytes where 512/],
];

Deno.test("initiateEncrypted() that requires encryption refuses an answer with", async (t) => {
  for (const [words, answer, message] of BAD_ANSWERS) {
    await t.step(words, async () => {
      const [ours, theirs] = makePipe();
      const options = { infoHash, encryption: "require", firstPayload } as const;
      const [error] = await Promise.all([
        assertRejects(() => initiateEncrypted(ours, options), PeerError),
        answerTo(theirs, answer),
      ]);
      assertEquals([error.reason, message.test(error.message)], ["handshake", true], error.message);
    });
  }
});

Deno.test("acceptEncrypted() works nothing out before it has a whole key", async () => {
  const [ours, theirs] = makePipe();
  let uses = 0;
  const random = (lengthBytes: number) => {
    uses++;
    return secureRandom(lengthBytes);
  };
  const accepting = acceptEncrypted(ours, { infoHash, encryption: "allow", received, random });
  await theirs.write(randomBytes(KEY_LENGTH - 1, 1));
  await delay(0);
  assertEquals([uses, ours.written.length], [0, 0]);
  theirs[Symbol.dispose]();
  const error = await assertRejects(() => accepting, PeerError, "closed before its handshake");
  assertEquals(error.reason, "closed");
});

Deno.test("acceptEncrypted() reads no more of random bytes than a handshake may have", async () => {
  const [ours, theirs] = makePipe(1000);
  await writeAll(theirs, randomBytes(50_000, 3));
  const accepting = acceptEncrypted(ours, { infoHash, encryption: "allow", received });
  await assertRejects(() => accepting, PeerError, "not within 512 bytes");
  await readExactly(ours, 49_000);
});

/** Sends what a dialling peer sends, and takes what it is answered. */
async function offerTo(transport: PipeEnd, offer: Offer): Promise<void> {
  const keys = makeKeyPair(secureRandom);
  await writeAll(transport, keys.publicKey);
  await writeAll(transport, new Uint8Array(offer.paddingLength ?? 0).fill(0xee));
  const secret = agree(keys.privateKey, await readExactly(transport, KEY_LENGTH));
  await writeAll(transport, new Uint8Array(secretMark(secret)));
  await writeAll(transport, new Uint8Array(torrentMark(secret, offer.infoHash ?? infoHash)));
  const { dialling } = makeCiphers(secret, infoHash);
  const bytes = Uint8Array.from([
    ...offer.check ?? new Uint8Array(8),
    ...encodeNumber(offer.methods ?? METHOD.rc4, 4),
    ...encodeNumber(offer.innerPaddingLength ?? 0, 2),
    ...new Uint8Array(offer.innerPaddingLength ?? 0),
    ...encodeNumber(offer.payloadLength ?? 0, 2),
    ...new Uint8Array(offer.payloadLength ?? 0),
  ]);
  dialling.apply(bytes);
  await writeAll(transport, bytes);
}

/** What an accepting villain does; the rest is as it should be. */
interface Answer {
  readonly paddingLength?: number;
  readonly infoHash?: Uint8Array;
  readonly method?: number;
  readonly innerPaddingLength?: number;
}

/** Sends what an accepting peer sends. */
async function answerTo(transport: PipeEnd, answer: Answer): Promise<void> {
  const keys = makeKeyPair(secureRandom);
  const secret = agree(keys.privateKey, await readExactly(transport, KEY_LENGTH));
  await writeAll(transport, keys.publicKey);
  await writeAll(transport, new Uint8Array(answer.paddingLength ?? 0).fill(0xee));
  const { accepting } = makeCiphers(secret, answer.infoHash ?? infoHash);
  const bytes = Uint8Array.from([
    ...new Uint8Array(8),
    ...encodeNumber(answer.method ?? METHOD.rc4, 4),
    ...encodeNumber(answer.innerPaddingLength ?? 0, 2),
    ...new Uint8Array(answer.innerPaddingLength ?? 0),
  ]);
  accepting.apply(bytes);
  await writeAll(transport, bytes);
}

function encodeNumber(value: number, lengthBytes: 2 | 4): Uint8Array {
  const view = new DataView(new ArrayBuffer(lengthBytes));
  if (lengthBytes === 2) view.setUint16(0, value);
  else view.setUint32(0, value);
  return new Uint8Array(view.buffer);
}

/** Fails unless what one side writes is what the other one reads. */
async function assertCarries(from: Opening, to: Opening, lengthBytes: number): Promise<void> {
  const bytes = randomBytes(lengthBytes, 4);
  await Promise.all([
    writeAll(from.transport, bytes.slice()),
    readExactly(to.transport, bytes.length).then((read) => assertEquals(read, bytes)),
  ]);
}
