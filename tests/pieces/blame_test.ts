import { assertEquals } from "@std/assert";
import { OpenPiece, type SourceId } from "../../lib/ledger.ts";
import { Blame } from "../../lib/pieces/blame.ts";

const [A, B, C, D] = [1, 2, 3, 4] as const;
/** What an earlier run left. */
const OLD = 0;

/** A full piece, each block from one source. */
function pieceOf(pieceIndex: number, sources: readonly SourceId[]): OpenPiece {
  const piece = new OpenPiece(pieceIndex, sources.length);
  piece.sourceOf.set(sources);
  piece.restoredCount = sources.filter((source) => source === OLD).length;
  return piece;
}

/** The digests of blocks of which those named are wrong. */
function digests(text: string): string[] {
  return [...text];
}

/** A wrong copy: who sent each block, digests by block, then the verdict. */
interface Wrong {
  readonly from: readonly SourceId[];
  readonly digests: string;
  readonly guilty: readonly SourceId[];
  readonly suspects?: readonly SourceId[];
}

interface Story {
  readonly name: string;
  readonly wrong: readonly Wrong[];
  /** Digests of the right piece. */
  readonly right: string;
  readonly liars: readonly SourceId[];
}

const STORIES: readonly Story[] = [
  {
    name: "convicts who sent all of a wrong piece",
    wrong: [{ from: [A, A, A], digests: "xyz", guilty: [A] }],
    right: "abc",
    liars: [],
  },
  {
    name: "suspects all who shared a wrong piece, and convicts by the right one",
    wrong: [{ from: [A, B, A], digests: "abx", guilty: [], suspects: [A, B] }],
    right: "abc",
    liars: [A],
  },
  {
    name: "finds two liars in one piece",
    wrong: [{ from: [A, B, C], digests: "xby", guilty: [], suspects: [A, B, C] }],
    right: "abc",
    liars: [A, C],
  },
  {
    name: "finds two liars, one of them alone in the second copy",
    wrong: [
      { from: [A, B, B], digests: "xbc", guilty: [], suspects: [A, B] },
      { from: [C, C, C], digests: "aby", guilty: [C], suspects: [A, B] },
    ],
    right: "abc",
    liars: [A],
  },
  {
    name: "remembers who had a part in each of several wrong copies",
    wrong: [
      { from: [A, B, B], digests: "xbc", guilty: [], suspects: [A, B] },
      { from: [C, C, D], digests: "aby", guilty: [], suspects: [A, B, C, D] },
    ],
    right: "abc",
    liars: [A, D],
  },
  {
    name: "does not convict one source of what an earlier run left",
    wrong: [{ from: [OLD, A, A], digests: "xbc", guilty: [], suspects: [A] }],
    right: "abc",
    liars: [],
  },
  {
    name: "convicts who completed what an earlier run left with a wrong block",
    wrong: [{ from: [OLD, A, B], digests: "abx", guilty: [], suspects: [A, B] }],
    right: "abc",
    liars: [B],
  },
  {
    name: "suspects nobody of a piece that an earlier run left as it was",
    wrong: [{ from: [OLD, OLD, OLD], digests: "xyz", guilty: [] }],
    right: "abc",
    liars: [],
  },
  {
    name: "suspects nobody else where a known liar had a part",
    wrong: [
      { from: [A, A, A], digests: "xyz", guilty: [A] },
      { from: [A, B, B], digests: "xbc", guilty: [] },
    ],
    right: "abc",
    liars: [],
  },
];

for (const { name, wrong, right, liars } of STORIES) {
  Deno.test(`Blame ${name}`, () => {
    const blame = new Blame();
    for (const { from, digests: copy, guilty, suspects } of wrong) {
      const verdict = blame.reject(pieceOf(7, from), digests(copy));
      assertEquals(verdict.guilty, guilty);
      assertEquals(verdict.suspects, suspects && new Set(suspects));
    }
    const isWaiting = wrong.some(({ suspects }) => suspects !== undefined);
    assertEquals(blame.isWaitingFor(7), isWaiting);
    assertEquals(blame.accept(7, digests(right)), liars);
    assertEquals([blame.isWaitingFor(7), blame.accept(7, digests(right))], [false, []]);
  });
}

Deno.test("Blame judges each piece by its own copies", () => {
  const blame = new Blame();
  blame.reject(pieceOf(1, [A, B]), digests("xb"));
  blame.reject(pieceOf(2, [C, D]), digests("xb"));
  assertEquals(blame.accept(2, digests("ab")), [C]);
  assertEquals([blame.isWaitingFor(1), blame.accept(1, digests("ab"))], [true, [A]]);
});

Deno.test("Blame remembers eight wrong copies of a piece", () => {
  const blame = new Blame();
  for (let attempt = 0; attempt < 20; attempt++) {
    const { suspects } = blame.reject(pieceOf(0, [2 * attempt + 1, 2 * attempt + 2]), ["x", "y"]);
    assertEquals(suspects?.size, Math.min(2 * (attempt + 1), 16));
  }
  assertEquals(blame.accept(0, ["x", "b"]), [26, 28, 30, 32, 34, 36, 38, 40]);
});
