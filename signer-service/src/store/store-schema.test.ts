import { expect, test } from "vitest";
import { storeSchema } from "./store-schema.ts";

const ENV = { DB: "postgres://signer:geheim@db/signer", OTHER: "mysql://signer:geheim@db" };
const read = (section: unknown) => storeSchema(ENV).safeParse(section);

test("a SQLite store stands in the configuration as it is", () => {
  const { data } = read({ url: "sqlite:./data/signer.db", incarnation_file: "/var/lib/signer/incarnation" });
  expect(data?.url.reveal()).toBe("sqlite:./data/signer.db");
  expect(data).toMatchObject({ incarnationFile: "/var/lib/signer/incarnation", synchronousStandby: false });
});

test("a store on PostgreSQL is given by reference", () => {
  const { data } = read({ url: "env:DB", synchronous_standby: true });
  expect(data?.url.reveal()).toBe(ENV.DB);
  expect(data).toMatchObject({ incarnationFile: null, synchronousStandby: true });
});

test.each([
  [{ url: ENV.DB }, "url"],
  [{ url: "env:OTHER" }, "url"],
  [{ url: "env:MISSING" }, "url"],
  [{ url: "sqlite:" }, "url"],
  [{ url: "sqlite:signer.db", synchronous_standby: false }, "synchronous_standby"],
  [{ url: "env:DB", incarnation_file: "incarnation" }, "incarnation_file"],
])("%j is refused without repeating a password", (section, path) => {
  const { error } = read(section);
  expect(error?.issues).toMatchObject([{ path: [path] }]);
  expect(JSON.stringify(error?.issues)).not.toContain("geheim");
});
