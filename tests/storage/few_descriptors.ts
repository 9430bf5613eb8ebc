/** Programs for which there are few descriptors. */
import { assertEquals } from "@std/assert";
import type { Place } from "./fixture.ts";

/** Runs a program that may open 64 files; what it prints. It is to print nothing on standard error. */
export async function runWith64(place: Place, program: string): Promise<string> {
  const main = place.path("main.ts");
  Deno.writeTextFileSync(main, program);
  const { stdout, stderr } = await new Deno.Command("sh", {
    args: [
      "-c",
      'ulimit -n 64; exec "$0" run -A --no-check --no-config "$1"',
      Deno.execPath(),
      main,
    ],
  }).output();
  const decoder = new TextDecoder();
  assertEquals(decoder.decode(stderr), "");
  return decoder.decode(stdout).trim();
}

/** The address of a module of ours, as source text. */
export function libUrl(name: string): string {
  return JSON.stringify(import.meta.resolve(`../../lib/${name}`));
}
