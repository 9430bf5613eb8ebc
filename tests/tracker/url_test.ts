import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { TrackerError } from "../../lib/base/errors.ts";
import {
  checkTrackerPlace,
  followRedirect,
  isInternationalName,
  parseTrackerUrl,
} from "../../lib/tracker/url.ts";
import { readTable } from "../torrent/helpers.ts";

const DNS: Record<string, string[]> = {
  "local-network.com": ["192.168.1.14"],
  "sneaky.example": ["127.0.0.1"],
  "3.server.com": ["3.3.3.3"],
};
const resolve = (host: string) => Promise.resolve(DNS[host] ?? []);

for (const { kind, input = "", expected: verdict } of readTable("tracker_urls.tsv")) {
  if (kind === "is-idna") {
    Deno.test(`isInternationalName() finds "${input}" ${verdict}`, () => {
      assertEquals(isInternationalName(input), verdict === "idna");
    });
  } else {
    Deno.test(`parseTrackerUrl() finds "${input}" ${verdict}`, () => {
      if (verdict === "allowed") assertEquals(parseTrackerUrl(input).href, input);
      else assertThrows(() => parseTrackerUrl(input), TrackerError);
    });
  }
}

Deno.test("parseTrackerUrl() refuses what could be made to mean something else", () => {
  const bad = [
    "",
    "tracker.example",
    "http://a.example/announce\r\nHost: b",
    "http://a.example/ann ounce",
    "http://a.example/\tannounce",
    " http://a.example/announce",
    "http://a.example/\u200bannounce",
    "http://b\u00fccher.example/announce",
    "http://xn--bcher-kva.example/announce",
    "http://\uff41.example/announce",
    "ftp://a.example/announce",
    "file:///etc/passwd",
    "wss://a.example/announce",
    "udp://a.example/announce",
    "udp://a.example:0/announce",
    "udp://:80/announce",
    "http://a.example/announce?inf%6f_hash=x",
    "http://2130706433/secret",
    "http://127.1/secret",
    "http://0.0.0.0/secret",
    "http://[::]/secret",
    "http://[::ffff:127.0.0.1]/secret",
    "http://localhost./secret",
    "http://a.localhost/secret",
    "http://127.0.0.1/announce/../secret",
  ];
  for (const url of bad) assertThrows(() => parseTrackerUrl(url), TrackerError, "", url);
});

Deno.test("parseTrackerUrl() lets usual trackers pass", () => {
  const good = [
    "http://a.example:6969/announce",
    "https://a.example/0123456789abcdef0123456789abcdef/announce.php?passkey=1&x=y",
    "udp://a.example:80",
    "udp://a.example:80/announce",
    "udp://[2001:db8::1]:6969/announce",
    "http://10.0.0.7/any/path",
    "http://127.0.0.1:5000",
    "http://user:word@a.example/announce",
  ];
  for (const url of good) assert(parseTrackerUrl(url) instanceof URL, url);
});

Deno.test("a TrackerError of a URL shows no passkey", () => {
  const url = "ftp://user:secret99@a.example/0123456789abcdef/announce?passkey=secret42";
  const error = assertThrows(() => parseTrackerUrl(url), TrackerError);
  for (const secret of ["secret", "456789"]) {
    assert(!error.message.includes(secret) && !error.url.includes(secret), error.message);
  }
});

Deno.test("checkTrackerPlace() finds loopback behind a name", async () => {
  const secret = new URL("http://sneaky.example/secret");
  await assertRejects(() => checkTrackerPlace(secret, resolve), TrackerError, "this machine");
  await checkTrackerPlace(new URL("http://sneaky.example/announce"), resolve);
  await checkTrackerPlace(new URL("http://3.server.com/secret"), resolve);
  const broken = () => Promise.reject(new Error("no such host"));
  await checkTrackerPlace(new URL("http://nowhere.example/x"), broken);
});

const REDIRECTS: readonly [string, string, string, "followed" | "refused"][] = [
  ["the world into our network", "http://2.2.2.2/", "http://192.168.1.13/1", "refused"],
  ["the world into it by name", "http://2.2.2.2/", "http://local-network.com/1", "refused"],
  ["the world to loopback", "http://2.2.2.2/", "http://127.0.0.1/announce", "refused"],
  ["the world to the world", "http://2.2.2.2/", "http://3.server.com/1?info_hash=x", "followed"],
  ["our network to itself", "http://192.168.1.14/", "http://192.168.1.13/1?a=b", "followed"],
  ["http to https", "http://2.2.2.2/", "https://3.3.3.3/announce", "followed"],
  ["to a path of its own", "http://2.2.2.2/a", "/b?c", "followed"],
  ["to a file", "http://2.2.2.2/", "file:///etc/passwd", "refused"],
  ["to udp", "http://2.2.2.2/", "udp://3.3.3.3:80", "refused"],
  ["to a data URL", "http://2.2.2.2/", "data:text/plain,d5:peers0:e", "refused"],
  ["to a look-alike", "http://2.2.2.2/", "http://xn--pple-43d.example/", "refused"],
  ["to nonsense", "http://2.2.2.2/", "http://", "refused"],
  ["loopback to a path there", "http://127.0.0.1/", "http://127.0.0.1:99/secret", "refused"],
];

for (const [name, from, location, verdict] of REDIRECTS) {
  Deno.test(`followRedirect() from ${name}: ${verdict}`, async () => {
    const following = () => followRedirect(new URL(from), location, resolve);
    if (verdict === "refused") await assertRejects(following, TrackerError);
    else assertEquals((await following()).href, new URL(location, from).href);
  });
}
