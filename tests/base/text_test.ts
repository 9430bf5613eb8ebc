import { assertEquals } from "@std/assert";
import {
  decodeLatin1,
  decodeText,
  decodeUtf8,
  hideSecrets,
  printable,
  redactUrl,
} from "../../lib/base/text.ts";

const PRINTABLE: readonly (readonly [string, string, string])[] = [
  ["keeps letters of any language", "Ωmega 日本 😀 é", "Ωmega 日本 😀 é"],
  ["drops escape sequences' controls", "a\x1b]0;x\x07b\x1b[31m", "a]0;xb[31m"],
  ["drops C1 controls", "a\x9b31mb\x80", "a31mb"],
  ["drops a terminal's bell and delete", "a\x07\x7fb", "ab"],
  ["turns line breaks and tabs into spaces", "a\r\nb\tc", "a b c"],
  ["drops marks of direction", "exe.\u202egpj\u2066\u200f", "exe.gpj"],
  ["drops what has no width", "a\u200bb\u200d\u2060\ufeffc", "abc"],
  ["drops halves of characters", "a\ud800b\udc00c", "abc"],
  ["drops tags", "a\u{e0041}b", "ab"],
];

for (const [name, text, expected] of PRINTABLE) {
  Deno.test(`printable() ${name}`, () => assertEquals(printable(text), expected));
}

Deno.test("printable() cuts to a length without splitting a character", () => {
  assertEquals(printable("abcdef", 6), "abcdef");
  assertEquals(printable("abcdef", 4), "abc…");
  assertEquals(printable("ab😀😀", 4), "ab…");
  assertEquals(printable("x".repeat(1e6), 3), "xx…");
});

Deno.test("decodeText() takes UTF-8 where it is valid, else one character a byte", () => {
  assertEquals(decodeText(new TextEncoder().encode("é日")), "é日");
  assertEquals(decodeText(new Uint8Array([0xe9, 0x41])), "éA");
  assertEquals(decodeUtf8(new Uint8Array([0xe9, 0x41])), undefined);
  assertEquals(decodeUtf8(new Uint8Array([0xef, 0xbb, 0xbf, 0x41])), "\ufeffA");
});

Deno.test("decodeLatin1() keeps every byte of a long input", () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
  const text = decodeLatin1(bytes);
  assertEquals(Uint8Array.from(text, (character) => character.charCodeAt(0)), bytes);
});

const URLS: readonly (readonly [string, string, string])[] = [
  ["keeps a plain address", "http://t.example:80/announce", "http://t.example/announce"],
  ["keeps a UDP address", "udp://t.example:6969/announce", "udp://t.example:6969/announce"],
  ["keeps an IPv6 address", "http://[::1]:5000/announce", "http://[::1]:5000/announce"],
  [
    "hides a passkey in the path",
    "https://t.example/0123456789abcdef0123456789abcdef/announce",
    "https://t.example/0123…/announce",
  ],
  [
    "hides a Base64 passkey in the path",
    "http://t.example/announce/aGVsbG8gd29ybGQxMjM",
    "http://t.example/announce/aGVs…",
  ],
  [
    "hides a passkey in the query",
    "http://t.example/announce.php?passkey=secret&uid=7",
    "http://t.example/announce.php?passkey=…&uid=…",
  ],
  ["hides a query without names", "http://t.example/a?secretvalue", "http://t.example/a?secr…"],
  ["hides user and password", "http://me:secret@t.example/a", "http://…@t.example/a"],
  ["hides the fragment", "http://t.example/a#secret", "http://t.example/a#…"],
  ["hides what is no URL", "secret", "(not a URL)"],
];

for (const [name, url, expected] of URLS) {
  Deno.test(`redactUrl() ${name}`, () => assertEquals(redactUrl(url), expected));
}

const REPEATED: readonly (readonly [string, string, string, string])[] = [
  [
    "a passkey of the query",
    "http://t.example/announce?uid=7&passkey=0123456789abcdef",
    "passkey 0123456789abcdef of 7 is unknown",
    "passkey 0123… of 7 is unknown",
  ],
  [
    "a passkey of the path",
    "http://t.example/0123456789abcdef/announce",
    "0123456789abcdef, 0123456789abcdef: may not announce",
    "0123…, 0123…: may not announce",
  ],
  [
    "a passkey that the URL spells otherwise",
    "http://t.example/announce?passkey=0123%2B4567%3D%3D",
    "passkey 0123+4567== is unknown, as is 0123%2B4567%3D%3D",
    "passkey 0123… is unknown, as is 0123…",
  ],
  ["a passkey with a stray %", "http://t.example/a?key=0123%zz4567", "0123%zz4567", "0123…"],
  ["a password", "http://me:sesame-open@t.example/a", "not sesame-open", "not sesa…"],
  ["nothing of what is no URL", "sesame-open", "sesame-open", "sesame-open"],
];

for (const [name, url, text, expected] of REPEATED) {
  Deno.test(`hideSecrets() hides ${name}`, () => assertEquals(hideSecrets(text, url), expected));
}
