import { expect, test } from "vitest";
import { BackendError } from "./backend-failure.ts";
import { loadOptionalPackage } from "./optional-package.ts";

/** As Node fails for a package that is not there. */
function notFound(name: string): Error {
  return Object.assign(new Error(`Cannot find package '${name}' imported from /srv/client.ts`), {
    code: "ERR_MODULE_NOT_FOUND",
  });
}

test("a package that is there is loaded", async () => {
  const loaded = await loadOptionalPackage("zod", () => import("zod"));
  expect(loaded.z).toBeDefined();
});

test("a package that is not installed is named", async () => {
  const name = "@countersign/no-such-package";
  const load = loadOptionalPackage(name, () => Promise.reject(notFound(name)));
  await expect(load).rejects.toThrow(BackendError);
  await expect(load).rejects.toThrow(`this backend needs the package ${name}, which is not installed`);
});

test.each([
  ["one of its dependencies is missing", notFound("another")],
  ["it fails while it loads", new Error("broken")],
])("the failure itself is shown when %s", async (_, failure) => {
  await expect(loadOptionalPackage("sdk", () => Promise.reject(failure))).rejects.toBe(failure);
});
