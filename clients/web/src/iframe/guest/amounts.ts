/** An amount in its unit of 10^`decimals`, exact: 1,500 with 3 is "1.5". */
export function amountText(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, -decimals);
  const fraction = digits.slice(-decimals).replace(/0+$/, "");
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

/** yoctoNEAR in NEAR. */
export const nearText = (yocto: bigint): string => amountText(yocto, 24);
/** Gas in Tgas. */
export const teraGasText = (gas: bigint): string => amountText(gas, 12);
/** Wei in ether, or in what the chain's coin is. */
export const etherText = (wei: bigint): string => amountText(wei, 18);
