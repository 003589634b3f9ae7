/** Gates, or one of them: whether a change broke something, what that rests on, and what it would cost to know more. */
import { Anchor, Group, Stack, Table, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { useGate, useGates } from "../api/queries";
import { Broken } from "../parts/Broken";
import { GateForm } from "../parts/GateForm";
import { FlakyCases, Measures, Slices } from "../parts/GateFigures";
import { Listed } from "../parts/Listed";
import { Empty, Facts, Found, Page } from "../parts/Page";
import { Standings } from "../parts/Standings";
import { useSome } from "../parts/some";
import { changesIn } from "../parts/verdictWords";
import { to } from "../place";
import { many, points, said, usd, when } from "../words";

type Gate = Schemas["Gate"];
type Verdict = Schemas["GateVerdict"];

const RULINGS: Record<Verdict["ruling"], { word: string; tone: string }> = {
  pass: { word: "Pass", tone: "good" },
  regressed: { word: "Regressed", tone: "bad" },
  inconclusive: { word: "Inconclusive", tone: "warn" },
  not_comparable: { word: "Not comparable", tone: "warn" },
};
const ROLES: Record<Schemas["GatePart"]["role"], string> = {
  control: "whether the baseline still answers as it did",
  bank: "the baseline, to know it better",
  candidate: "the candidate",
  confirm: "the candidate once more, where it newly fails",
  recheck: "the baseline once more, where the candidate newly fails",
  more: "the candidate, a further batch",
  more_baseline: "the baseline, a further batch",
};

export default function Gates({ id, query }: { id?: string; query: URLSearchParams }) {
  return id === undefined ? <All query={query} /> : <One key={id} id={id} />;
}

function All({ query }: { query: URLSearchParams }) {
  const before = query.get("before");
  const gates = useGates(before);
  const asked = { feature: query.get("feature"), against: query.get("against"), given: changesIn(query) };
  return (
    <Page title="Gates">
      <Text>A gate asks two releases the same cases and names only what the change broke and what was reproduced; or says what it would cost to know.</Text>
      <GateForm key={query.toString()} asked={asked} />
      <Found query={gates}>
        {(page) =>
          page.gates.length === 0 ? (
            <Empty>
              Nothing was held against a release yet. Write cases into <code>evals/FEATURE.jsonl</code>, then type <code>holdfast eval FEATURE --against RELEASE</code>.
            </Empty>
          ) : (
            <>
              <Listed label="Gates" heads={["Started", "Feature", "Against", "Verdict", "Broken", "Answers", "Spent"]}>
                {page.gates.map((each) => (
                  <Table.Tr key={each.id}>
                    <Table.Td>
                      <Anchor inherit href={to(["gates", each.id])} style={{ whiteSpace: "nowrap" }}>
                        {when(each.started_at)}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>{each.feature}</Table.Td>
                    <Table.Td className="mono">{each.against}</Table.Td>
                    <Table.Td>
                      <Ruling gate={each} />
                    </Table.Td>
                    <Table.Td>{each.verdict === null ? "" : said(each.verdict.regressions.length)}</Table.Td>
                    <Table.Td>{said(each.calls)}</Table.Td>
                    <Table.Td>{usd(each.spent_usd)}</Table.Td>
                  </Table.Tr>
                ))}
              </Listed>
              {(before || page.next) && (
                <Group component="nav" aria-label="Pages of gates">
                  {before && <Anchor href={to(["gates"])}>Newest</Anchor>}
                  {page.next && <Anchor href={to(["gates"], { before: page.next })}>Older</Anchor>}
                </Group>
              )}
            </>
          )
        }
      </Found>
    </Page>
  );
}

/** The verdict as a word; of a gate that went no further, that it did not. */
function Ruling({ gate, large = false }: { gate: Gate; large?: boolean }) {
  const { verdict, finished_at, stopped } = gate;
  const { word, tone } = verdict !== null && (finished_at || stopped) ? RULINGS[verdict.ruling] : { word: stopped ? "Stopped" : "Under way", tone: stopped ? "warn" : "quiet" };
  return (
    <span className={large ? "pill ruling" : "pill"} data-tone={tone}>
      {word}
    </span>
  );
}

function One({ id }: { id: string }) {
  const query = useGate(id);
  return (
    <Page title={query.data ? `Gate of ${query.data.feature}` : "Gate"}>
      <Found query={query}>{(gate) => <Shown gate={gate} />}</Found>
    </Page>
  );
}

function Shown({ gate }: { gate: Gate }) {
  const { verdict } = gate;
  return (
    <>
      <Said gate={gate} />
      {verdict && (
        <>
          <Breaks broken={verdict.regressions} />
          <BarLines verdict={verdict} />
          <Measures verdict={verdict} />
          <Slices verdict={verdict} />
          <FlakyCases flaky={verdict.flaky} />
        </>
      )}
      <Asked gate={gate} />
    </>
  );
}

function Breaks({ broken }: { broken: Schemas["Regression"][] }) {
  const [shown, rest] = useSome(broken, "breaks");
  if (broken.length === 0) return null;
  return (
    <Stack gap="xs" component="section" aria-labelledby="broken">
      <Title order={2} id="broken">
        Confirmed breaks <span className="pill" data-tone="bad">{said(broken.length)}</span>
      </Title>
      {shown.map((each, at) => (
        <Broken key={each.case} broken={each} opened={at === 0} />
      ))}
      {rest}
    </Stack>
  );
}

function Said({ gate }: { gate: Gate }) {
  const { verdict, plan, stopped, finished_at } = gate;
  const facts: [string, ReactNode][] = [
    ["Cost", usd(gate.spent_usd)],
    ["Answers asked", said(gate.calls)],
    ["Started", when(gate.started_at)],
    ["Candidate", <span key="c" className="mono">{gate.candidate}</span>],
    ["Held against", <span key="b" className="mono">{gate.against === gate.baseline ? gate.baseline : `${gate.against} (${gate.baseline})`}</span>],
    ["Corpora", Object.entries(gate.pins).map(([corpus, version]) => `${corpus} ${version}`).join(", ") || "none"],
  ];
  if (plan) facts.unshift(["Least fall found 4 times in 5", least(plan)]);
  if (verdict && verdict.newly_failing > 0) facts.unshift(["Newly failing", `${many(verdict.newly_failing, "case")}, ${said(verdict.asked_again)} asked again`]);
  return (
    <section className="card" aria-label="Verdict">
      <Stack gap="md">
        <div role="status">
          <Ruling gate={gate} large />
        </div>
        {verdict && (
          <ul className="reasons">
            {verdict.reasons.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        )}
        {verdict && verdict.bar_missed.length > 0 && <div className="note" data-tone="bad">The bar is missed: {verdict.bar_missed.join(", ")}.</div>}
        {stopped && (
          <div className="note" data-tone="warn">
            It went no further: {stopped}. To go on, type <code>{command(gate, "--resume")}</code>
          </div>
        )}
        {verdict?.settling && <Settling gate={gate} settling={verdict.settling} />}
        {!stopped && finished_at === null && (
          <Text size="sm">
            {plan === null ? "The baseline is looked at first." : `Every case is asked ${many(plan.answers, "time")} of the candidate: ${many(plan.calls, "answer")} in all.`} {many(gate.calls, "answer")} asked so far.{" "}
            <Anchor inherit href={to(["jobs"])}>How its job stands</Anchor>
          </Text>
        )}
        {verdict?.notes.map((each) => (
          <div key={each} className="note">Note: {each}.</div>
        ))}
        <Facts facts={facts} />
      </Stack>
    </section>
  );
}

const command = (gate: Gate, how: string): string => `holdfast eval ${gate.feature} --against ${gate.against} ${how}`;

function Settling({ gate, settling }: { gate: Gate; settling: Schemas["Settling"] }) {
  const price = settling.cost_usd === null ? "at a price that is not known" : settling.cost_usd === 0 ? "free" : `about ${usd(settling.cost_usd)}`;
  const minutes = settling.minutes === null ? "" : `, about ${many(Math.max(1, Math.round(settling.minutes)), "minute")}`;
  return (
    <div className="note" data-tone="warn">
      <strong>What would probably settle it:</strong> {many(settling.batches, "more batch", "more batches")}, {many(settling.calls, "answer")}, {price}
      {minutes}; or about {many(settling.cases, "more case")}. For one more batch, type <code>{command(gate, "--extend")}</code>
    </div>
  );
}

function least(plan: Schemas["GatePlan"]): string {
  return plan.detectable < 0.0005 ? "a single case: the baseline answers the same each time" : points(plan.detectable);
}

function BarLines({ verdict }: { verdict: Verdict }) {
  const lines = verdict.bar.filter((each) => each.limit !== null);
  if (lines.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2}>The bar</Title>
      <Standings label="The bar" standings={lines} />
    </Stack>
  );
}

function Asked({ gate }: { gate: Gate }) {
  if (gate.parts.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2}>What was asked</Title>
      {gate.plan !== null && gate.plan.stored > 0 && <Text size="sm">{many(gate.plan.stored, "stored answer")} of the baseline {gate.drifted ? "were left out: it no longer answers as it did." : "were used as well."}</Text>}
      <Listed label="What was asked" heads={["Asked of", "Cases", "Times each", "Answers"]}>
        {gate.parts.map((part) => (
          <Table.Tr key={part.evaluation}>
            <Table.Td>{ROLES[part.role]}{part.batch > 0 && ` (${said(part.batch)})`}</Table.Td>
            <Table.Td>{said(part.cases)}</Table.Td>
            <Table.Td>{said(part.repeat)}</Table.Td>
            <Table.Td>
              <Anchor inherit href={to(["evaluations", part.evaluation])} aria-label={`The evaluation of ${ROLES[part.role]}`}>
                The evaluation
              </Anchor>
            </Table.Td>
          </Table.Tr>
        ))}
      </Listed>
    </Stack>
  );
}
