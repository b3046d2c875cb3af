import { expect, it } from "vitest";
import { fairShares } from "./fair-shares.ts";

const lane = (load: number, room = 16, accountId = "a", free = room) => ({ load, room, free, accountId });
const any = (count: number) => Array.from({ length: count }, () => null);

it.each([
  ["one to the least loaded", any(1), [lane(3), lane(1), lane(2)], [0, 1, 0]],
  ["the same to lanes that do the same", any(9), [lane(0), lane(0), lane(0)], [3, 3, 3]],
  ["first what levels them", any(5), [lane(4), lane(0), lane(3)], [0, 4, 1]],
  ["to no lane more than it has room for", any(9), [lane(0, 2), lane(0, 3)], [2, 3]],
  ["first what can be sent at once", any(5), [lane(10, 14, "a", 6), lane(8, 4, "a", 0)], [5, 0]],
  ["then what can wait", any(9), [lane(10, 14, "a", 6), lane(8, 4, "a", 0)], [6, 3]],
  ["nothing where nothing waits", [], [lane(0)], [0]],
  ["nothing without lanes", any(3), [], []],
  [
    "to an account's lanes what only they may sign",
    ["b", "b", null],
    [lane(0), lane(5, 16, "b"), lane(6, 16, "b")],
    [1, 2, 0],
  ],
  ["nothing that no lane may sign", ["c"], [lane(0)], [0]],
])("gives %s", (_, waiting, lanes, shares) => {
  expect(fairShares(waiting, lanes)).toEqual(shares);
});
