import { assert, assertEquals } from "@std/assert";
import type { BlockRequest } from "../../lib/peers/message.ts";
import { AskedBlocks, MAX_ASKED } from "../../lib/upload/asked_blocks.ts";
import { randomFractionOf } from "../support/torrents.ts";

function requestOf(begin: number): BlockRequest {
  return { pieceIndex: 7, begin, lengthBytes: 100 };
}

Deno.test("AskedBlocks behaves as a list does, whatever is pushed, taken and cancelled", () => {
  const random = randomFractionOf(1);
  const asked = new AskedBlocks();
  let model: number[] = [];
  for (let step = 0; step < 20_000; step++) {
    const begin = Math.floor(random() * 400);
    const kind = random();
    if (kind < 0.5) {
      assert(asked.push(requestOf(begin)));
      model.push(begin);
    } else if (kind < 0.8) {
      assertEquals(asked.peek()?.begin, model[0]);
      asked.shift();
      model.shift();
    } else {
      const at = model.indexOf(begin);
      assertEquals(asked.cancel(requestOf(begin)), at !== -1);
      if (at !== -1) model = model.toSpliced(at, 1);
    }
    assertEquals(asked.length, model.length);
  }
  const left: number[] = [];
  asked.clear((request) => left.push(request.begin));
  assertEquals(left, model);
  assertEquals([asked.length, asked.peek()], [0, undefined]);
});

Deno.test("AskedBlocks takes no more than it may", () => {
  const asked = new AskedBlocks();
  for (let begin = 0; begin < MAX_ASKED; begin++) assert(asked.push(requestOf(begin)));
  assert(!asked.push(requestOf(0)));
  asked.shift();
  assert(asked.push(requestOf(9)));
  assertEquals([asked.length, asked.peek(5)?.begin], [MAX_ASKED, 6]);
});

Deno.test("AskedBlocks has the room again of what was cancelled", () => {
  const asked = new AskedBlocks();
  for (let begin = 0; begin < MAX_ASKED; begin++) asked.push(requestOf(begin));
  for (let begin = 1; begin < MAX_ASKED - 1; begin++) asked.cancel(requestOf(begin));
  assertEquals(asked.length, 2);
  assert(asked.push(requestOf(7)));
  const left: number[] = [];
  asked.clear((request) => left.push(request.begin));
  assertEquals(left, [0, MAX_ASKED - 1, 7]);
});

Deno.test("AskedBlocks.cancel() takes only what is just the same", () => {
  const asked = new AskedBlocks();
  asked.push(requestOf(1));
  for (const other of [{ pieceIndex: 8 }, { begin: 2 }, { lengthBytes: 99 }, { lengthBytes: 0 }]) {
    assert(!asked.cancel({ ...requestOf(1), ...other }));
  }
  assertEquals(asked.length, 1);
});
