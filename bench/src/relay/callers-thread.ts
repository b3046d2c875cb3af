// Makes the calls that it is started with, and answers what came of them.
import { parentPort, workerData } from "node:worker_threads";
import { callAll } from "./callers.ts";

parentPort?.postMessage(await callAll(workerData));
