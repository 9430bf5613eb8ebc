/** What the tests of lib/torrent share. */

/** The bytes of a text of which each character is one byte. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** The rows of a table of testdata, by the names of its columns. */
export function readTable(name: string): readonly Readonly<Record<string, string>>[] {
  const [head = "", ...lines] = Deno.readTextFileSync(dataUrl(name)).trimEnd().split("\n");
  const columns = head.split("\t");
  return lines.map((line) => {
    const cells = line.split("\t");
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? ""]));
  });
}

/** Where a file of testdata lies. */
export function dataUrl(name: string): URL {
  return new URL(`../../testdata/${name}`, import.meta.url);
}

/** Random integers of at least 0 and below the argument, the same ones for the same seed. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 * below);
  };
}
