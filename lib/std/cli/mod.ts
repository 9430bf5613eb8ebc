/**
 * A small cover for @std/cli: the same names, signatures and behaviour, for just what we use.
 *
 * @module
 */
export * from "./parse_args.ts";
export * from "./unicode_width.ts";
