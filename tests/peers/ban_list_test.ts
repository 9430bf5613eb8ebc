import { assert, assertStrictEquals } from "@std/assert";
import { BanList } from "../../lib/peers/ban_list.ts";
import { bytes } from "../torrent/helpers.ts";

const idA = bytes("-AA0000-aaaaaaaaaaaa");
const idB = bytes("-BB0000-bbbbbbbbbbbb");
const dialled = { incoming: false } as const;
const called = { incoming: true } as const;

Deno.test("BanList bans a liar by address and port, and by peer id", () => {
  const bans = new BanList();
  assertStrictEquals(bans.ban({ host: "192.0.2.1", port: 1, peerId: idA, ...dialled }), "peer");
  assert(bans.isBanned({ host: "192.0.2.1", port: 1, ...dialled }), "the same place");
  assert(bans.isBanned({ host: "::ffff:192.0.2.1", port: 1, ...dialled }), "spelled otherwise");
  assert(bans.isBanned({ host: "192.0.2.1", peerId: idA, ...called }), "calling by itself");
  assert(!bans.isBanned({ host: "192.0.2.1", port: 2, peerId: idB, ...dialled }), "a neighbour");
  assert(!bans.isBanned({ host: "192.0.2.9", port: 1, peerId: idA, ...dialled }), "a namesake");
});

Deno.test("BanList bans the whole address for its second liar", () => {
  const bans = new BanList();
  bans.ban({ host: "192.0.2.1", port: 1, peerId: idA, ...dialled });
  assertStrictEquals(bans.ban({ host: "192.0.2.1", port: 2, peerId: idB, ...dialled }), "host");
  assert(bans.isBanned({ host: "192.0.2.1", port: 3, ...dialled }));
});

Deno.test("BanList takes the same liar caught twice for one", () => {
  const bans = new BanList();
  const liar = { host: "192.0.2.1", port: 1, peerId: idA, ...dialled };
  bans.ban(liar);
  assertStrictEquals(bans.ban(liar), "peer");
  assert(!bans.isBanned({ host: "192.0.2.1", port: 3, ...dialled }));
});

Deno.test("BanList bans the whole address of a liar that called", () => {
  const bans = new BanList();
  assertStrictEquals(bans.ban({ host: "2001:db8::1", peerId: idA, ...called }), "host");
  assert(bans.isBanned({ host: "2001:db8::1", port: 6881, ...dialled }));
});

Deno.test("BanList never bans loopback whole", () => {
  for (const host of ["127.0.0.1", "127.0.0.9", "::1"]) {
    const bans = new BanList();
    assertStrictEquals(bans.ban({ host, peerId: idA, ...called }), "peer");
    assertStrictEquals(bans.ban({ host, port: 2, peerId: idB, ...dialled }), "peer");
    assert(bans.isBanned({ host, peerId: idA, ...called }));
    assert(bans.isBanned({ host, port: 2, ...dialled }));
    assert(!bans.isBanned({ host, port: 3, ...dialled }));
  }
});

Deno.test("BanList does not let a caller have the port of another banned", () => {
  const bans = new BanList();
  bans.ban({ host: "127.0.0.1", port: 6881, peerId: idA, ...called });
  assert(!bans.isBanned({ host: "127.0.0.1", port: 6881, peerId: idB, ...dialled }));
});

Deno.test("BanList forgets the oldest beyond its bound", () => {
  const bans = new BanList();
  for (let port = 1; port <= 10_001; port++) bans.ban({ host: "127.0.0.1", port, ...dialled });
  assert(!bans.isBanned({ host: "127.0.0.1", port: 1, ...dialled }));
  assert(bans.isBanned({ host: "127.0.0.1", port: 10_001, ...dialled }));
});
