/**
 * The fourth stage of the pipeline: blocks to files, and to pieces whose hash is known.
 *
 * @module
 */
import { mapAhead } from "../base/async.ts";
import type { FullRun } from "../blocks/request.ts";
import {
  BLOCK,
  type Ledger,
  LOCAL_SOURCE,
  type OpenPiece,
  type Run,
  type SourceId,
} from "../ledger.ts";
import { BLOCK_LENGTH } from "../torrent/geometry.ts";
import type { Outcome, RunBytes, Store } from "./store.ts";

/** A piece of which every block was stored. */
export interface HashedPiece {
  /** Its entry in the ledger, to be settled. */
  readonly piece: OpenPiece;
  /** Whether its hash is the torrent's. */
  readonly outcome: Exclude<Outcome, { readonly kind: "stored" }>;
}

/** What storeBlocks() works with. */
export interface StoreBlocksOptions {
  /** Gives the memory of what is stored to others. */
  readonly ledger: Ledger;
  /** Borrowed; its check() has been run to the end. */
  readonly store: Store;
}

/**
 * Stores every run of blocks and yields the pieces that are whole with it, right or wrong. Many are
 * under way at a time: nothing here waits for the disk but the end of the stage.
 *
 * @throws {StorageError}
 */
export function storeBlocks(
  batches: AsyncIterable<readonly FullRun[]>,
  { ledger, store }: StoreBlocksOptions,
): AsyncGenerator<readonly HashedPiece[], void, undefined> {
  return mapAhead(batches, async (full) => {
    const runs: RunBytes[] = [];
    /** Of each of them. */
    const pieces: OpenPiece[] = [];
    for (const fullRun of full) {
      for (const part of bytesToPut(ledger, fullRun)) {
        runs.push(part);
        pieces.push(fullRun.run.piece);
      }
    }
    try {
      return hashedOf(pieces, await store.put(runs));
    } finally {
      for (const { run } of full) ledger.release(run);
    }
  });
}

/** Of one that an earlier run of the program began, the rest is on disk, and not in memory. */
function bytesToPut(ledger: Ledger, { run, endsPiece }: FullRun): readonly RunBytes[] {
  const isWhole = run.localCount === 0 || run.piece.restoredCount === 0;
  if (isWhole) return [{ ...bytesOf(ledger, run), endsPiece }];
  const parts = [...partsOf(ledger, run, () => true)];
  const last = parts.length - 1;
  return parts.map((part, at) => ({ ...part, endsPiece: endsPiece && at === last }));
}

/** Those pieces that are whole with what was stored of them. */
function hashedOf(
  pieces: readonly OpenPiece[],
  outcomes: readonly Outcome[],
): readonly HashedPiece[] {
  const hashed: HashedPiece[] = [];
  pieces.forEach((piece, at) => {
    const outcome = outcomes[at];
    if (outcome !== undefined && outcome.kind !== "stored") hashed.push({ piece, outcome });
  });
  return hashed;
}

/**
 * The blocks of a run that are held in memory, as long stretches as there are.
 *
 * @param isWanted tells by its source whether a block is to be had
 */
export function* partsOf(
  ledger: Ledger,
  run: Run,
  isWanted: (source: SourceId) => boolean,
): Generator<Omit<RunBytes, "endsPiece">, void, undefined> {
  const { states, sourceOf } = run.piece;
  const end = run.firstBlock + run.blockCount;
  const isPart = (block: number) =>
    states[block] === BLOCK.held && sourceOf[block] !== LOCAL_SOURCE &&
    isWanted(sourceOf[block] ?? 0);
  for (let block = run.firstBlock; block < end; block++) {
    const from = block;
    while (block < end && isPart(block)) block++;
    if (block > from) yield bytesOf(ledger, run, from, block);
  }
}

/** The bytes of a run's blocks, or of those from `from` up to `end`. */
function bytesOf(
  { budget, geometry }: Ledger,
  { piece: { pieceIndex }, firstBlock, blockCount, start = 0 }: Run,
  from = firstBlock,
  end = firstBlock + blockCount,
): Omit<RunBytes, "endsPiece"> {
  const begin = from * BLOCK_LENGTH;
  const lengthBytes = Math.min(end * BLOCK_LENGTH, geometry.pieceLength(pieceIndex)) - begin;
  const at = start + begin - firstBlock * BLOCK_LENGTH;
  return { pieceIndex, begin, bytes: budget.memory.bytes.subarray(at, at + lengthBytes) };
}
