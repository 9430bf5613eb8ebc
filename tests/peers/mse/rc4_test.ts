import { assertEquals } from "@std/assert";
import { Rc4 } from "../../../lib/peers/mse/rc4.ts";
import { bytes, randomOf } from "../../torrent/helpers.ts";

/** The keys and plain texts that everybody publishes, and what becomes of them. */
const KNOWN: readonly (readonly [string, string, string])[] = [
  ["Key", "Plaintext", "bbf316e8d940af0ad3"],
  ["Wiki", "pedia", "1021bf0420"],
  ["Secret", "Attack at dawn", "45a01f645fc35b383552544b9bf5"],
];

Deno.test("Rc4 encrypts as published", async (t) => {
  for (const [key, text, encrypted] of KNOWN) {
    await t.step(key, () => {
      const stream = bytes(text);
      new Rc4(bytes(key)).apply(stream);
      assertEquals(stream.toHex(), encrypted);
    });
  }
});

Deno.test("Rc4 skip() goes to a place of the key stream (RFC 6229: offset 1024)", () => {
  const cipher = new Rc4(Uint8Array.fromHex("0102030405060708090a0b0c0d0e0f10"));
  cipher.skip(1024);
  const stream = new Uint8Array(16);
  cipher.apply(stream);
  assertEquals(stream.toHex(), "bdf0324e6083dcc6d3cedd3ca8c53c16");
});

Deno.test("Rc4 gives the same stream in any portions, of shared memory too", () => {
  const key = bytes("any key");
  const whole = new Uint8Array(5000);
  new Rc4(key).apply(whole);
  const random = randomOf(1);
  const memory = new Uint8Array(new SharedArrayBuffer(5000));
  const cipher = new Rc4(key);
  for (let at = 0; at < memory.length;) {
    const end = Math.min(at + random(100), memory.length);
    cipher.apply(memory.subarray(at, end));
    at = end;
  }
  assertEquals(new Uint8Array(memory), whole);
});
