/** One diagnosis: the verdict and how sure it is, the fixes, and everything that it rests on. */
import { Anchor, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import { useDiagnosis, useOffers } from "../api/queries";
import { to } from "../place";
import { likelihood, many, percent, usd, when } from "../words";
import { AnswerPath } from "./AnswerPath";
import { Chances } from "./Chances";
import { ConfusionTable } from "./Confusions";
import { Decide } from "./Decide";
import { Fixes } from "./Fixes";
import { GoldPassages } from "./GoldPassages";
import { MakeCase } from "./MakeCase";
import { Facts, Found, Page } from "./Page";
import { Told } from "./Told";
import { TriedPlot } from "./TriedPlot";
import { begun, type Diagnosis, sentence, VERDICTS, verdictOf, worded } from "./verdictWords";

const UNKNOWN: Diagnosis["verdict"] = "unknown";
const LEAST_SHOWN = 0.005;

export default function DiagnosisShown({ id }: { id: string }) {
  const query = useDiagnosis(id);
  return (
    <Page title={query.data ? `Diagnosis of an answer of ${query.data.feature}` : "Diagnosis"}>
      <Found query={query}>{(found) => <Shown diagnosis={found} />}</Found>
    </Page>
  );
}

function Shown({ diagnosis }: { diagnosis: Diagnosis }) {
  const offers = useOffers();
  return (
    <>
      <Headline diagnosis={diagnosis} />
      <Fixes diagnosis={diagnosis} />
      {diagnosis.readings.length > 0 && <Decide diagnosis={diagnosis} />}
      <AnswerPath diagnosis={diagnosis} />
      <TriedPlot diagnosis={diagnosis} />
      <GoldPassages diagnosis={diagnosis} />
      <Judged diagnosis={diagnosis} />
      {offers?.makeCase && (
        <Part title="Make it a case">
          <MakeCase recordingId={diagnosis.recording} />
        </Part>
      )}
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <Title order={2}>{title}</Title>
      <div className="card">{children}</div>
    </Stack>
  );
}

/** What follows the bracket of the line that says the verdict: its meaning. */
const meaning = (line: string): string => line.slice(line.indexOf("): ") + 3);

function Headline({ diagnosis }: { diagnosis: Diagnosis }) {
  const { verdict, probability, said, stopped, sure_at } = diagnosis;
  return (
    <section className="card" aria-label="Verdict">
      <Stack gap="md">
        <div>
          <span className="pill ruling" data-tone={verdict === "unknown" ? "quiet" : "warn"}>
            {begun(verdictOf(diagnosis))}
            {verdict !== "unknown" && `, ${likelihood(probability)}`}
          </span>
        </div>
        <Text>{sentence(meaning(said))}</Text>
        <Likelihoods diagnosis={diagnosis} />
        <Text size="sm" c="dimmed">
          The dashed line is {percent(sure_at)}, from which on a verdict is given. With other parts replaced it may pass as well: every change that was seen to
          suffice stands below.
        </Text>
        {stopped && <div className="note" data-tone="warn">{sentence(`stopped: ${stopped}`)}</div>}
        <NextTest diagnosis={diagnosis} />
        <Facts
          facts={[
            ["Recording", <Anchor key="r" inherit href={to(["recordings", diagnosis.recording])} style={{ overflowWrap: "anywhere" }}>The answer that is not good</Anchor>],
            ["Feature", <Anchor key="f" inherit href={to(["features", diagnosis.feature])}>{diagnosis.feature}</Anchor>],
            ["Started", when(diagnosis.started_at)],
            ["Calls of models", many(diagnosis.calls, "call")],
            ["Cost", usd(diagnosis.spent_usd)],
            ["Diagnosis", <span key="i" className="mono">{diagnosis.id}</span>],
          ]}
        />
        <InSentences diagnosis={diagnosis} />
      </Stack>
    </section>
  );
}

function Likelihoods({ diagnosis: { probabilities, parts, verdict, sure_at } }: { diagnosis: Diagnosis }) {
  const order = (name: string): number => (VERDICTS as string[]).indexOf(name);
  const shown = Object.entries(probabilities)
    .filter(([, chance]) => chance >= LEAST_SHOWN)
    .sort(([one, a], [other, b]) => b - a || order(one) - order(other));
  if (shown.length === 0) return null;
  const left = 1 - shown.reduce((sum, [, chance]) => sum + chance, 0);
  return (
    <>
      <Chances
        label="How likely each part is"
        mark={sure_at}
        chances={shown.map(([name, chance]) => ({
          name: begun(worded(name)),
          share: chance,
          said: likelihood(chance),
          chosen: name === verdict || (parts as string[]).includes(name),
        }))}
      />
      {left >= LEAST_SHOWN && <Text size="sm">Every other one together: {likelihood(left)}</Text>}
    </>
  );
}

function NextTest({ diagnosis: { next_test, recording } }: { diagnosis: Diagnosis }) {
  if (next_test === null) return null;
  const price = next_test.calls > 0 ? ` (${many(next_test.calls, "call")}, ${usd(next_test.cost_usd)})` : "";
  return (
    <div className="note" data-tone="warn">
      <strong>What would tell most:</strong> {next_test.said}
      {price}. Go on from <a href={to(["recordings", recording])}>the recording</a>: correct it, or have it found out again with more calls.
    </div>
  );
}

function InSentences({ diagnosis: { because, known } }: { diagnosis: Diagnosis }) {
  const list = (title: string, sentences: string[]) =>
    sentences.length > 0 && (
      <details>
        <summary>{title}</summary>
        <ul className="reasons">
          {sentences.map((each, at) => (
            <li key={at} style={{ overflowWrap: "anywhere" }}><Told text={each} /></li>
          ))}
        </ul>
      </details>
    );
  return (
    <div>
      {list("What it rests on, in sentences", because)}
      {list("Known beforehand", known)}
    </div>
  );
}

function Judged({ diagnosis: { verifier, planted, verdict } }: { diagnosis: Diagnosis }) {
  const mine = planted.filter((each) => each.said === verdict);
  const total = (counted: typeof mine): number => counted.reduce((sum, { count }) => sum + count, 0);
  const right = total(mine.filter((each) => each.planted === each.said));
  return (
    <Stack gap="xs" component="section" aria-label="Who judged">
      <Title order={2}>Who judged</Title>
      <div className="card">
        <Text>
          <Told text={`judged by ${verifier.name}`} /> Of good answers {percent(verifier.sensitivity)} are found good, and of bad ones {percent(verifier.specificity)} bad:{" "}
          {verifier.measured_on > 0 ? `measured on ${many(verifier.measured_on, "label")}` : "assumed, since nothing measured it"}. The probabilities take that
          into account.
        </Text>
        {mine.length > 0 && (
          <Text mt="xs">
            Of faults that were planted in this feature, “{worded(verdict)}” was said of {many(total(mine), "fault")}, and was right of {right}.
          </Text>
        )}
      </div>
      {planted.length > 0 && (
        <ConfusionTable
          label="What was said of planted faults"
          heads="planted ↓ said →"
          rows={[...new Set(planted.map((each) => worded(each.planted)))].sort()}
          undecided={UNKNOWN}
          confusions={planted.map((each) => ({ expected: worded(each.planted), got: worded(each.said), count: each.count }))}
        >
          Faults planted in this feature's own good answers: what was planted (rows), and what was said of it (columns)
        </ConfusionTable>
      )}
    </Stack>
  );
}
