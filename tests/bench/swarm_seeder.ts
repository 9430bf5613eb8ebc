/**
 * A seeder in a process of its own, as fast as Deno allows: it knows no disk, makes no object per block,
 * and answers all requests of one read with one write; or, under a limit, one after the other. Usage:
 * swarm_seeder.ts LENGTH PIECE_LENGTH [BYTES_PER_SECOND]. Prints its port; every block holds the same
 * random bytes. Ends when standard input does.
 */
import { emptyBits, setBit } from "../../lib/base/bits.ts";
import { makePeerId } from "../../lib/base/identity.ts";
import { decodeHandshake, encodeHandshake, HANDSHAKE_LENGTH } from "../../lib/peers/handshake.ts";
import { MESSAGE_ID } from "../../lib/peers/message.ts";
import { Outbox } from "../../lib/peers/outbox.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { swarmBlock } from "./swarm_torrent.ts";

const [lengthBytes = 0, pieceLength = 1, bytesPerSecond = Infinity] = Deno.args.map(Number);
const pieceCount = Math.ceil(lengthBytes / pieceLength);
const block = swarmBlock();
const REQUEST_LENGTH = 17;
/** Under a limit: what was not sent for so long, for want of requests or a late timer, is sent at once. */
const MAX_CREDIT_MS = 50;
const MAX_READ = 256 * 1024;
const HEADER_LENGTH = 13;
/** What is written at once: more only makes the other side wait for its first byte. Under a limit, a block. */
const MAX_WRITE = bytesPerSecond === Infinity ? 1024 * 1024 : HEADER_LENGTH + BLOCK_LENGTH;

/** Where a connection has sent what the limit allows, until when nothing more is sent. */
const waitsUntilMs = new WeakMap<Deno.TcpConn, number>();

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
  if (bytesPerSecond === Infinity) return;
  const nowMs = performance.now();
  const untilMs = Math.max(waitsUntilMs.get(connection) ?? nowMs, nowMs - MAX_CREDIT_MS) +
    bytes.length / bytesPerSecond * 1000;
  waitsUntilMs.set(connection, untilMs);
  if (untilMs > nowMs) await new Promise((resolve) => setTimeout(resolve, untilMs - nowMs));
}

function greeting(infoHash: Parameters<typeof encodeHandshake>[0]["infoHash"]): Uint8Array {
  const outbox = new Outbox();
  const bits = emptyBits(pieceCount);
  for (let index = 0; index < pieceCount; index++) setBit(bits, index);
  outbox.bitfield(bits);
  outbox.unchoke();
  const handshake = encodeHandshake({ infoHash, peerId: makePeerId() });
  return new Uint8Array([...handshake, ...outbox.take()]);
}

/** Answers whole messages at the start of `input`; returns how many bytes of it they took. */
async function answer(connection: Deno.TcpConn, input: Uint8Array, output: Uint8Array) {
  const view = new DataView(input.buffer, input.byteOffset, input.length);
  const reply = new DataView(output.buffer);
  let at = 0;
  let filled = 0;
  while (at + 4 <= input.length) {
    const length = view.getUint32(at);
    if (at + 4 + length > input.length) break;
    if (length > 0 && input[at + 4] === MESSAGE_ID.request) {
      const wanted = view.getUint32(at + REQUEST_LENGTH - 4);
      if (wanted > BLOCK_LENGTH) throw new Error(`Cannot serve a block of ${wanted} bytes`);
      if (filled + HEADER_LENGTH + wanted > output.length) {
        await writeAll(connection, output.subarray(0, filled));
        filled = 0;
      }
      reply.setUint32(filled, wanted + HEADER_LENGTH - 4);
      reply.setUint8(filled + 4, MESSAGE_ID.piece);
      output.set(input.subarray(at + 5, at + HEADER_LENGTH), filled + 5);
      output.set(
        wanted === BLOCK_LENGTH ? block : block.subarray(0, wanted),
        filled + HEADER_LENGTH,
      );
      filled += HEADER_LENGTH + wanted;
    }
    at += 4 + length;
  }
  if (filled > 0) await writeAll(connection, output.subarray(0, filled));
  return at;
}

async function serve(connection: Deno.TcpConn): Promise<void> {
  connection.setNoDelay();
  const input = new Uint8Array(MAX_READ);
  const output = new Uint8Array(MAX_WRITE);
  let held = 0;
  let isGreeted = false;
  for (;;) {
    const read = await connection.read(input.subarray(held));
    if (read === null) return;
    held += read;
    let done = 0;
    if (!isGreeted && held >= HANDSHAKE_LENGTH) {
      isGreeted = true;
      done = HANDSHAKE_LENGTH;
      await writeAll(connection, greeting(decodeHandshake(input.subarray(0, done)).infoHash));
    }
    if (isGreeted) done += await answer(connection, input.subarray(done, held), output);
    input.copyWithin(0, done, held);
    held -= done;
  }
}

using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
await Deno.stdout.write(new TextEncoder().encode(`${listener.addr.port}\n`));
Deno.stdin.read(new Uint8Array(1)).then(() => Deno.exit(0));
for await (const connection of listener) {
  // The client may go at any time: what it leaves behind is no failure.
  serve(connection).catch(() => {}).finally(() => connection[Symbol.dispose]());
}
