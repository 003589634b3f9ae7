/** An estimate with its interval as a small picture, for whoever would rather look; the figures stand beside it. */

export interface Scale {
  from: number;
  to: number;
}

export const SHARES: Scale = { from: 0, to: 1 };

interface Props {
  scale: Scale;
  estimate: number | null;
  low: number | null;
  high: number | null;
  /** Lines to read it against: a bar's limit, the margin, where nothing differs. */
  marks?: { at: number; kind: "zero" | "limit" }[];
  tone?: "bad" | "quiet";
}

export function Span({ scale, estimate, low, high, marks = [], tone }: Props) {
  const place = (value: number) => 100 * Math.min(1, Math.max(0, (value - scale.from) / (scale.to - scale.from || 1)));
  const [left, right] = [place(low ?? scale.from), place(high ?? scale.to)];
  return (
    <span className="plot" aria-hidden data-tone={tone}>
      {(low !== null || high !== null) && <span className="range" style={{ left: `${left}%`, width: `${right - left}%` }} />}
      {marks.map(({ at, kind }) => (
        <span key={kind} className="at" data-kind={kind} style={{ left: `${place(at)}%` }} />
      ))}
      {estimate !== null && <span className="dot" style={{ left: `${place(estimate)}%` }} />}
    </span>
  );
}

/** A scale on which all of these values have room; shares have the whole of theirs. */
export function scaleOf(values: (number | null | undefined)[]): Scale {
  const known = values.filter((each): each is number => typeof each === "number");
  if (known.every((each) => each >= 0 && each <= 1)) return SHARES;
  return { from: Math.min(0, ...known), to: 1.05 * Math.max(...known) };
}

/** A scale with nought in the middle. */
export function aroundNought(values: (number | null | undefined)[]): Scale {
  const most = Math.max(0.01, ...values.map((each) => Math.abs(each ?? 0)));
  return { from: -1.05 * most, to: 1.05 * most };
}
