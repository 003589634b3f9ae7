/** The figures of a gate: measures of both sides, slices, ratios, cases that pass at times. */
import { Anchor, Stack, Table, Text, Title } from "@mantine/core";
import type { Schemas } from "../api/client";
import { to } from "../place";
import { difference, figure, percent, points, said } from "../words";
import { Listed } from "./Listed";
import { aroundNought, Span } from "./Span";
import { useSome } from "./some";

type Verdict = Schemas["GateVerdict"];
type Measured = Schemas["Measured"];

const STATES: Record<Measured["state"], string> = { "not worse": "good", worse: "bad", unclear: "warn" };
const RATIOS: Record<Schemas["Ratio"]["name"], string> = { cost_usd: "Cost of an answer", ms: "Time of an answer" };
const PASSED = "passed";

export function Measures({ verdict }: { verdict: Verdict }) {
  const measures = verdict.primary === null ? [] : [verdict.primary, ...verdict.measures];
  if (measures.length === 0) return null;
  const scale = aroundNought([...measures.flatMap((each) => [each.low, each.high]), verdict.margin]);
  const level = (name: string, value: number) => (name === PASSED ? percent(value) : figure(value));
  return (
    <Stack gap="xs">
      <Title order={2}>Measures</Title>
      <Listed label="Measures" heads={["Measure", "Baseline", "Candidate", "Difference, with its 95 % interval", "Cases", "Says"]}>
        {measures.map((each, at) => (
          <Table.Tr key={each.name}>
            <Table.Td>
              {each.name}
              {at === 0 && <div><Text span size="sm" c="dimmed">decides</Text></div>}
            </Table.Td>
            <Table.Td>{level(each.name, each.baseline)}</Table.Td>
            <Table.Td>{level(each.name, each.candidate)}</Table.Td>
            <Table.Td>
              {difference(each.difference, each.low, each.high)}
              <Span scale={scale} estimate={each.difference} low={each.low} high={each.high} marks={marks(verdict.margin)} tone={each.state === "worse" ? "bad" : undefined} />
            </Table.Td>
            <Table.Td>{said(each.cases)}</Table.Td>
            <Table.Td>
              <span className="pill" data-tone={STATES[each.state]}>{each.state}</span>
            </Table.Td>
          </Table.Tr>
        ))}
        {verdict.ratios.map((each) => (
          <Table.Tr key={each.name}>
            <Table.Td>{RATIOS[each.name]}</Table.Td>
            <Table.Td />
            <Table.Td />
            <Table.Td>
              ×{figure(each.ratio)} (×{figure(each.low)} to ×{figure(each.high)})
            </Table.Td>
            <Table.Td>{said(each.cases)}</Table.Td>
            <Table.Td>
              <span className="pill">informs</span>
            </Table.Td>
          </Table.Tr>
        ))}
      </Listed>
      <Text size="sm" c="dimmed">
        The solid line is no difference, the dashed one a fall by {points(verdict.margin)}, which matters here. The intervals speak of these cases.
        {verdict.generalising?.low != null && verdict.generalising.high != null && (
          <>
            {" "}
            On cases like these the measure that decides differs by {difference(verdict.generalising.low)} to {difference(verdict.generalising.high)} (
            {verdict.generalising.method}, {said(verdict.generalising.clusters)} clusters).
          </>
        )}
      </Text>
    </Stack>
  );
}

export function Slices({ verdict }: { verdict: Verdict }) {
  const { slices } = verdict;
  if (slices.length === 0) return null;
  const scale = aroundNought(slices.flatMap((each) => [each.low, each.high, each.difference]));
  return (
    <Stack gap="xs">
      <Title order={2}>Slices</Title>
      <Listed label="Slices" heads={["Tag", "Cases", "Baseline", "Candidate", "Difference, with its 95 % interval", "Says"]}>
        {slices.map((each) => (
          <Table.Tr key={each.tag}>
            <Table.Td>{each.tag}</Table.Td>
            <Table.Td>{said(each.cases)}</Table.Td>
            <Table.Td>{percent(each.baseline)}</Table.Td>
            <Table.Td>{percent(each.candidate)}</Table.Td>
            <Table.Td>
              {difference(each.difference, each.low, each.high)}
              <Span scale={scale} estimate={each.difference} low={each.low} high={each.high} marks={marks(null)} tone={each.worse ? "bad" : each.declared ? undefined : "quiet"} />
            </Table.Td>
            <Table.Td>
              {each.declared ? (
                <>
                  <span className="pill" data-tone={each.worse ? "bad" : "good"}>{each.worse ? "worse" : "not shown to be worse"}</span>
                  {each.p_worse !== null && <Text size="sm" c="dimmed">p {each.p_worse.toPrecision(2)}</Text>}
                </>
              ) : (
                <Text size="sm" c="dimmed">looked at only; drawn towards all cases: {difference(each.shrunk)}</Text>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Listed>
      <Text size="sm" c="dimmed">
        Only slices that were declared before decide. Of many that are merely looked at, some have always fallen.
      </Text>
    </Stack>
  );
}

const marks = (margin: number | null): { at: number; kind: "zero" | "limit" }[] =>
  margin === null ? [{ at: 0, kind: "zero" }] : [{ at: 0, kind: "zero" }, { at: -margin, kind: "limit" }];

export function FlakyCases({ flaky }: { flaky: Schemas["Flaky"][] }) {
  const [shown, rest] = useSome(flaky, "flaky cases");
  if (flaky.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2}>Flaky cases</Title>
      <Text size="sm">These passed at times and failed at times, of one release. They are no regressions, and they make every comparison less sure.</Text>
      <Listed label="Flaky cases" heads={["Case", "Baseline passed", "Candidate passed", "Tags", "An answer that failed"]}>
        {shown.map((each) => (
            <Table.Tr key={each.case}>
              <Table.Td>
                {each.case} {each.must_pass && <span className="pill" data-tone="warn">must pass</span>}
              </Table.Td>
              <Table.Td>{said(each.baseline_passed)} of {said(each.baseline)}</Table.Td>
              <Table.Td>{said(each.candidate_passed)} of {said(each.candidate)}</Table.Td>
              <Table.Td>{each.tags.join(", ")}</Table.Td>
              <Table.Td>
                {each.recording && (
                  <Anchor inherit href={to(["recordings", each.recording])} aria-label={`The recording of a failed answer to ${each.case}`}>
                    The recording
                  </Anchor>
                )}
              </Table.Td>
            </Table.Tr>
        ))}
      </Listed>
      {rest}
    </Stack>
  );
}
