/** Evaluations, or one of them: how each measure stands against its bar, and what came of every case. */
import { Anchor, Button, Checkbox, Group, NativeSelect, Stack, Switch, Table, Text, Title } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import type { Schemas } from "../api/client";
import { useEvaluation, useEvaluations, useEvaluationsOf } from "../api/queries";
import { Confusions } from "../parts/Confusions";
import { Evaluate } from "../parts/Evaluate";
import { Listed } from "../parts/Listed";
import { Outcome } from "../parts/Outcome";
import { Empty, Facts, Found, Page } from "../parts/Page";
import { PassingTable, Standings } from "../parts/Standings";
import { useSome } from "../parts/some";
import { go, to } from "../place";
import { figure, ms, percent, said, usd, when } from "../words";

type Evaluation = Schemas["Evaluation"];
type Result = Schemas["CaseResult"];
type AskedCase = Schemas["AskedCase"];
type Judging = Schemas["Judging"];

export default function Evaluations({ id, before }: { id?: string; before: string | null }) {
  return id === undefined ? <All before={before} /> : <One key={id} id={id} />;
}

function All({ before }: { before: string | null }) {
  const query = useEvaluations(before);
  const [chosen, setChosen] = useState<Evaluation[]>([]);
  const choose = (each: Evaluation, checked: boolean) => setChosen(chosen.filter(({ id }) => id !== each.id).concat(checked ? [each] : []));
  /** Two of one feature are enough. */
  const closed = (each: Evaluation) => !chosen.some(({ id }) => id === each.id) && chosen.length > 0 && (chosen.length > 1 || chosen[0]?.feature !== each.feature);
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
              <Chosen chosen={chosen} />
              <Listed label="Evaluations" heads={["Choose", "Started", "Feature", "Cases", "Did not pass", "Asked by", "Release"]}>
                {page.evaluations.map((each) => (
                  <Table.Tr key={each.id}>
                    <Table.Td>
                      <Checkbox
                        aria-label={`Choose ${each.feature}, ${when(each.started_at)}`}
                        checked={chosen.some(({ id }) => id === each.id)}
                        disabled={closed(each)}
                        onChange={(event) => choose(each, event.currentTarget.checked)}
                      />
                    </Table.Td>
                    <Table.Td>
                      <Anchor inherit href={to(["evaluations", each.id])}>
                        {when(each.started_at)}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>{each.feature}</Table.Td>
                    <Table.Td>{progress(each)}</Table.Td>
                    <Table.Td>{said(each.failed)}</Table.Td>
                    <Table.Td>{askedBy(each)}</Table.Td>
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

/** What to do with those that were chosen; the older one comes first. */
function Chosen({ chosen }: { chosen: Evaluation[] }) {
  const [older, newer] = [...chosen].sort((one, other) => one.started_at.localeCompare(other.started_at));
  return (
    <div className="note" role="status">
      {older === undefined ? (
        "Choose two evaluations of a feature to see them side by side."
      ) : newer === undefined ? (
        `Choose another one of ${older.feature}.`
      ) : (
        <Anchor inherit href={to(["evaluations", older.id, "beside", newer.id])}>
          See the two side by side
        </Anchor>
      )}
    </div>
  );
}

/** The gate that asked, or that somebody did. */
const askedBy = ({ gate }: Evaluation): ReactNode => (gate === null ? "somebody" : <Anchor inherit href={to(["gates", gate])}>a gate</Anchor>);

const TONES: Record<Schemas["EvaluationSaid"]["verdict"], string> = { met: "good", missed: "bad", inconclusive: "warn" };

function One({ id }: { id: string }) {
  const query = useEvaluation(id);
  return (
    <Page title={query.data ? `Evaluation of ${query.data.evaluation.feature}` : "Evaluation"}>
      <Found query={query}>
        {({ evaluation, verdict, results, cases, passing }) => (
          <>
            <div className="card">
              <Facts
                facts={[
                  ["The bar", <span key="v" className="pill" data-tone={TONES[verdict]}>{verdict}</span>],
                  ["Started", when(evaluation.started_at)],
                  ["Cases", progress(evaluation)],
                  ["Did not pass", said(evaluation.failed)],
                  ["Spent", usd(evaluation.spent_usd)],
                  ["Asked by", askedBy(evaluation)],
                  ["Release", <span key="r" className="mono">{evaluation.release}</span>],
                  ["Corpora", Object.entries(evaluation.pins).map(([corpus, version]) => `${corpus} ${version}`).join(", ") || "none"],
                ]}
              />
            </div>
            {evaluation.stopped && <div className="note" data-tone="warn">It went no further: {evaluation.stopped}</div>}
            {evaluation.must_pass_failed.length > 0 && (
              <div className="note" data-tone="bad">These cases must pass and did not: {evaluation.must_pass_failed.join(", ")}.</div>
            )}
            <BesideForm evaluation={evaluation} />
            <Measured title="Measures" standings={evaluation.standings.filter(({ measure }) => measure !== "whole")} />
            {passing.length > 0 && (
              <Stack gap="xs">
                <Title order={2}>Slices</Title>
                <PassingTable passing={passing} />
              </Stack>
            )}
            <Measured title="Of the whole set" standings={evaluation.standings.filter(({ measure }) => measure === "whole")} />
            {evaluation.confusions.length > 0 && (
              <Stack gap="xs">
                <Title order={2}>Confusions</Title>
                <Confusions confusions={evaluation.confusions} />
              </Stack>
            )}
            <Judges evaluation={evaluation} />
            <Results results={results} cases={cases} />
          </>
        )}
      </Found>
    </Page>
  );
}

function Measured({ title, standings }: { title: string; standings: Schemas["Standing"][] }) {
  if (standings.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2}>{title}</Title>
      <Standings label={title} standings={standings} />
    </Stack>
  );
}

/** Takes the reader to this evaluation beside another one of the same feature. */
function BesideForm({ evaluation }: { evaluation: Evaluation }) {
  const found = useEvaluationsOf(evaluation.feature).data?.evaluations.filter(({ id }) => id !== evaluation.id) ?? [];
  const others = [...found.filter(({ gate }) => gate === null), ...found.filter(({ gate }) => gate !== null)];
  const [chosen, setChosen] = useState("");
  const other = others.find(({ id }) => id === chosen) ?? others[0];
  if (other === undefined) return null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const older = other.started_at < evaluation.started_at;
    go(to(["evaluations", older ? other.id : evaluation.id, "beside", older ? evaluation.id : other.id]));
  };
  return (
    <form className="card" onSubmit={submit} aria-label="See it beside another evaluation">
      <Group align="end" gap="sm">
        <NativeSelect
          label="Another evaluation of this feature"
          data={others.map((each) => ({ value: each.id, label: `${when(each.started_at)}: ${said(each.failed)} of ${said(each.done)} did not pass${each.gate === null ? "" : ", asked by a gate"}` }))}
          value={other.id}
          onChange={(event) => setChosen(event.currentTarget.value)}
        />
        <Button type="submit" variant="default">
          See the two side by side
        </Button>
      </Group>
    </form>
  );
}

function Judges({ evaluation }: { evaluation: Evaluation }) {
  if (evaluation.judging.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2}>Judges</Title>
      <Listed label="Judges" heads={["Judge", "Gates?", "Why", "Asked twice", "Cost", "Certificate"]}>
        {evaluation.judging.map((each) => (
          <Table.Tr key={each.scorer}>
            <Table.Td>{each.scorer}</Table.Td>
            <Table.Td>
              <span className="pill" data-tone={each.gates ? "good" : "warn"}>{each.gates ? "gates" : "informs only"}</span>
            </Table.Td>
            <Table.Td>{each.why || worth(each, evaluation)}</Table.Td>
            <Table.Td>{each.twice === 0 ? "" : `${said(each.twice)}, ${said(each.differed)} differed`}</Table.Td>
            <Table.Td>{usd(each.spent_usd)}</Table.Td>
            <Table.Td>{each.certificate && <Anchor inherit href={to(["certificates", each.certificate.id])}>Its certificate</Anchor>}</Table.Td>
          </Table.Tr>
        ))}
      </Listed>
    </Stack>
  );
}

/** What became of a certified judge's share. */
function worth({ scorer }: Judging, { standings }: Evaluation): string {
  const standing = standings.find(({ name }) => name === scorer);
  if (!standing || standing.raw === null || standing.estimate === null) return "certified";
  return `it passes ${percent(standing.raw)}, which ${standing.corrected === "ppi" ? "people's labels correct" : "its error rates correct"} to ${percent(standing.estimate)}`;
}

function Results({ results, cases }: { results: Result[]; cases: AskedCase[] }) {
  const [tag, setTag] = useState("");
  const about = new Map(cases.map((each) => [each.id, each]));
  const tags = [...new Set(cases.flatMap((each) => each.tags))].sort();
  const wrong = results.filter((each) => each.wrong.length > 0);
  const [all, setAll] = useState(wrong.length === 0);
  const ofTag = (all ? results : wrong).filter((each) => tag === "" || about.get(each.case)?.tags.includes(tag));
  const [shown, rest] = useSome(ofTag, "results");
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <Title order={2}>Cases</Title>
        {tags.length > 0 && (
          <NativeSelect label="Only the cases tagged" data={[{ value: "", label: "all tags" }, ...tags]} value={tag} onChange={(event) => setTag(event.currentTarget.value)} />
        )}
        {wrong.length > 0 && <Switch label="Also those that passed" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />}
      </Group>
      {results.length === 0 ? (
        <Empty>No case has a result yet.</Empty>
      ) : ofTag.length === 0 ? (
        <Empty>Every case with this tag passed.</Empty>
      ) : (
        <Listed label="Cases" heads={["Case", "Outcome", "What was wrong", "Scores", "Time"]}>
          {shown.map((each) => (
            <Table.Tr key={`${each.case}-${each.repeat}`}>
              <Table.Td>
                <Anchor inherit href={to(["recordings", each.recording])}>
                  {each.case}
                </Anchor>
                {each.repeat > 0 && ` (${each.repeat + 1})`} {about.get(each.case)?.must_pass && <span className="pill" data-tone="warn">must pass</span>}
                {about.get(each.case)?.tags.map((one) => <span key={one} className="pill">{one}</span>)}
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
      {rest}
    </Stack>
  );
}

function progress({ cases, repeat, done }: Evaluation): string {
  const asked = cases * repeat;
  return done === asked ? said(asked) : `${said(done)} of ${said(asked)}`;
}
