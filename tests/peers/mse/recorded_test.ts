/** Handshakes as other clients sent them, with the private key that our side had. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { PeerError } from "../../../lib/base/errors.ts";
import { decodeHandshake, HANDSHAKE_LENGTH } from "../../../lib/peers/handshake.ts";
import { acceptEncrypted } from "../../../lib/peers/mse/accept.ts";
import { initiateEncrypted } from "../../../lib/peers/mse/initiate.ts";
import { agree, KEY_LENGTH, secretMark, torrentMark } from "../../../lib/peers/mse/keys.ts";
import type { Opening } from "../../../lib/peers/transport.ts";
import { makePipe, readExactly } from "../../support/pipe.ts";
import { bytes, dataUrl } from "../../torrent/helpers.ts";

interface Side {
  /** What the peer sends, one after the other. */
  readonly peerSends: readonly [string, string];
  /** The secret that both come to know. */
  readonly secret: string;
  /** Of the peer's handshake. */
  readonly peerId: string;
}

interface Recorded {
  readonly infoHash: string;
  readonly privateKey: string;
  readonly accepting: Side & { readonly decrypted: string };
  readonly dialling: Side & { readonly secretMark: string };
}

const recorded: Recorded = JSON.parse(Deno.readTextFileSync(dataUrl("mse_handshakes.json")));
const infoHash = Uint8Array.fromHex(recorded.infoHash);
const PADDING = 10;

/** The recorded private key, then padding of ten spaces. */
function recordedRandom(lengthBytes: number): Uint8Array {
  if (lengthBytes === 20) return Uint8Array.fromHex(recorded.privateKey);
  return lengthBytes === 2 ? Uint8Array.of(0, PADDING) : new Uint8Array(lengthBytes).fill(0x20);
}

/** The first handshake of BEP 3 in what goes on after the encryption's. */
async function peerIdOf({ transport, received }: Opening): Promise<string> {
  const missing = await readExactly(transport, Math.max(0, HANDSHAKE_LENGTH - received.length));
  const { peerId } = decodeHandshake(
    Uint8Array.from([...received, ...missing]).subarray(0, HANDSHAKE_LENGTH),
  );
  return new TextDecoder().decode(peerId);
}

for (const portionBytes of [1, 100, Infinity]) {
  Deno.test(`acceptEncrypted() takes a recorded handshake, read ${portionBytes} bytes at a time`, async () => {
    const { peerSends, peerId } = recorded.accepting;
    const [ours, theirs] = makePipe(portionBytes);
    const options = { infoHash, encryption: "require", random: recordedRandom } as const;
    const accepting = acceptEncrypted(ours, { ...options, received: new Uint8Array() });
    for (const part of peerSends) {
      for (const byte of Uint8Array.fromHex(part)) await theirs.write(Uint8Array.of(byte));
    }
    assertEquals(await peerIdOf(await accepting), peerId);
    assertEquals(ours.written.slice(KEY_LENGTH, KEY_LENGTH + PADDING), Array(PADDING).fill(0x20));
  });

  Deno.test(`initiateEncrypted() takes a recorded answer, read ${portionBytes} bytes at a time`, async () => {
    const { peerSends, peerId, secret, ...dialling } = recorded.dialling;
    const [ours, theirs] = makePipe(portionBytes);
    const options = { infoHash, encryption: "allow", random: recordedRandom } as const;
    const initiating = initiateEncrypted(ours, { ...options, firstPayload: bytes("payload") });
    for (const part of peerSends) {
      for (const byte of Uint8Array.fromHex(part)) await theirs.write(Uint8Array.of(byte));
    }
    assertEquals(await peerIdOf(await initiating), peerId);
    const sent = Uint8Array.from(ours.written).subarray(KEY_LENGTH + PADDING);
    assertEquals(sent.subarray(0, 20).toHex(), dialling.secretMark);
    const mark = torrentMark(Uint8Array.fromHex(secret), infoHash);
    assertEquals(sent.subarray(20, 40), mark);
  });
}

Deno.test("acceptEncrypted() carries on with what was read to recognise it", async () => {
  const { peerSends, peerId } = recorded.accepting;
  const [ours, theirs] = makePipe();
  const all = Uint8Array.fromHex(peerSends.join(""));
  for (const byte of all.subarray(150)) await theirs.write(Uint8Array.of(byte));
  const options = { infoHash, encryption: "allow", random: recordedRandom } as const;
  const opening = await acceptEncrypted(ours, { ...options, received: all.subarray(0, 150) });
  assertEquals(await peerIdOf(opening), peerId);
  assertEquals(opening.received.toHex(), recorded.accepting.decrypted.slice(-2 * HANDSHAKE_LENGTH));
});

Deno.test("acceptEncrypted() refuses a recorded handshake for another torrent", async () => {
  const [ours, theirs] = makePipe();
  for (const part of recorded.accepting.peerSends) await theirs.write(Uint8Array.fromHex(part));
  const options = { encryption: "allow", random: recordedRandom } as const;
  const other = { infoHash: new Uint8Array(20), received: new Uint8Array() };
  const error = await assertRejects(
    () => acceptEncrypted(ours, { ...options, ...other }),
    PeerError,
    "it is about another torrent",
  );
  assert(!error.message.includes(recorded.infoHash));
});

Deno.test("agree() and secretMark() give what was recorded", () => {
  const privateKey = BigInt(`0x${recorded.privateKey}`);
  for (const { peerSends, secret } of [recorded.accepting, recorded.dialling]) {
    const key = Uint8Array.fromHex(peerSends[0]).subarray(0, KEY_LENGTH);
    assertEquals(agree(privateKey, key).toHex(), secret);
  }
  const { secret, secretMark: mark } = recorded.dialling;
  assertEquals(secretMark(Uint8Array.fromHex(secret)).toHex(), mark);
});
