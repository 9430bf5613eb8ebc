/**
 * SHA-1 (FIPS 180-4): by WebCrypto where it may be waited for, else by node:crypto, else our own. That one
 * takes ten times as long as the platform's, but less for 5 MB than node:crypto takes to load.
 *
 * @module
 */

const BLOCK_BYTES = 64;
/** At the end of the last block: how many bits there were. */
const LENGTH_BYTES = 8;
const BITS_PER_BYTE = 8;

/** The 80 words of one block, written over by the next: nothing here ever waits in between. */
const WORDS = new Int32Array(80);

let platform: Pick<typeof import("node:crypto"), "createHash" | "hash"> | undefined;

/**
 * Loads the platform's own SHA-1, for all that is hashed here from then on. It is worth it for many
 * megabytes, or where there is something to wait for anyway.
 */
export async function loadPlatformSha1(): Promise<void> {
  platform = await import("node:crypto");
}

/** The SHA-1 of bytes that come one after the other. */
export interface RunningSha1 {
  /** The next bytes. */
  update(bytes: Uint8Array): unknown;
  /** Of all: 20 bytes. It ends there. */
  digest(): Uint8Array;
}

/** Starts a SHA-1, of nothing yet. */
export function createSha1(): RunningSha1 {
  return platform?.createHash("sha1") ?? new PlainSha1();
}

/** The SHA-1 of the bytes: 20 bytes. */
export function sha1(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // The platform makes a text of it in less time than bytes, which it wraps into a Buffer.
  if (platform !== undefined) return Uint8Array.fromHex(platform.hash("sha1", bytes, "hex"));
  const hash = new PlainSha1();
  hash.update(bytes);
  return hash.digest();
}

/** The same by WebCrypto, off this thread: nothing needs to be loaded for it. */
export async function sha1Later(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-1", bytes));
}

/** Without the platform. */
class PlainSha1 implements RunningSha1 {
  readonly #state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  /** The block that is not full yet. */
  readonly #block = new Uint8Array(BLOCK_BYTES);
  #lengthBytes = 0;

  update(bytes: Uint8Array): void {
    const filled = this.#lengthBytes % BLOCK_BYTES;
    this.#lengthBytes += bytes.length;
    const head = filled === 0 ? 0 : Math.min(BLOCK_BYTES - filled, bytes.length);
    if (head > 0) {
      this.#block.set(bytes.subarray(0, head), filled);
      if (filled + head < BLOCK_BYTES) return;
      hashBlocks(this.#state, this.#block);
    }
    const tail = bytes.length - (bytes.length - head) % BLOCK_BYTES;
    hashBlocks(this.#state, bytes.subarray(head, tail));
    this.#block.set(bytes.subarray(tail));
  }

  /** Fills the last block up: a one bit, zeros, and the length of all. */
  digest(): Uint8Array<ArrayBuffer> {
    const bits = BigInt(this.#lengthBytes) * BigInt(BITS_PER_BYTE);
    const filled = this.#lengthBytes % BLOCK_BYTES;
    const fits = filled + 1 + LENGTH_BYTES <= BLOCK_BYTES;
    const padding = new Uint8Array((fits ? 1 : 2) * BLOCK_BYTES - filled);
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - LENGTH_BYTES, bits);
    this.update(padding);
    const digest = new DataView(new ArrayBuffer(this.#state.byteLength));
    this.#state.forEach((word, index) => digest.setInt32(4 * index, word));
    return new Uint8Array(digest.buffer);
  }
}

function hashBlocks(state: Int32Array, blocks: Uint8Array): void {
  const view = new DataView(blocks.buffer, blocks.byteOffset, blocks.length);
  for (let at = 0; at < blocks.length; at += BLOCK_BYTES) {
    readWords(view, at);
    mixWords(state);
  }
}

function readWords(view: DataView, at: number): void {
  for (let index = 0; index < 16; index++) WORDS[index] = view.getInt32(at + 4 * index);
  for (let index = 16; index < 80; index++) {
    const bits = word(index - 3) ^ word(index - 8) ^ word(index - 14) ^ word(index - 16);
    WORDS[index] = bits << 1 | bits >>> 31;
  }
}

function word(index: number): number {
  return WORDS[index] ?? 0;
}

/**
 * Four times twenty rounds, each twenty with a function and a constant of its own. Four loops, and the
 * rotations written out, for this takes half as long as it does when put more shortly.
 */
function mixWords(state: Int32Array): void {
  let a = state[0] ?? 0;
  let b = state[1] ?? 0;
  let c = state[2] ?? 0;
  let d = state[3] ?? 0;
  let e = state[4] ?? 0;
  let index = 0;
  // What goes through `a` comes last in each sum: it is known last, and all else is added up by then.
  for (; index < 20; index++) {
    const next = (e + word(index) + 0x5a827999 | 0) + (d ^ b & (c ^ d)) + (a << 5 | a >>> 27) | 0;
    e = d;
    d = c;
    c = b << 30 | b >>> 2;
    b = a;
    a = next;
  }
  for (; index < 40; index++) {
    const next = (e + word(index) + 0x6ed9eba1 | 0) + (b ^ c ^ d) + (a << 5 | a >>> 27) | 0;
    e = d;
    d = c;
    c = b << 30 | b >>> 2;
    b = a;
    a = next;
  }
  for (; index < 60; index++) {
    const next = (e + word(index) + 0x8f1bbcdc | 0) + (b & c | d & (b | c)) + (a << 5 | a >>> 27) |
      0;
    e = d;
    d = c;
    c = b << 30 | b >>> 2;
    b = a;
    a = next;
  }
  for (; index < 80; index++) {
    const next = (e + word(index) + 0xca62c1d6 | 0) + (b ^ c ^ d) + (a << 5 | a >>> 27) | 0;
    e = d;
    d = c;
    c = b << 30 | b >>> 2;
    b = a;
    a = next;
  }
  state[0] = (state[0] ?? 0) + a;
  state[1] = (state[1] ?? 0) + b;
  state[2] = (state[2] ?? 0) + c;
  state[3] = (state[3] ?? 0) + d;
  state[4] = (state[4] ?? 0) + e;
}
