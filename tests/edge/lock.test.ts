import { LockService } from "@countersign/gen/countersign/lock/v1/lock_service_pb.ts";
import { reasonName } from "@countersign/service-kit";
import { beforeAll, describe, it } from "vitest";
import { lockCasesOf } from "../contract/cases/lock.ts";
import { Worlds } from "../contract/support/worlds.ts";
import { describeLock } from "../lock/lock-behaviour.ts";
import { PREPARING_MS, prepareWorker } from "./support/bundle.ts";
import { startLockOnEdge } from "./support/edge-relay.ts";

beforeAll(prepareWorker, PREPARING_MS);

describeLock(startLockOnEdge);

const cases = lockCasesOf(startLockOnEdge);
describe.each(Object.values(LockService.method))("$name", (method) => {
  for (const { outcome, what, run } of cases.filter((one) => one.method === method)) {
    const verb = outcome === "success" ? "answers" : `says ${reasonName(outcome)}:`;
    it(`${verb} ${what}`, () => run(new Worlds()));
  }
});
