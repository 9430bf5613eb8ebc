/**
 * A small cover for @std/assert: the same names, signatures and behaviour, for just what our tests use.
 *
 * @module
 */
import { deepStrictEqual } from "node:assert";
import { isDeepStrictEqual } from "node:util";

/** What a failed assertion throws. */
export class AssertionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}

/** A class whose instances an assertion expects, abstract or not. */
// deno-lint-ignore no-explicit-any -- a constructor with any parameters, as @std types it
type AnyClass<T> = abstract new (...args: any[]) => T;

function explain(what: string, msg: string | undefined): string {
  return msg === undefined ? `${what}.` : `${what}: ${msg}`;
}

/** Fails always. */
export function fail(msg?: string): never {
  throw new AssertionError(explain("Failed assertion", msg));
}

/** Fails unless `expr` is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Fails unless both are equal by structure. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new AssertionError(
    `${explain("Values are not equal", msg)}\n${difference(actual, expected)}`,
  );
}

function difference(actual: unknown, expected: unknown): string {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  return "";
}

/** Fails when both are equal by structure. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (!isDeepStrictEqual(actual, expected)) return;
  const shown = Deno.inspect(actual);
  throw new AssertionError(explain(`Expected actual: ${shown} not to be: ${shown}`, msg));
}

/** Fails unless both are the same by Object.is(). */
export function assertStrictEquals<T>(
  actual: unknown,
  expected: T,
  msg?: string,
): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const shown = `${Deno.inspect(actual)} !== ${Deno.inspect(expected)}`;
  throw new AssertionError(`${explain("Values are not strictly equal", msg)}\n${shown}`);
}

/** Fails when the value is undefined or null. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual !== undefined && actual !== null) return;
  throw new AssertionError(
    explain(`Expected actual: "${actual}" to not be null or undefined`, msg),
  );
}

/** Fails unless `actual` is an instance of the class. */
export function assertInstanceOf<T>(
  actual: unknown,
  expectedType: AnyClass<T>,
  msg = "",
): asserts actual is T {
  if (actual instanceof expectedType) return;
  const wanted = `Expected object to be an instance of "${expectedType.name}"`;
  throw new AssertionError(explain(`${wanted} but was ${Deno.inspect(actual)}`, msg));
}

/** Fails unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (actual.includes(expected)) return;
  throw new AssertionError(
    explain(`Expected actual: "${actual}" to contain: "${expected}"`, msg),
  );
}

/** Fails unless `actual` matches the expression. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (expected.test(actual)) return;
  throw new AssertionError(explain(`Expected actual: "${actual}" to match: "${expected}"`, msg));
}

/** Fails unless `error` is an Error of the class whose message contains the text. */
export function assertIsError<E extends Error = Error>(
  error: unknown,
  ErrorClass?: AnyClass<E>,
  msgMatches?: string | RegExp,
  msg?: string,
): asserts error is E {
  if (!(error instanceof Error)) {
    throw new AssertionError(
      explain(`Expected "error" to be an Error object, got ${Deno.inspect(error)}`, msg),
    );
  }
  if (ErrorClass !== undefined && !(error instanceof ErrorClass)) {
    const wanted = `Expected error to be instance of "${ErrorClass.name}"`;
    throw new AssertionError(explain(`${wanted}, but was "${error.constructor.name}"`, msg), {
      cause: error,
    });
  }
  if (msgMatches === undefined || matches(error.message, msgMatches)) return;
  const wanted = `Expected error message to include ${Deno.inspect(msgMatches)}`;
  throw new AssertionError(explain(`${wanted}, but got ${Deno.inspect(error.message)}`, msg), {
    cause: error,
  });
}

function matches(message: string, wanted: string | RegExp): boolean {
  return typeof wanted === "string" ? message.includes(wanted) : wanted.test(message);
}

/** Fails unless `fn` throws; returns what it threw. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Fails unless `fn` throws an error of the class whose message contains `msgIncludes`; returns it. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: AnyClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  classOrMsg?: AnyClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  let result: { error: unknown } | undefined;
  try {
    fn();
  } catch (error) {
    result = { error };
  }
  return checkThrown(result, "Expected function to throw", { classOrMsg, msgIncludes, msg });
}

/** Fails unless the promise of `fn` rejects; resolves with what it threw. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Fails unless the promise of `fn` rejects with an error of the class; resolves with it. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: AnyClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: AnyClass<E> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  let result: { error: unknown } | undefined;
  let isPromise = false;
  try {
    const promise = fn();
    isPromise = typeof promise?.then === "function";
    await promise;
  } catch (error) {
    if (!isPromise) {
      throw new AssertionError(explain("Function throws when expected to reject", msg), {
        cause: error,
      });
    }
    result = { error };
  }
  return checkThrown(result, "Expected function to reject", { classOrMsg, msgIncludes, msg });
}

function checkThrown<E extends Error>(
  result: { readonly error: unknown } | undefined,
  expectation: string,
  expected: {
    readonly classOrMsg: AnyClass<E> | string | undefined;
    readonly msgIncludes: string | undefined;
    readonly msg: string | undefined;
  },
): unknown {
  const { classOrMsg } = expected;
  const msg = typeof classOrMsg === "string" ? classOrMsg : expected.msg;
  if (result === undefined) throw new AssertionError(explain(expectation, msg));
  if (typeof classOrMsg === "function") {
    assertIsError(result.error, classOrMsg, expected.msgIncludes, msg);
  }
  return result.error;
}
