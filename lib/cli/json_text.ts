/**
 * JSON that is safe to look at. Pure.
 *
 * @module
 */

/** What JSON.stringify() leaves as it is and a terminal might obey: C1 controls and format characters. */
const STEERING = /[\x7f-\x9f\u2028\u2029\p{Cf}]/gu;

/** The value as JSON on one line, in which no character steers a terminal; parsing it gives the same. */
export function toJson(value: unknown): string {
  return JSON.stringify(value).replace(STEERING, escapeUnits);
}

function escapeUnits(character: string): string {
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
