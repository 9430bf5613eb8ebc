/**
 * A small cover for @std/cli/parse-args: its rules for reading a command line, without dotted names.
 *
 * @module
 */

type Names = string | readonly string[];
type NameOf<N> = N extends readonly (infer Name extends string)[] ? Name
  : N extends string ? N
  : never;

/** The values of the options that were declared, and the positional arguments in `_`. */
export type Args<B, S, C, D> =
  & {
    [K in NameOf<B> | Exclude<NameOf<S>, "_">]: WithDefault<ValueOf<K, B, C>, K, D>;
  }
  & { _: Array<string | number>; "--"?: string[] };

type ValueOf<K, B, C> = K extends NameOf<C> ? (K extends NameOf<B> ? boolean : string)[]
  : K extends NameOf<B> ? boolean
  : string | undefined;
type WithDefault<T, K, D> = K extends keyof D ? D[K] | NonNullable<T> : T;

/** How to read the arguments. */
export interface ParseOptions<B, S, C, D> {
  /** Whether to keep what follows `--` apart, under that name. */
  "--"?: boolean;
  /** Other names of options; a value is found under each of them. */
  alias?: Readonly<Record<string, Names>>;
  /** Options that take no value. */
  boolean?: B;
  /** Options whose value stays a string; `_` stands for the positional arguments. */
  string?: S;
  /** Options that may be repeated, whose values are gathered in an array. */
  collect?: C;
  /** Options of which `--no-NAME` means false. */
  negatable?: Names;
  /** Values for what is not given. */
  default?: D;
  /** Whether everything after the first positional argument is positional. */
  stopEarly?: boolean;
  /** Called for an argument that is not declared, which is left out when it returns false. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Reads a command line such as Deno.args. */
export function parseArgs<
  const B extends Names | undefined = undefined,
  const S extends Names | undefined = undefined,
  const C extends Names | undefined = undefined,
  const D extends Record<string, unknown> | undefined = undefined,
>(args: string[], options: ParseOptions<B, S, C, D> = {}): Args<B, S, C, D> {
  const parser = new Parser(options as ParseOptions<Names, Names, Names, Record<string, unknown>>);
  return parser.parse(args) as Args<B, S, C, D>;
}

type AnyOptions = ParseOptions<Names, Names, Names, Record<string, unknown>>;
type Value = string | number | boolean;

const LOOKS_LIKE_FLAG = /^--?[^-]/;
const ENDS_IN_NUMBER = /-?\d+(\.\d*)?(e-?\d+)?$/;

function listOf(names: Names | undefined): readonly string[] {
  return names === undefined ? [] : typeof names === "string" ? [names] : names;
}

function asNumber(text: string): string | number {
  return /\S/.test(text) && Number.isFinite(Number(text)) ? Number(text) : text;
}

class Parser {
  readonly #options: AnyOptions;
  readonly #aliases = new Map<string, Set<string>>();
  readonly #booleans: Set<string>;
  readonly #strings: Set<string>;
  readonly #collected: Set<string>;
  readonly #negatable: Set<string>;
  readonly #result: Record<string, unknown> = {};
  readonly #positional: (string | number)[] = [];

  constructor(options: AnyOptions) {
    this.#options = options;
    for (const [name, others] of Object.entries(options.alias ?? {})) {
      const all = [name, ...listOf(others)];
      for (const one of all) this.#aliases.set(one, new Set(all.filter((other) => other !== one)));
    }
    this.#booleans = this.#withAliases(options.boolean);
    this.#strings = this.#withAliases(options.string);
    this.#collected = this.#withAliases(options.collect);
    this.#negatable = this.#withAliases(options.negatable);
  }

  #withAliases(names: Names | undefined): Set<string> {
    return new Set(listOf(names).flatMap((name) => [name, ...this.#aliases.get(name) ?? []]));
  }

  parse(args: readonly string[]): Record<string, unknown> {
    const end = args.includes("--") ? args.indexOf("--") : args.length;
    this.#readAll(args.slice(0, end));
    this.#fillDefaults();
    const rest = args.slice(end + 1);
    if (this.#options["--"]) this.#result["--"] = rest;
    else this.#positional.push(...rest);
    return { _: this.#positional, ...this.#result };
  }

  #readAll(args: readonly string[]): void {
    for (let index = 0; index < args.length; index++) {
      const arg = args[index] ?? "";
      const next = args[index + 1];
      if (/^--./s.test(arg)) index += this.#readLong(arg, next);
      else if (/^-./s.test(arg)) index += this.#readShort(arg, next);
      else if (this.#options.stopEarly) {
        this.#addPositional(arg);
        this.#positional.push(...args.slice(index + 1));
        return;
      } else this.#addPositional(arg);
    }
  }

  #addPositional(arg: string): void {
    if (this.#options.unknown?.(arg) === false) return;
    this.#positional.push(this.#strings.has("_") ? arg : asNumber(arg));
  }

  /** Reads `--name`, `--name=value` or `--name value`; returns how many further arguments it used. */
  #readLong(arg: string, next: string | undefined): number {
    const body = arg.slice(2);
    const isNegated = body.startsWith("no-") && body.length > 3;
    const bare = isNegated ? body.slice(3) : body;
    const equals = bare.indexOf("=", 1);
    if (equals > 0 && equals < bare.length - 1) {
      const key = bare.slice(0, equals);
      const value = bare.slice(equals + 1);
      this.#set(key, this.#booleans.has(key) ? value !== "false" : value, arg);
      return 0;
    }
    if (isNegated && this.#negatable.has(bare)) {
      const value = false;
      this.#set(bare, value, arg);
      return 0;
    }
    return this.#setFromNext(body, arg, next);
  }

  /** Reads `-abc`, `-n5`, `-n=5` or `-n value`; returns how many further arguments it used. */
  #readShort(arg: string, next: string | undefined): number {
    for (let at = 1; at < arg.length - 1; at++) {
      const letter = arg.charAt(at);
      const rest = arg.slice(at + 1);
      const value = this.#attachedValue(letter, rest);
      if (value !== undefined) {
        this.#set(letter, value, arg);
        if (rest === "-") continue;
        return 0;
      }
      this.#set(letter, this.#strings.has(letter) ? "" : true, arg);
    }
    const last = arg.slice(-1);
    return last === "-" ? 0 : this.#setFromNext(last, arg, next);
  }

  #attachedValue(letter: string, rest: string): string | undefined {
    if (rest === "-") return rest;
    if (/[A-Za-z]/.test(letter)) {
      const equals = rest.indexOf("=");
      if (equals >= 0 && equals < rest.length - 1) return rest.slice(equals + 1);
      if (ENDS_IN_NUMBER.test(rest)) return rest;
    }
    return rest.length > 1 && /^\W/.test(rest) ? rest : undefined;
  }

  #setFromNext(key: string, arg: string, next: string | undefined): number {
    if (next && !LOOKS_LIKE_FLAG.test(next) && !this.#booleans.has(key)) {
      this.#set(key, next, arg);
      return 1;
    }
    if (next === "true" || next === "false") {
      this.#set(key, next === "true", arg);
      return 1;
    }
    this.#set(key, this.#strings.has(key) ? "" : true, arg);
    return 0;
  }

  #set(key: string, value: Value, arg: string): void {
    const isKnown = this.#booleans.has(key) || this.#strings.has(key) ||
      this.#collected.has(key) || this.#aliases.has(key);
    if (!isKnown && this.#options.unknown?.(arg, key, value) === false) return;
    const typed = typeof value === "string" && !this.#strings.has(key) ? asNumber(value) : value;
    for (const name of [key, ...this.#aliases.get(key) ?? []]) {
      if (!this.#collected.has(name)) this.#result[name] = typed;
      else ((this.#result[name] ??= []) as Value[]).push(typed as Value);
    }
  }

  #fillDefaults(): void {
    for (const [key, value] of Object.entries(this.#options.default ?? {})) {
      if (Object.hasOwn(this.#result, key)) continue;
      for (const name of [key, ...this.#aliases.get(key) ?? []]) this.#result[name] = value;
    }
    for (const key of this.#booleans) {
      this.#result[key] ??= this.#collected.has(key) ? [] : false;
    }
    for (const key of this.#strings) {
      if (this.#collected.has(key)) this.#result[key] ??= [];
    }
  }
}
