/** How measures stand against their bar: figures, intervals, small plots. And the share that passes, by tag. */
import { Table } from "@mantine/core";
import type { Schemas } from "../api/client";
import { figure, percent, said } from "../words";
import { Listed } from "./Listed";
import { Span, scaleOf, SHARES } from "./Span";

type Standing = Schemas["Standing"];
type Passing = Schemas["Passing"];

const TONES: Record<NonNullable<Standing["verdict"]>, string> = { met: "good", missed: "bad", unmeasured: "warn", informs: "quiet" };

export function Standings({ label, standings }: { label: string; standings: Standing[] }) {
  return (
    <Listed label={label} heads={["Measure", "Estimate", "95 % interval", "Bar", "Cases", "Against the bar"]}>
      {standings.map((each) => (
        <Table.Tr key={`${each.name}-${each.measure}`}>
          <Table.Td>{each.name}</Table.Td>
          <Table.Td>
            {figure(each.estimate)}
            {each.raw !== null && each.raw !== each.estimate && <div>the judge alone: {figure(each.raw)}</div>}
          </Table.Td>
          <Table.Td>
            {intervalOf(each)}
            {each.estimate !== null && <StandingSpan standing={each} beside={[each]} />}
          </Table.Td>
          <Table.Td>{each.limit === null ? "" : `${each.at_most ? "at most" : "at least"} ${figure(each.limit)}`}</Table.Td>
          <Table.Td>{said(each.n)}</Table.Td>
          <Table.Td>
            {each.verdict && (
              <span className="pill" data-tone={TONES[each.verdict]}>
                {each.verdict}
              </span>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listed>
  );
}

/** The plot of a standing, on a scale that it shares with those beside it. */
export function StandingSpan({ standing, beside, tone }: { standing: Standing; beside: Standing[]; tone?: "quiet" }) {
  const { estimate, low, high, limit } = standing;
  const scale = scaleOf(beside.flatMap((each) => [each.estimate, each.low, each.high, each.limit]));
  return <Span scale={scale} estimate={estimate} low={low} high={high} marks={limit === null ? [] : [{ at: limit, kind: "limit" }]} tone={tone} />;
}

export function intervalOf({ low, high }: { low: number | null; high: number | null }): string {
  if (low === null && high === null) return "";
  if (low === null) return `up to ${figure(high)}`;
  return high === null ? `${figure(low)} or more` : `${figure(low)} to ${figure(high)}`;
}

/** Shares of cases that pass: all of them, then each tag, the worst first. */
export function PassingTable({ passing }: { passing: Passing[] }) {
  return (
    <Listed label="Slices" heads={["Tag", "Cases", "Passed", "95 % interval"]}>
      {passing.map(({ tag, cases, passed }) => (
        <Table.Tr key={tag ?? ""}>
          <Table.Td>{tag ?? <strong>all cases</strong>}</Table.Td>
          <Table.Td>{said(cases)}</Table.Td>
          <Table.Td>{percent(passed.estimate)}</Table.Td>
          <Table.Td>
            {shareInterval(passed)}
            <Span scale={SHARES} {...passed} />
          </Table.Td>
        </Table.Tr>
      ))}
    </Listed>
  );
}

export const shareInterval = ({ low, high }: Schemas["Interval"]): string => (low === null && high === null ? "" : `${percent(low ?? 0)} to ${percent(high ?? 1)}`);
