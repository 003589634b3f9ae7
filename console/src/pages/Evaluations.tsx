/** Evaluations, or one of them: how each measure stands against its bar, and what came of every case. */
import { Anchor, Group, Stack, Switch, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { useEvaluation, useEvaluations } from "../api/queries";
import { Evaluate } from "../parts/Evaluate";
import { Listed } from "../parts/Listed";
import { Outcome } from "../parts/Outcome";
import { Empty, Facts, Found, Page } from "../parts/Page";
import { to } from "../place";
import { ms, said, usd, when } from "../words";

type Evaluation = Schemas["Evaluation"];
type Standing = Schemas["Standing"];
type Result = Schemas["CaseResult"];

export default function Evaluations({ id, before }: { id?: string; before: string | null }) {
  return id === undefined ? <All before={before} /> : <One key={id} id={id} />;
}

function All({ before }: { before: string | null }) {
  const query = useEvaluations(before);
  return (
    <Page title="Evaluations">
      <Evaluate />
      <Found query={query}>
        {(page) =>
          page.evaluations.length === 0 ? (
            <Empty>
              No feature was evaluated yet. Write cases into <code>evals/FEATURE.jsonl</code>, then type <code>holdfast eval FEATURE</code>.
            </Empty>
          ) : (
            <>
              <Listed label="Evaluations" heads={["Started", "Feature", "Cases", "Did not pass", "Release"]}>
                {page.evaluations.map((each) => (
                  <Table.Tr key={each.id}>
                    <Table.Td>
                      <Anchor inherit href={to(["evaluations", each.id])}>
                        {when(each.started_at)}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>{each.feature}</Table.Td>
                    <Table.Td>{progress(each)}</Table.Td>
                    <Table.Td>{said(each.failed)}</Table.Td>
                    <Table.Td className="mono">{each.release}</Table.Td>
                  </Table.Tr>
                ))}
              </Listed>
              {(before || page.next) && (
                <Group component="nav" aria-label="Pages of evaluations">
                  {before && <Anchor href={to(["evaluations"])}>Newest</Anchor>}
                  {page.next && <Anchor href={to(["evaluations"], { before: page.next })}>Older</Anchor>}
                </Group>
              )}
            </>
          )
        }
      </Found>
    </Page>
  );
}

const TONES: Record<Schemas["EvaluationSaid"]["verdict"], string> = { met: "good", missed: "bad", inconclusive: "warn" };

function One({ id }: { id: string }) {
  const query = useEvaluation(id);
  return (
    <Page title={query.data ? `Evaluation of ${query.data.evaluation.feature}` : "Evaluation"}>
      <Found query={query}>
        {({ evaluation, verdict, results }) => (
          <>
            <div className="card">
              <Facts
                facts={[
                  ["The bar", <span key="v" className="pill" data-tone={TONES[verdict]}>{verdict}</span>],
                  ["Started", when(evaluation.started_at)],
                  ["Cases", progress(evaluation)],
                  ["Did not pass", said(evaluation.failed)],
                  ["Spent", usd(evaluation.spent_usd)],
                  ["Release", <span key="r" className="mono">{evaluation.release}</span>],
                  ["Corpora", Object.entries(evaluation.pins).map(([corpus, version]) => `${corpus} ${version}`).join(", ") || "none"],
                ]}
              />
            </div>
            {evaluation.stopped && <div className="note" data-tone="warn">It went no further: {evaluation.stopped}</div>}
            {evaluation.must_pass_failed.length > 0 && (
              <div className="note" data-tone="bad">These cases must pass and did not: {evaluation.must_pass_failed.join(", ")}.</div>
            )}
            <Standings standings={evaluation.standings} />
            <Results results={results} />
          </>
        )}
      </Found>
    </Page>
  );
}

function Standings({ standings }: { standings: Standing[] }) {
  if (standings.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2}>Measures</Title>
      <Listed label="Measures" heads={["Measure", "Estimate", "95 % interval", "Bar", "Cases", "Against the bar"]}>
        {standings.map((each) => (
          <Table.Tr key={`${each.name}-${each.measure}`}>
            <Table.Td>{each.name}</Table.Td>
            <Table.Td>{figure(each.estimate)}</Table.Td>
            <Table.Td>{each.low === null && each.high === null ? "" : `${figure(each.low)} to ${figure(each.high)}`}</Table.Td>
            <Table.Td>{each.limit === null ? "" : `${each.at_most ? "at most" : "at least"} ${figure(each.limit)}`}</Table.Td>
            <Table.Td>{said(each.n)}</Table.Td>
            <Table.Td>
              {each.verdict && (
                <span className="pill" data-tone={each.verdict === "met" ? "good" : each.verdict === "missed" ? "bad" : "warn"}>
                  {each.verdict}
                </span>
              )}
            </Table.Td>
          </Table.Tr>
        ))}
      </Listed>
    </Stack>
  );
}

function Results({ results }: { results: Result[] }) {
  const wrong = results.filter((each) => each.wrong.length > 0);
  const [all, setAll] = useState(wrong.length === 0);
  const shown = all ? results : wrong;
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={2}>Cases</Title>
        {wrong.length > 0 && <Switch label="Also those that passed" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />}
      </Group>
      {results.length === 0 ? (
        <Empty>No case has a result yet.</Empty>
      ) : (
        <Listed label="Cases" heads={["Case", "Outcome", "What was wrong", "Scores", "Time"]}>
          {shown.map((each) => (
            <Table.Tr key={`${each.case}-${each.repeat}`}>
              <Table.Td>
                <Anchor inherit href={to(["recordings", each.recording])}>
                  {each.case}
                </Anchor>
                {each.repeat > 0 && ` (${each.repeat + 1})`}
              </Table.Td>
              <Table.Td>
                <Outcome outcome={each.outcome} />
              </Table.Td>
              <Table.Td>{each.wrong.length === 0 ? <Text size="sm">passed</Text> : each.wrong.join("; ")}</Table.Td>
              <Table.Td>{each.scores.map((score) => `${score.scorer} ${score.error ? score.error.code : figure(score.value)}`).join(", ")}</Table.Td>
              <Table.Td className="number">{each.ms === null ? "" : ms(each.ms)}</Table.Td>
            </Table.Tr>
          ))}
        </Listed>
      )}
    </Stack>
  );
}

function progress({ cases, repeat, done }: Evaluation): string {
  const asked = cases * repeat;
  return done === asked ? said(asked) : `${said(done)} of ${said(asked)}`;
}

function figure(value: Schemas["Score"]["value"] | undefined): string {
  if (value === null || value === undefined) return "not known";
  return typeof value === "number" ? said(Number(value.toPrecision(4))) : String(value);
}
