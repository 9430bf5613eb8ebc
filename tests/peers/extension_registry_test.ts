import { assertEquals } from "@std/assert";
import { ExtensionRegistry } from "../../lib/peers/extension_registry.ts";

Deno.test("ExtensionRegistry numbers the extensions that roles play, from 1 up", () => {
  const roles = [{}, { extension: "ut_pex" }, {}, { extension: "lt_donthave" }];
  const registry = new ExtensionRegistry(roles);
  assertEquals([...registry.ids], [["ut_pex", 1], ["lt_donthave", 2]]);
  assertEquals([1, 2].map((id) => registry.roleOf(id)), [1, 3]);
});

Deno.test("ExtensionRegistry knows no role of the handshake's id, nor of one it never gave", () => {
  const registry = new ExtensionRegistry([{ extension: "ut_pex" }]);
  for (const id of [0, 2, 255]) assertEquals(registry.roleOf(id), undefined);
  assertEquals(new ExtensionRegistry([]).ids.size, 0);
});
