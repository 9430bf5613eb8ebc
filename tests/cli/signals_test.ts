import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { endingSignals, Interruption, SignalWatch } from "../../lib/cli/signals.ts";

function fakeSystem(os: typeof Deno.build.os) {
  const listeners = new Map<string, () => void>();
  const exits: number[] = [];
  return {
    os,
    listeners,
    exits,
    addSignalListener: (name: Deno.Signal, listener: () => void) =>
      void listeners.set(name, listener),
    removeSignalListener: (name: Deno.Signal) => void listeners.delete(name),
    exit: (code: number) => void exits.push(code),
  };
}

Deno.test("endingSignals() are those that each system has", () => {
  assertEquals(endingSignals("linux"), ["SIGINT", "SIGTERM"]);
  assertEquals(endingSignals("darwin"), ["SIGINT", "SIGTERM"]);
  assertEquals(endingSignals("windows"), ["SIGINT", "SIGBREAK"]);
});

Deno.test("SignalWatch aborts at the first signal and exits at the second", () => {
  const system = fakeSystem("linux");
  using watch = new SignalWatch(system);
  system.listeners.get("SIGTERM")?.();
  assertInstanceOf(watch.signal.reason, Interruption);
  assertEquals(watch.signal.reason.exitCode, 143);
  assertEquals(system.exits, []);
  system.listeners.get("SIGINT")?.();
  assertEquals(system.exits, [130]);
});

Deno.test("SignalWatch leaves no listener and no timer", () => {
  const system = fakeSystem("linux");
  {
    using watch = new SignalWatch(system);
    system.listeners.get("SIGINT")?.();
    assert(watch.signal.aborted);
  }
  assertEquals(system.listeners.size, 0);
});
