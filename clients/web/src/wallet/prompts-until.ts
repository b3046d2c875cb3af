import { unlessAborted } from "../clock.ts";
import { cancelled } from "./app-session.ts";
import { type PasskeyAnswer, type Passkeys, wipe } from "./passkeys.ts";

/**
 * Passkeys whose prompts end when the signal aborts that `over` gives as they begin. What is answered later is wiped. Throws
 * CANCELED then, as for the caller's own signal.
 */
export function promptsUntil(passkeys: Passkeys, over: () => AbortSignal): Passkeys {
  const bounded = async <T extends PasskeyAnswer>(
    ask: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> => {
    const all = signal === undefined ? over() : AbortSignal.any([signal, over()]);
    if (all.aborted) throw cancelled(all);
    const answer = ask(all);
    try {
      return await unlessAborted(answer, all);
    } catch (error) {
      if (!all.aborted) throw error;
      answer.then(({ prfFirst }) => wipe(prfFirst)).catch(() => undefined);
      throw cancelled(all);
    }
  };
  return {
    register: (optionsJson, signal) => bounded((own) => passkeys.register(optionsJson, own), signal),
    signIn: (optionsJson, signal) => bounded((own) => passkeys.signIn(optionsJson, own), signal),
    assert: (wanted, signal) => bounded((own) => passkeys.assert(wanted, own), signal),
  };
}
