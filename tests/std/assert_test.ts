import {
  assert,
  assertEquals,
  assertExists,
  assertInstanceOf,
  AssertionError,
  assertIsError,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";

const PASSING: readonly (readonly [string, () => unknown])[] = [
  ["assert() of a truthy value", () => assert(1)],
  ["equal bytes", () => assertEquals(new Uint8Array([1, 2]), new Uint8Array([1, 2]))],
  ["equal maps", () => assertEquals(new Map([["a", [1]]]), new Map([["a", [1]]]))],
  ["equal nested objects", () => assertEquals({ a: { b: NaN } }, { a: { b: NaN } })],
  ["equal big integers", () => assertEquals<unknown>(1n, 1n)],
  ["other bytes", () => assertNotEquals(new Uint8Array([1]), new Uint8Array([2]))],
  ["a number is not a big integer", () => assertNotEquals<unknown>(1, 1n)],
  ["a missing key is not undefined", () => assertNotEquals<unknown>({}, { a: undefined })],
  ["the same value", () => assertStrictEquals("a", "a")],
  ["a part of a text", () => assertStringIncludes("abc", "b")],
  ["a matching text", () => assertMatch("abc", /^a/)],
  ["zero exists", () => assertExists(0)],
  ["an instance", () => assertInstanceOf(new TypeError(), Error)],
  ["an error with a text", () => assertIsError(new TypeError("abc"), TypeError, "b")],
];

const FAILING: readonly (readonly [string, () => unknown])[] = [
  ["fail()", () => fail("why")],
  ["assert() of a falsy value", () => assert(0)],
  ["bytes that differ", () => assertEquals(new Uint8Array([1]), new Uint8Array([2]))],
  ["maps that differ", () => assertEquals(new Map([["a", 1]]), new Map([["a", 2]]))],
  ["equal values", () => assertNotEquals([1], [1])],
  ["equal but not the same", () => assertStrictEquals([], [])],
  ["not a part", () => assertStringIncludes("abc", "x")],
  ["no match", () => assertMatch("abc", /x/)],
  ["null", () => assertExists(null)],
  ["another class", () => assertInstanceOf(new Error(), TypeError)],
  ["nothing thrown", () => assertThrows(() => {})],
  ["another error thrown", () => assertThrows(() => fail(), TypeError)],
  ["another text thrown", () => assertThrows(() => fail("this"), AssertionError, "that")],
];

for (const [name, check] of PASSING) {
  Deno.test(`assertions pass for ${name}`, () => void check());
}

for (const [name, check] of FAILING) {
  Deno.test(`assertions throw AssertionError for ${name}`, () => {
    try {
      check();
    } catch (error) {
      if (error instanceof AssertionError) return;
    }
    throw new Error("nothing was thrown");
  });
}

Deno.test("assertThrows() returns the error", () => {
  const error = assertThrows(() => new Uint8Array(-1), RangeError);
  assertInstanceOf(error, RangeError);
});

Deno.test("assertRejects() resolves with the error", async () => {
  const error = await assertRejects(() => Promise.reject(new TypeError("abc")), TypeError, "b");
  assertEquals(error.message, "abc");
  await assertRejects(() => assertRejects(() => Promise.resolve()), AssertionError);
  await assertRejects(() =>
    assertRejects(() => {
      throw new Error("at once");
    }), AssertionError);
});
