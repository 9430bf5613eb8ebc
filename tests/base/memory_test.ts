import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Memory, plainMemory, sharedMemory } from "../../lib/base/memory.ts";

const KINDS: readonly (readonly [string, (capacity: number) => Memory])[] = [
  ["plainMemory()", plainMemory],
  ["sharedMemory()", sharedMemory],
];

for (const [name, make] of KINDS) {
  Deno.test(`${name} is zero, and as long as was asked for`, () => {
    const memory = make(100_000);
    assert(memory.bytes.length >= 100_000);
    assertEquals(memory.bytes.length, memory.view.byteLength);
    assert(memory.bytes.every((byte) => byte === 0));
  });

  Deno.test(`${name} sets places aside that do not overlap, until it is used up`, () => {
    const memory = make(PAGE);
    const places = [1, 64, 65, 1000].map((length) => [memory.allocate(length), length] as const);
    for (const [index, [start, length]] of places.entries()) {
      const next = places[index + 1]?.[0] ?? PAGE;
      assert(start + length <= next, `${start} and ${length} bytes reach ${next}`);
    }
    assertThrows(() => memory.allocate(PAGE), RangeError, "used up");
  });

  Deno.test(`${name} copies, also between places that overlap`, () => {
    const memory = make(PAGE);
    memory.bytes.set([1, 2, 3, 4, 5]);
    memory.copy(7, 0, 5);
    memory.copy(8, 7, 5);
    memory.copy(0, 1, 4);
    assertEquals([...memory.bytes.subarray(0, 14)], [2, 3, 4, 5, 5, 0, 0, 1, 1, 2, 3, 4, 5, 0]);
    assertEquals(memory.view.getUint32(9), 0x02030405);
  });

  Deno.test(`${name} refuses to copy what is outside`, () => {
    const memory = make(PAGE);
    for (const [to, from] of [[PAGE - 9, 0], [0, PAGE - 9]] as const) {
      assertThrows(() => memory.copy(to, from, 10));
    }
  });
}

const PAGE = 64 * 1024;

Deno.test("sharedMemory() can be seen by other threads", () => {
  assert(sharedMemory(1).bytes.buffer instanceof SharedArrayBuffer);
});
