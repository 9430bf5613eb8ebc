/** How fast messages are cut out of what a socket delivers: divide `bytes` by the time per iteration. */
import { Framer } from "../../lib/peers/framer.ts";
import { Outbox } from "../../lib/peers/outbox.ts";
import { ReadBuffers } from "../../lib/peers/read_buffers.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";

const BYTES = 64 * 2 ** 20;

function pieceMessages(lengthBytes: number): Uint8Array {
  const outbox = new Outbox();
  const block = new Uint8Array(BLOCK_LENGTH);
  for (let index = 0; outbox.pendingBytes < lengthBytes; index++) outbox.piece(index, 0, block);
  return outbox.take().subarray(0, lengthBytes);
}

const stream = pieceMessages(BYTES);
const buffers = new ReadBuffers();

/** Delivers the stream in reads of at most `readLength` bytes; what it copies stands for the socket's own work. */
function frame(readLength: number): number {
  using framer = new Framer({ buffers });
  let blocks = 0;
  for (let at = 0; at < stream.length;) {
    const space = framer.space();
    const length = Math.min(space.length, readLength, stream.length - at);
    space.set(stream.subarray(at, at + length));
    framer.commit(length);
    at += length;
    while (framer.next() !== undefined) blocks++;
  }
  return blocks;
}

Deno.bench("the copy alone, 64 MiB in reads of 256 KiB", { baseline: true }, () => {
  const space = new Uint8Array(256 * 1024);
  for (let at = 0; at < stream.length; at += space.length) {
    space.set(stream.subarray(at, at + space.length));
  }
});
Deno.bench("Framer, 64 MiB of blocks in reads of 256 KiB", () => {
  frame(256 * 1024);
});
Deno.bench("Framer, 64 MiB of blocks in reads of 64 KiB", () => {
  frame(64 * 1024);
});
Deno.bench("Framer, 64 MiB of blocks in reads of 1,448 bytes", () => {
  frame(1448);
});
Deno.bench("Outbox, 250,000 requests", () => {
  const outbox = new Outbox();
  for (let round = 0; round < 1000; round++) {
    for (let index = 0; index < 250; index++) outbox.request(index, 0, BLOCK_LENGTH);
    outbox.take();
  }
});
