/** Numbers and times as people read them. */
const USD = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const COUNT = new Intl.NumberFormat("en");
const THIS_YEAR = new Intl.DateTimeFormat("en", { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const ANY_YEAR = new Intl.DateTimeFormat("en", { year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

export const said = (value: number): string => COUNT.format(value);

export function ms(value: number): string {
  if (value < 1) return "<1 ms";
  return value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1000).toFixed(1)} s`;
}

export function usd(value: number | null | undefined): string {
  if (value === null || value === undefined) return "price not known";
  return value === 0 ? "free" : `$${USD.format(value)}`;
}

/** A time in the reader's own zone. */
export function when(iso: string): string {
  const at = new Date(iso);
  return (at.getFullYear() === new Date().getFullYear() ? THIS_YEAR : ANY_YEAR).format(at);
}

export function bytes(value: number): string {
  if (value < 1024) return `${value} bytes`;
  return value < 1024 ** 2 ? `${Math.round(value / 1024)} KiB` : `${(value / 1024 ** 2).toFixed(1)} MiB`;
}

export const many = (count: number, one: string, more = `${one}s`): string => `${said(count)} ${count === 1 ? one : more}`;

/** A share as per cent. */
export const percent = (share: number): string => `${said(Number((100 * share).toFixed(1)))} %`;

/** How likely something is, in whole per cent; nothing that was estimated is certain. */
export function likelihood(chance: number): string {
  if (chance > 0.99) return "over 99 %";
  return chance < 0.01 ? "under 1 %" : `${Math.round(100 * chance)} %`;
}

const inPoints = (share: number): number => Number((100 * share).toFixed(1)) || 0; // no negative nought
const signed = (value: number): string => `${value > 0 ? "+" : ""}${said(value)}`;

/** A share in points. */
export const points = (share: number): string => many(inPoints(share), "point");

/** A difference of shares in points, with its sign, and its interval where there is one. */
export function difference(share: number, low: number | null = null, high: number | null = null): string {
  const value = inPoints(share);
  const interval = low === null || high === null ? "" : ` (${signed(inPoints(low))} to ${signed(inPoints(high))})`;
  return `${signed(value)} ${Math.abs(value) === 1 ? "point" : "points"}${interval}`;
}

/** Any value of a score or an estimate, to four digits. */
export function figure(value: number | string | boolean | null | undefined): string {
  if (value === null || value === undefined) return "not known";
  return typeof value === "number" ? said(Number(value.toPrecision(4))) : String(value);
}
