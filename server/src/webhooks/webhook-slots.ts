/** Attempts that run at once, of all webhooks and of one. */
const TOTAL = 256;
const EACH = 16;

/**
 * How much may run at once. No webhook has more than an equal share of all while others have something to send: receivers
 * that take their time do not take the others' places, too. A webhook whose last attempt failed has one attempt at a time until one succeeds: a receiver
 * that is slow or away takes up little of what the others need, and is not run over when it comes back.
 */
export class WebhookSlots {
  readonly #running = new Map<string, number>();
  readonly #failing = new Set<string>();
  #total = 0;
  #turn = 0;

  /** What may be begun now for these webhooks. Each time another one is the first to get its share. */
  free(webhookIds: readonly string[]): { readonly webhookId: string; readonly limit: number }[] {
    const share = Math.max(1, Math.floor(TOTAL / new Set([...webhookIds, ...this.#running.keys()]).size));
    const rooms = webhookIds
      .map((webhookId) => ({ webhookId, room: this.#room(webhookId, share) }))
      .filter(({ room }) => room > 0);
    const first = this.#turn++ % Math.max(1, rooms.length);
    let left = TOTAL - this.#total;
    return [...rooms.slice(first), ...rooms.slice(0, first)]
      .map(({ webhookId, room }, i) => {
        const limit = Math.min(room, Math.ceil(left / (rooms.length - i)));
        left -= limit;
        return { webhookId, limit };
      })
      .filter(({ limit }) => limit > 0);
  }

  take(webhookId: string): void {
    this.#running.set(webhookId, (this.#running.get(webhookId) ?? 0) + 1);
    this.#total += 1;
  }

  /** `delivered` is undefined for what was not tried. */
  giveBack(webhookId: string, delivered: boolean | undefined): void {
    const left = (this.#running.get(webhookId) ?? 0) - 1;
    if (left > 0) this.#running.set(webhookId, left);
    else this.#running.delete(webhookId);
    this.#total -= 1;
    if (delivered === true) this.#failing.delete(webhookId);
    if (delivered === false) this.#failing.add(webhookId);
  }

  #room(webhookId: string, share: number): number {
    return (this.#failing.has(webhookId) ? 1 : Math.min(EACH, share)) - (this.#running.get(webhookId) ?? 0);
  }
}
