import { formatUnits, parseUnits } from "viem";

const NEAR_DECIMALS = 24;
const GROUPED = new Intl.NumberFormat(undefined, { maximumFractionDigits: 5 });
const WHEN = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });

/** yoctoNEAR as people read it: rounded to five digits after the point. */
export function nearText(yocto: bigint): string {
  return `${GROUPED.format(Number(formatUnits(yocto, NEAR_DECIMALS)))} NEAR`;
}

/** @param wei 10^-18 of the coin */
export function coinText(wei: bigint, symbol: string): string {
  return `${GROUPED.format(Number(formatUnits(wei, 18)))} ${symbol}`;
}

/** yoctoNEAR of what a person wrote, for example "0.05"; undefined for what is no amount. */
export function nearAmount(text: string): bigint | undefined {
  return amount(text, NEAR_DECIMALS);
}

/** wei of what a person wrote. */
export function coinAmount(text: string): bigint | undefined {
  return amount(text, 18);
}

function amount(text: string, decimals: number): bigint | undefined {
  const [found, fraction = ""] = /^\d{1,12}(?:[.,](\d+))?$/.exec(text) ?? [];
  if (found === undefined || fraction.length > decimals) return undefined;
  return parseUnits(found.replace(",", "."), decimals);
}

/** The ends of a hash or an address. */
export function shortened(text: string): string {
  return text.length <= 16 ? text : `${text.slice(0, 8)}…${text.slice(-6)}`;
}

export function timeText(date: Date): string {
  return WHEN.format(date);
}

/** A relay as users see it: its host. */
export function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url;
}
