import type { Submission } from "@countersign/gen/countersign/relay/v1/submission_pb.ts";
import { SubmissionState } from "@countersign/web";
import { Steps } from "./steps.ts";

const STATES: readonly SubmissionState[] = [
  SubmissionState.ACCEPTED,
  SubmissionState.SIGNED,
  SubmissionState.BROADCAST,
  SubmissionState.INCLUDED,
  SubmissionState.SUCCEEDED,
];

/** The way of a submission, as the relay reports it. */
export class SubmissionSteps {
  readonly #steps = new Steps(["Accepted", "Signed", "Sent", "In a block", "Done"]);

  get element(): HTMLElement {
    return this.#steps.element;
  }

  clear(): void {
    this.#steps.begin(-1);
  }

  show({ state }: Submission): void {
    const step = STATES.indexOf(state);
    // A state of failure is shown in words, beside.
    if (state === SubmissionState.SUCCEEDED) this.#steps.done();
    else if (step >= 0) this.#steps.begin(step + 1);
    else this.#steps.stop();
  }
}
