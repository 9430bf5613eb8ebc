import { assertEquals } from "@std/assert";
import { SlotMap } from "../../lib/base/slot_map.ts";

/** An object that shows which it is. */
function thing(name: string): { readonly name: string } {
  return { name };
}

function namesOf(things: Iterable<{ readonly name: string }>): string[] {
  return Array.from(things, ({ name }) => name);
}

Deno.test("SlotMap has its objects in the order of their numbers' coming", () => {
  const map = new SlotMap<{ readonly name: string }>();
  for (const [key, name] of [[7, "a"], [3, "b"], [5, "c"]] as const) map.set(key, thing(name));
  map.set(3, thing("B"));
  assertEquals([map.size, namesOf(map)], [3, ["a", "B", "c"]]);
  assertEquals([map.delete(7), map.delete(7), map.get(7)], [true, false, undefined]);
  map.set(7, thing("d"));
  assertEquals([map.get(7)?.name, namesOf(map)], ["d", ["B", "c", "d"]]);
});

Deno.test("SlotMap does not yield what is taken out meanwhile, and yields what is added", () => {
  const map = new SlotMap<{ readonly name: string }>();
  for (const key of [0, 1, 2]) map.set(key, thing(`${key}`));
  const seen: string[] = [];
  for (const { name } of map) {
    seen.push(name);
    if (name !== "0") continue;
    map.delete(0);
    map.delete(1);
    map.set(9, thing("9"));
  }
  assertEquals(seen, ["0", "2", "9"]);
});

Deno.test("SlotMap is what a Map is, whatever comes and goes", () => {
  const map = new SlotMap<{ readonly name: string }>();
  const model = new Map<number, { readonly name: string }>();
  let state = 1;
  const random = (end: number) => (state = (state * 48271) % 0x7fffffff) % end;
  for (let step = 0; step < 5_000; step++) {
    const key = random(64);
    if (random(2) === 0) {
      const value = thing(`${step}`);
      map.set(key, value);
      model.set(key, value);
    } else assertEquals(map.delete(key), model.delete(key));
    assertEquals(map.size, model.size);
    if (step % 100 === 0) assertEquals([...map], [...model.values()]);
  }
});
