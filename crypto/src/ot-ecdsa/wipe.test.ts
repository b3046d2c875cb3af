import { expect, it } from "vitest";
import { wipe } from "./wipe.ts";

it("bytes are wiped however deep they lie, and the rest stays", () => {
  const deep = Uint8Array.of(1, 2);
  const data = {
    step: "check",
    index: 7,
    gone: undefined,
    nothing: null,
    bytes: Uint8Array.of(3),
    list: [Uint8Array.of(4), { deep }],
  };
  wipe(data);
  expect(data).toEqual({
    step: "check",
    index: 7,
    gone: undefined,
    nothing: null,
    bytes: Uint8Array.of(0),
    list: [Uint8Array.of(0), { deep: Uint8Array.of(0, 0) }],
  });
  expect(deep).toEqual(new Uint8Array(2));
});

it("bytes alone are wiped", () => {
  const bytes = Uint8Array.of(1, 2);
  wipe(bytes);
  expect(bytes).toEqual(new Uint8Array(2));
});
