/**
 * The memory that blocks pass through: sockets are read into it, pieces are put together in it, and
 * files are written from it. Buffers are places in one run of bytes, so that bytes move from one to
 * another without an object for each.
 *
 * It comes in two kinds. Plain memory is this thread's own. Shared memory can be seen by other threads,
 * and is WebAssembly's for one reason: JavaScript copies shared bytes one by one (512 MiB in blocks of
 * 16 KiB: 150 ms), the instruction `memory.copy` does not (20 ms).
 *
 * @module
 */

/** Bytes of one page of WebAssembly's memory. */
const PAGE_LENGTH = 64 * 1024;

/** Places are handed out at multiples of this, in bytes: a line of the processor's cache. */
const ALIGNMENT = 64;

/** A run of bytes of fixed length. What is never touched takes no room. */
export interface Memory {
  /** All of it, zero at first. */
  readonly bytes: Uint8Array;
  /** The same, for numbers. */
  readonly view: DataView;
  /**
   * Sets a place of `lengthBytes` bytes aside, for good, and returns where it starts.
   *
   * @throws {RangeError} when so much is not left
   */
  allocate(lengthBytes: number): number;
  /** Copies `lengthBytes` bytes; the two places may overlap. @throws {RangeError} outside of the memory */
  copy(to: number, from: number, lengthBytes: number): void;
}

/** Hands out places one after the other. */
class Places {
  readonly #capacity: number;
  #end = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  allocate(lengthBytes: number): number {
    const start = this.#end;
    const end = Math.ceil((start + lengthBytes) / ALIGNMENT) * ALIGNMENT;
    if (end > this.#capacity) {
      throw new RangeError(`Cannot set ${lengthBytes} bytes aside: the memory is used up`);
    }
    this.#end = end;
    return start;
  }
}

/** Memory of this thread alone. @param capacity in bytes */
export function plainMemory(capacity: number): Memory {
  const rounded = Math.ceil(capacity / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(rounded);
  const places = new Places(rounded);
  return {
    bytes,
    view: new DataView(bytes.buffer),
    allocate: (lengthBytes) => places.allocate(lengthBytes),
    copy: (to, from, lengthBytes) => {
      if (Math.max(to, from) + lengthBytes > rounded) {
        throw new RangeError("Cannot copy: outside of the memory");
      }
      bytes.copyWithin(to, from, from + lengthBytes);
    },
  };
}

/** Memory that other threads can be handed: `bytes.buffer` is a SharedArrayBuffer. @param capacity in bytes */
export function sharedMemory(capacity: number): Memory {
  const pages = Math.ceil(capacity / PAGE_LENGTH);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const places = new Places(pages * PAGE_LENGTH);
  return {
    bytes: new Uint8Array(memory.buffer),
    view: new DataView(memory.buffer),
    allocate: (lengthBytes) => places.allocate(lengthBytes),
    copy: copierOf(memory),
  };
}

type Copy = Memory["copy"];

function copierOf(memory: WebAssembly.Memory): Copy {
  module ??= new WebAssembly.Module(COPY_MODULE);
  const { exports } = new WebAssembly.Instance(module, { "": { "": memory } });
  return exports.copy as Copy;
}

let module: WebAssembly.Module | undefined;

/**
 * A module of one function, in WebAssembly's binary format:
 *
 *     (module
 *       (import "" "" (memory 0 65536 shared))
 *       (func (export "copy") (param i32 i32 i32)
 *         (memory.copy (local.get 0) (local.get 1) (local.get 2))))
 */
const COPY_MODULE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // "\0asm", version 1
  ...[0x01, 0x07, 0x01, 0x60, 0x03, 0x7f, 0x7f, 0x7f, 0x00], // types: (i32, i32, i32) to nothing
  ...[0x02, 0x09, 0x01, 0x00, 0x00, 0x02, 0x03, 0x00, 0x80, 0x80, 0x04], // imports: the memory
  ...[0x03, 0x02, 0x01, 0x00], // functions: one, of type 0
  ...[0x07, 0x08, 0x01, 0x04, 0x63, 0x6f, 0x70, 0x79, 0x00, 0x00], // exports: "copy", function 0
  ...[0x0a, 0x0e, 0x01, 0x0c, 0x00], // code: one body of 12 bytes, no locals
  ...[0x20, 0x00, 0x20, 0x01, 0x20, 0x02, 0xfc, 0x0a, 0x00, 0x00, 0x0b],
);
