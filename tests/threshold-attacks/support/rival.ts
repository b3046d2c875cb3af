/** Who calls the relays of a ground while its processes are killed. */
export interface Rival {
  /** How many wallets sign at once while it attacks. */
  readonly wallets: number;
  /** The relay of this place is at this address now. */
  reach(place: number, address: string): void;
  /** Before a kill, while all relays serve. */
  prepare(): Promise<void>;
  /** One signature of a wallet that means no harm; it ends when there is one. */
  signHonestly(): Promise<void>;
  /** Harm, all at once. */
  attack(): Promise<void>;
  /** After a kill, when all relays serve again. */
  goOn(): Promise<void>;
}
