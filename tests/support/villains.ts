/** Peers that misbehave, by name: behaviours for startSeeder(). The same ones do the same every time. */
import { delay } from "../../lib/base/async.ts";
import { encodeBencode } from "../../lib/torrent/bencode.ts";
import { BLOCK_LENGTH } from "../../lib/torrent/geometry.ts";
import { randomOf } from "../torrent/helpers.ts";
import type { Behaviour } from "./seeder.ts";
import type { SeederPeer } from "./seeder_peer.ts";
import { randomBytes } from "./torrent_fixture.ts";

/** Accepts, and never says a word. */
export function silent(): Behaviour {
  return { converse: (peer) => peer.drain() };
}

/** Answers nothing more after `lengthBytes` bytes of payload, on each connection. */
export function stalling(lengthBytes: number): Behaviour {
  return {
    answer(peer, request, block) {
      if (peer.servedBytes + block.length <= lengthBytes) peer.serve(request, block);
    },
  };
}

/** Never unchokes. */
export function choking(): Behaviour {
  return { onInterested() {} };
}

/** Chokes and unchokes again after every `blocks` blocks, forgetting what was requested. */
export function flapping(blocks: number): Behaviour {
  let served = 0;
  return {
    answer(peer, request, block) {
      peer.serve(request, block);
      if (++served % blocks !== 0) return;
      peer.queue.length = 0;
      peer.outbox.choke();
      peer.outbox.unchoke();
    },
  };
}

/** Changes a byte in blocks: in each with the given probability, in all by default. */
export function lying(options: { probability?: number; seed?: number } = {}): Behaviour {
  const { probability = 1, seed = 1 } = options;
  const random = randomOf(seed);
  return {
    answer(peer, request, block) {
      if (random(1_000_000) >= probability * 1_000_000) return peer.serve(request, block);
      const wrong = block.slice();
      const at = random(wrong.length);
      wrong[at] = (wrong[at] ?? 0) ^ (1 + random(255));
      peer.serve(request, wrong);
    },
  };
}

/** Announces a message of 2 GiB instead of its bitfield. */
export function oversize(): Behaviour {
  return greetingWith(Uint8Array.fromHex("7fffffff0700000000"));
}

/** Sends `blocks` blocks that nobody asked for, the last pieces first, before it serves. */
export function unrequested(blocks = 32): Behaviour {
  return {
    onInterested(peer) {
      const { geometry } = peer.seeder.metainfo;
      for (let count = 0; count < blocks; count++) {
        const pieceIndex = geometry.pieceCount - 1 - count % geometry.pieceCount;
        peer.outbox.piece(
          pieceIndex,
          0,
          randomBytes(geometry.blockLength(pieceIndex, 0), count + 1),
        );
      }
      // Not before: then some of them would have been asked for, and be lies.
      peer.outbox.unchoke();
    },
  };
}

/** Sends half of every block. */
export function shortBlocks(): Behaviour {
  return {
    answer(peer, request, block) {
      peer.serve(request, block.subarray(0, Math.ceil(block.length / 2)));
    },
  };
}

/** Sends blocks without a byte. */
export function emptyBlocks(): Behaviour {
  return { answer: (peer, request) => peer.serve(request, new Uint8Array(0)) };
}

/** Sends blocks a byte too long. */
export function longBlocks(): Behaviour {
  return {
    answer: (peer, request) => peer.serve(request, new Uint8Array(BLOCK_LENGTH + 1)),
  };
}

/** Sends every block twice. */
export function repeating(): Behaviour {
  return {
    answer(peer, request, block) {
      peer.serve(request, block);
      peer.serve(request, block);
    },
  };
}

/** Answers for another torrent. */
export function wrongHash(): Behaviour {
  return {
    handshake(honest) {
      const bytes = honest.slice();
      bytes[28] = (bytes[28] ?? 0) ^ 0xff;
      return bytes;
    },
  };
}

/** Sends its handshake one byte at a time, far too slowly; 68 bytes take it longer than any client waits. */
export function slowLoris(intervalMs = 1000): Behaviour {
  return {
    async converse(peer) {
      const draining = peer.drain().catch(ignore).finally(() => peer.close());
      for (const byte of peer.handshakeBytes()) {
        await peer.write(new Uint8Array([byte]));
        await delay(intervalMs, { signal: peer.signal });
      }
      await draining;
    },
  };
}

/** Closes the connection once it sent `lengthBytes` bytes of payload. */
export function disconnecting(lengthBytes: number): Behaviour {
  return {
    answer(peer, request, block) {
      if (peer.servedBytes + block.length > lengthBytes) peer.close();
      else peer.serve(request, block);
    },
  };
}

/** Sends a bitfield of a wrong length, or one with the bits behind the last piece set (which 8, 16, ... pieces have none of). */
export function badBitfield(fault: "short" | "long" | "spare"): Behaviour {
  return {
    greet(peer) {
      const bits = peer.seeder.bitfield;
      if (fault === "short") peer.outbox.bitfield(bits.subarray(1));
      else if (fault === "long") peer.outbox.bitfield(new Uint8Array([...bits, 0]));
      else peer.outbox.bitfield(bits.map(() => 0xff));
    },
  };
}

/** Answers with the client's own peer id, as if it were the client itself. */
export function selfEcho(): Behaviour {
  return {
    handshake(honest, peer) {
      const bytes = honest.slice();
      if (peer.theirs !== undefined) bytes.set(peer.theirs.peerId, 48);
      return bytes;
    },
  };
}

/** Tells that it has a piece that there is not, after its bitfield. */
export function outOfRangeHave(pieceIndex = 0xffffffff): Behaviour {
  return {
    greet(peer) {
      peer.greet();
      peer.outbox.have(pieceIndex);
    },
  };
}

/** Sends random bytes instead of a handshake. */
export function garbage(seed = 1): Behaviour {
  return {
    async converse(peer: SeederPeer) {
      await peer.write(randomBytes(1000, seed));
      await peer.drain();
    },
  };
}

/** Sends an extension handshake that is not bencode, or what `payload` says. */
export function badExtensionHandshake(payload = "d1:md"): Behaviour {
  return {
    greet(peer) {
      peer.outbox.extended(0, new TextEncoder().encode(payload));
      peer.outbox.bitfield(peer.seeder.bitfield);
    },
  };
}

/** Names 100,000 peers that there are not, all of this machine, by peer exchange (BEP 11). */
export function pexFlood(seed = 7): Behaviour {
  const random = randomOf(seed);
  const entry = () => [127, 1 + random(255), random(256), random(256), 0, 1];
  return {
    onExtensions(peer, { extensions }) {
      for (let message = 0; message < 10; message++) {
        const added = Uint8Array.from(Array.from({ length: 10_000 }, entry).flat());
        peer.outbox.extended(extensions.get("ut_pex") ?? 0, encodeBencode({ added }));
      }
    },
  };
}

function greetingWith(bytes: Uint8Array): Behaviour {
  return { greet: (peer) => peer.outbox.handshake(bytes) };
}

/** The client left: that is what slowLoris() waits for. */
function ignore(): void {}
