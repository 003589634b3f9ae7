/** Changes tried on recordings, or one of them: what can be said, and each pair with both answers side by side. */
import { Anchor, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { usePairs, useRecording, useTrial, useTrials } from "../api/queries";
import { Listed } from "../parts/Listed";
import { FailureNote, Outcome } from "../parts/Outcome";
import { Empty, Facts, Found, Page } from "../parts/Page";
import { Abreast } from "../parts/ReplayDiff";
import { TryChange } from "../parts/TryChange";
import { changesIn } from "../parts/verdictWords";
import { to } from "../place";
import { many, ms, said, usd, when } from "../words";

type Trial = Schemas["Trial"];
type Pair = Schemas["Pair"];
type Evidence = Schemas["Evidence"];
type Verdict = Pair["verdict"];

const KINDS: { verdict: Verdict; title: string; tone: string }[] = [
  { verdict: "worse", title: "Worse", tone: "bad" },
  { verdict: "better", title: "Better", tone: "good" },
  { verdict: "not_compared", title: "Not compared", tone: "warn" },
  { verdict: "same", title: "The same", tone: "quiet" },
];
const TONES: Record<Evidence["says"], string> = { worse: "bad", better: "good", no_worse: "good", undecided: "warn" };
const CLAIMS: Record<Evidence["says"], string> = { worse: "worse", better: "better", no_worse: "not worse", undecided: "undecided" };

export default function Trials({ id, query }: { id?: string; query: URLSearchParams }) {
  return id === undefined ? <All query={query} /> : <One key={id} id={id} />;
}

const changesOf = ({ changes }: Trial): string => Object.entries(changes).map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(", ") || "nothing";

function All({ query: asked }: { query: URLSearchParams }) {
  const [before, where] = [asked.get("before"), asked.get("where") ?? ""];
  const query = useTrials(before);
  return (
    <Page title="Trials">
      <Text>
        A trial runs recorded requests again with one thing changed, and compares each answer with the one that was given. What did not change is
        remembered, and side effects are never repeated.
      </Text>
      <TryChange key={asked.toString()} where={where} given={changesIn(asked)} />
      <Found query={query}>
        {(page) =>
          page.trials.length === 0 ? (
            <Empty>No change was tried yet.</Empty>
          ) : (
            <>
              <Listed label="Trials" heads={["Started", "On", "Change", "Better", "Worse", "Same", "Says"]}>
                {page.trials.map((each) => (
                  <Table.Tr key={each.id}>
                    <Table.Td>
                      <Anchor inherit href={to(["trials", each.id])} style={{ whiteSpace: "nowrap" }}>
                        {when(each.started_at)}
                      </Anchor>
                    </Table.Td>
                    <Table.Td className="mono">{each.where}</Table.Td>
                    <Table.Td className="mono">{changesOf(each)}</Table.Td>
                    <Table.Td>{said(each.better)}</Table.Td>
                    <Table.Td>{said(each.worse)}</Table.Td>
                    <Table.Td>{said(each.same)}</Table.Td>
                    <Table.Td>{each.evidence && <Says evidence={each.evidence} />}</Table.Td>
                  </Table.Tr>
                ))}
              </Listed>
              {(before || page.next) && (
                <Group component="nav" aria-label="Pages of trials">
                  {before && <Anchor href={to(["trials"])}>Newest</Anchor>}
                  {page.next && <Anchor href={to(["trials"], { before: page.next })}>Older</Anchor>}
                </Group>
              )}
            </>
          )
        }
      </Found>
    </Page>
  );
}

function Says({ evidence }: { evidence: Evidence }) {
  return (
    <span className="pill" data-tone={TONES[evidence.says]}>
      {CLAIMS[evidence.says]}
    </span>
  );
}

function One({ id }: { id: string }) {
  const query = useTrial(id);
  return (
    <Page title="Trial">
      <Found query={query}>
        {(trial) => (
          <>
            <Summary trial={trial} />
            {KINDS.map((kind) => (
              <Kind key={kind.verdict} trial={trial} {...kind} />
            ))}
          </>
        )}
      </Found>
    </Page>
  );
}

function Summary({ trial }: { trial: Trial }) {
  const before = (value: number | null, after: number | null, shown: (value: number) => string) =>
    value === null || after === null ? "not known" : `${shown(value)}, then ${shown(after)}`;
  return (
    <div className="card">
      <Stack gap="sm">
        {trial.evidence && <Statement evidence={trial.evidence} />}
        {trial.code_changed > 0 && (
          <div className="note" data-tone="warn">
            The feature's code has changed since {many(trial.code_changed, "recording")} of these: what differs may be due to that.
          </div>
        )}
        {trial.finished_at === null && (
          <div role="status">
            <Text size="sm">
              {trial.stopped === null ? "" : "Stopped: "}replayed {said(trial.done)} of {said(trial.chosen)}
              {trial.stopped && ` (${trial.stopped})`}
            </Text>
            <progress aria-label="Progress" value={trial.done} max={trial.chosen} />
          </div>
        )}
        <Facts
          facts={[
            ["Better", said(trial.better)],
            ["Worse", said(trial.worse)],
            ["The same", said(trial.same)],
            ["Answers that differ", said(trial.changed)],
            ["Not compared", said(trial.not_compared)],
            ["Of these, led to a step never recorded", said(trial.diverged)],
            ["Recordings", trial.chosen === trial.matching ? said(trial.chosen) : `${said(trial.chosen)} of ${said(trial.matching)}`],
            ["Steps", `${said(trial.remembered)} remembered, ${said(trial.redone)} done again`],
            ["Cost of an answer", before(trial.mean_usd_before, trial.mean_usd_after, usd)],
            ["Time of its steps", before(trial.mean_ms_before, trial.mean_ms_after, ms)],
            ["Spent", usd(trial.spent_usd)],
            ["Started", when(trial.started_at)],
            ["Change", <span key="c" className="mono">{changesOf(trial)}</span>],
            ["On", <Anchor key="w" inherit className="mono" href={to(["recordings"], { where: trial.where })}>{trial.where}</Anchor>],
          ]}
        />
      </Stack>
    </div>
  );
}

const share = (value: number): string => `${value > 0 ? "+" : ""}${(100 * value).toFixed(1)} %`;

function Statement({ evidence }: { evidence: Evidence }) {
  const e = { worse: evidence.e_worse, better: evidence.e_better, no_worse: evidence.e_no_worse };
  const claim = evidence.says === "undecided" ? null : evidence.says;
  return (
    <div className="note" data-tone={TONES[evidence.says] === "good" ? undefined : TONES[evidence.says]}>
      <strong>
        {claim === null
          ? "Nothing can be said yet."
          : claim === "no_worse"
            ? `The change is not worse by ${(100 * evidence.margin).toFixed(0)} % of requests or more.`
            : `The change is ${claim}.`}
      </strong>{" "}
      The net change is between {share(evidence.low)} and {share(evidence.high)} of requests, however often one looks.{" "}
      {claim !== null && `Said wrongly at most ${(100 * evidence.alpha).toFixed(0)} % of the time (e-value ${e[claim].toPrecision(3)}).`}
      {claim === null &&
        (evidence.more === null || evidence.heading_for === null
          ? "More recordings like these would not settle it."
          : `About ${said(evidence.more)} more recordings like these would settle it, as ${CLAIMS[evidence.heading_for]}.`)}
    </div>
  );
}

function Kind({ trial, verdict, title, tone }: { trial: Trial; verdict: Verdict; title: string; tone: string }) {
  const [after, setAfter] = useState<string | null>(null);
  const count = trial[verdict];
  const pairs = usePairs(trial.id, verdict, after, trial.done);
  if (count === 0) return null;
  return (
    <Stack gap="xs" component="section" aria-labelledby={verdict}>
      <Title order={2} id={verdict}>
        {title} <span className="pill" data-tone={tone}>{said(count)}</span>
      </Title>
      <Found query={pairs}>
        {(page) => (
          <>
            {page.pairs.map((pair) => (
              <PairShown key={pair.recording} pair={pair} />
            ))}
            {(after || page.next) && (
              <Group>
                {after && (
                  <Button size="xs" variant="default" onClick={() => setAfter(null)}>
                    First
                  </Button>
                )}
                {page.next && (
                  <Button size="xs" variant="default" onClick={() => setAfter(page.next)}>
                    More
                  </Button>
                )}
              </Group>
            )}
          </>
        )}
      </Found>
    </Stack>
  );
}

function PairShown({ pair }: { pair: Pair }) {
  const [open, setOpen] = useState(false);
  const why = pair.why.join("; ") || (pair.changed ? "other words" : "the same answer");
  return (
    <details className="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {pair.asked || pair.recording}
        <Text span size="sm" c="dimmed" style={{ display: "block", overflowWrap: "anywhere" }}>
          {pair.error ? `${pair.error.code}: ${pair.error.message}` : why}
        </Text>
      </summary>
      {open && <PairOpen pair={pair} />}
    </details>
  );
}

function PairOpen({ pair }: { pair: Pair }) {
  const before = useRecording(pair.recording);
  const after = useRecording(pair.replay ?? "");
  return (
    <Stack gap="sm" mt="sm">
      <Text size="sm">
        <Anchor inherit href={to(["recordings", pair.recording])}>The recording</Anchor>
        {pair.replay && (
          <>
            {" · "}
            <Anchor inherit href={to(["recordings", pair.replay])}>Its replay</Anchor>
            {" · "}
            {many(pair.remembered, "step")} remembered, {said(pair.redone)} done again · <Outcome outcome={pair.outcome_before} />
            {pair.outcome_after && pair.outcome_after !== pair.outcome_before && (
              <>
                {" then "}
                <Outcome outcome={pair.outcome_after} />
              </>
            )}
          </>
        )}
      </Text>
      <FailureNote failure={pair.error} />
      {pair.replay && (
        <Found query={before}>{(one) => <Found query={after}>{(other) => <Abreast before={one} after={other} of={pair.recording} />}</Found>}</Found>
      )}
    </Stack>
  );
}
