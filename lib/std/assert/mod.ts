import { deepStrictEqual } from "node:assert";

/** @std/assert's assertEquals(). */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  deepStrictEqual(actual, expected, msg);
}

/** @std/assert's assert(). */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new Error(msg);
}
