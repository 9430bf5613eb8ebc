/** A store without bytes: the test says what becomes of what is put. */
import type { Outcome, RunBytes, Store } from "../../lib/storage/store.ts";

/** What a FakeStore was told. */
export type Told =
  | (Omit<RunBytes, "bytes"> & {
    readonly kind: "put";
    readonly lengthBytes: number;
    /** The first byte. */
    readonly mark: number | undefined;
  })
  | { readonly kind: "partial"; readonly pieceIndex: number; readonly blocks: Uint8Array }
  | { readonly kind: "sync" };

/** Writes down what it is told. */
export class FakeStore implements Store {
  readonly output = "";
  readonly told: Told[] = [];
  readonly #outcomeOf: (run: RunBytes) => Promise<Outcome>;

  constructor(
    outcomeOf: (run: RunBytes) => Promise<Outcome> = () => Promise.resolve({ kind: "stored" }),
  ) {
    this.#outcomeOf = outcomeOf;
  }

  async *check(): ReturnType<Store["check"]> {
    yield* [];
    return { verified: new Uint8Array(), partial: new Map() };
  }

  put(runs: readonly RunBytes[]): Promise<readonly Outcome[]> {
    for (const { pieceIndex, begin, bytes, endsPiece } of runs) {
      const [mark] = bytes;
      const lengthBytes = bytes.length;
      this.told.push({ kind: "put", pieceIndex, begin, lengthBytes, mark, endsPiece });
    }
    return Promise.all(runs.map(this.#outcomeOf));
  }

  digests(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  read(): Promise<void> {
    return Promise.resolve();
  }

  recordPartial(pieceIndex: number, blocks: Uint8Array): Promise<void> {
    this.told.push({ kind: "partial", pieceIndex, blocks });
    return Promise.resolve();
  }

  sync(): Promise<void> {
    this.told.push({ kind: "sync" });
    return Promise.resolve();
  }

  finish(): Promise<void> {
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
