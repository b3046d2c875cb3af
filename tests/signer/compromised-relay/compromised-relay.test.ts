import { describe } from "vitest";
import { refusedGrants } from "./grant-tests.ts";
import { refusedKeyChanges } from "./key-tests.ts";
import { refusedNonces } from "./nonce-tests.ts";
import { overSigners } from "./over-signers.ts";
import { refusedRequests } from "./request-tests.ts";
import { refusedTransactions } from "./transaction-tests.ts";

overSigners("a relay that was taken over, with all of its secrets", (on) => {
  describe("transactions", () => refusedTransactions(on));
  describe("changes of keys", () => refusedKeyChanges(on));
  describe("grants", () => refusedGrants(on));
  describe("requests", () => refusedRequests(on));
  describe("nonces", () => refusedNonces(on));
});
