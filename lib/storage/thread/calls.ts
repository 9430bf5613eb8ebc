/**
 * What a disk's thread is asked for by message, one call after the other, and what it says.
 *
 * @module
 */
import { StorageError } from "../../base/errors.ts";
import type { Findings } from "../piece_hasher.ts";
import type { PieceRange } from "../piece_sweep.ts";
import type { Outcome, RunBytes } from "../store.ts";
import type { LayoutRecord } from "../stored_torrent.ts";

/** A torrent, and the folder that its files lie in. */
export interface OpenArgument {
  readonly torrent: LayoutRecord;
  readonly directory: string;
  readonly maxOpenFiles: number | undefined;
  /** For threads that also store. */
  readonly feed?: {
    /** See ring.ts. */
    readonly ring: SharedArrayBuffer;
    /** Where the runs lie that come through the ring. */
    readonly memory: SharedArrayBuffer;
  };
}

/** Every call: what it takes and what it gives. See Disk. */
export interface Calls {
  /** Makes a LocalDisk; comes first. */
  open: { argument: OpenArgument; result: void };
  /** Which pieces the following ranges are about. */
  want: { argument: Uint8Array; result: void };
  hash: { argument: PieceRange; result: Findings };
  /** 20 bytes for each piece. */
  makeHashes: { argument: PieceRange; result: Uint8Array };
  probe: { argument: Uint8Array; result: Uint8Array };
  /** For bytes that are not in the shared memory. */
  put: { argument: readonly RunBytes[]; result: readonly Outcome[] };
  digests: { argument: number; result: readonly string[] };
  create: { argument: readonly number[]; result: void };
  truncate: { argument: readonly number[]; result: void };
  soil: { argument: Uint8Array; result: void };
  sync: { argument: undefined; result: void };
  freeBytes: { argument: undefined; result: number | undefined };
  /** Closes everything; the thread ends. */
  close: { argument: undefined; result: void };
}

/** The name of a call. */
export type CallName = keyof Calls;

/** A call on its way. */
export type CallMessage = {
  readonly [Name in CallName]: {
    /** Names the answer. */
    readonly id: number;
    readonly name: Name;
    readonly argument: Calls[Name]["argument"];
    /** How many runs were put into the ring before, or are to be: they come first. */
    readonly after: number;
  };
}[CallName];

/** From the thread. */
export type FromThread =
  | { readonly kind: "result"; readonly id: number; readonly result: unknown }
  | { readonly kind: "failure"; readonly id: number; readonly failure: Failure }
  /** What there is to say of a run that came through the ring and is wrong, or could not be stored. */
  | { readonly kind: "wrong"; readonly entry: number; readonly digests: readonly string[] }
  | { readonly kind: "failed"; readonly entry: number; readonly failure: Failure }
  /** No descriptor is left: the thread waits for an answer whether it is worth another try. */
  | { readonly kind: "shortage" };

/** An error as plain data. */
export interface Failure {
  readonly kind: "storage" | "range" | "other";
  readonly message: string;
  /** Of a StorageError. */
  readonly path?: string;
  readonly code?: string;
  readonly stack?: string | undefined;
}

/** An error on its way to another thread. */
export function encodeFailure(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof StorageError) {
    return { kind: "storage", message, path: error.path, code: error.code, stack };
  }
  return { kind: error instanceof RangeError ? "range" : "other", message, stack };
}

/** The error again, its stack that of the thread. */
export function decodeFailure(failure: Failure): Error {
  const error = errorOf(failure);
  if (failure.stack !== undefined) error.stack = failure.stack;
  return error;
}

function errorOf({ kind, message, path = "", code = "" }: Failure): Error {
  switch (kind) {
    case "storage":
      return new StorageError(message, path, code);
    case "range":
      return new RangeError(message);
    case "other":
      return new Error(message);
    default:
      return kind satisfies never;
  }
}
