/** Two evaluations side by side: how each measure stands in either, and what became of every case. */
import { Anchor, Group, NativeSelect, Stack, Table, Text, Title } from "@mantine/core";
import { type ReactNode, useState } from "react";
import type { Schemas } from "../api/client";
import { useEvaluation, useRecording } from "../api/queries";
import { Listed } from "../parts/Listed";
import { Empty, Found, Page } from "../parts/Page";
import { Abreast } from "../parts/ReplayDiff";
import { SHARES, Span } from "../parts/Span";
import { intervalOf, shareInterval, StandingSpan } from "../parts/Standings";
import { useSome } from "../parts/some";
import { to } from "../place";
import { figure, percent, said, usd, when } from "../words";

type Evaluated = Schemas["EvaluationSaid"];
type Result = Schemas["CaseResult"];
type AskedCase = Schemas["AskedCase"];
type Came = "first" | "second" | "neither" | "both" | "apart";

const CAME: { came: Came; title: string; tone: string }[] = [
  { came: "first", title: "Only the first passed", tone: "bad" },
  { came: "second", title: "Only the second passed", tone: "good" },
  { came: "neither", title: "Neither passed", tone: "warn" },
  { came: "both", title: "Both passed", tone: "quiet" },
  { came: "apart", title: "In one of them only", tone: "quiet" },
];

export default function Beside({ one, other }: { one: string; other: string }) {
  const first = useEvaluation(one);
  const second = useEvaluation(other);
  return (
    <Page title="Two evaluations side by side">
      <Found query={first}>{(before) => <Found query={second}>{(after) => <Shown key={`${one} ${other}`} first={before} second={after} />}</Found>}</Found>
    </Page>
  );
}

function Shown({ first, second }: { first: Evaluated; second: Evaluated }) {
  const [one, other] = [first.evaluation, second.evaluation];
  return (
    <>
      <div className="card">
        <Heads first={first} second={second} />
      </div>
      {differences(one, other).map((each) => (
        <div key={each} className="note" data-tone="warn">{each}</div>
      ))}
      <Measures first={first} second={second} />
      <Tags first={first} second={second} />
      <Text size="sm" c="dimmed">
        Each interval speaks of one evaluation by itself, so two that overlap may still differ.{" "}
        {one.feature === other.feature && (
          <>
            Whether a change broke something, <Anchor inherit href={to(["gates"], { feature: one.feature, against: one.release })}>a gate</Anchor> decides.
          </>
        )}
      </Text>
      <Cases first={first} second={second} />
    </>
  );
}

function Heads({ first, second }: { first: Evaluated; second: Evaluated }) {
  const head = (name: string, { evaluation }: Evaluated): ReactNode => (
    <section aria-label={name}>
      <Title order={2}>{name}</Title>
      <Text size="sm">
        <Anchor inherit href={to(["evaluations", evaluation.id])}>{evaluation.feature}, {when(evaluation.started_at)}</Anchor>
      </Text>
      <Text size="sm">
        {said(evaluation.failed)} of {said(evaluation.done)} did not pass · {usd(evaluation.spent_usd)}
      </Text>
      <Text size="sm" className="mono">{evaluation.release}</Text>
    </section>
  );
  return (
    <Stack gap="sm">
      <div className="sides">
        {head("First", first)}
        {head("Second", second)}
      </div>
      <Anchor size="sm" href={to(["evaluations", second.evaluation.id, "beside", first.evaluation.id])}>The other way round</Anchor>
    </Stack>
  );
}

/** Why what differs may be due to something else than the release. */
function differences(one: Schemas["Evaluation"], other: Schemas["Evaluation"]): string[] {
  if (one.feature !== other.feature) return ["They are of two features: cases of one name have nothing to do with each other."];
  const pins = (each: Schemas["Evaluation"]) => Object.entries(each.pins).sort().map((pin) => pin.join(" ")).join(", ");
  const found = [];
  if (one.scoring_hash !== other.scoring_hash) found.push("They were scored otherwise: the scorers or the bar changed, so scores do not compare.");
  if (one.code_hash !== other.code_hash) found.push("The feature's code changed in between.");
  if (pins(one) !== pins(other)) found.push(`The corpora differ: ${pins(one) || "none"}; then ${pins(other) || "none"}.`);
  if (one.finished_at === null || other.finished_at === null) found.push("One of them is not finished: not every case has a result.");
  return found;
}

function Measures({ first, second }: { first: Evaluated; second: Evaluated }) {
  const [mine, theirs] = [first, second].map(({ evaluation }) => new Map(evaluation.standings.map((each) => [each.name, each])));
  const names = [...new Set([...(mine?.keys() ?? []), ...(theirs?.keys() ?? [])])];
  if (names.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2}>Measures</Title>
      <Listed label="Measures" heads={["Measure", "First", "Second", "The first above the second"]}>
        {names.map((name) => {
          const [one, other] = [mine?.get(name), theirs?.get(name)];
          const both = [one, other].filter((each) => each !== undefined);
          return (
            <Table.Tr key={name}>
              <Table.Td>{name}</Table.Td>
              <Table.Td>{one ? standingSaid(one) : "not measured"}</Table.Td>
              <Table.Td>{other ? standingSaid(other) : "not measured"}</Table.Td>
              <Table.Td>
                {one && one.estimate !== null && <StandingSpan standing={one} beside={both} tone="quiet" />}
                {other && other.estimate !== null && <StandingSpan standing={other} beside={both} />}
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Listed>
    </Stack>
  );
}

function standingSaid(standing: Schemas["Standing"]): string {
  const interval = intervalOf(standing);
  return interval ? `${figure(standing.estimate)} (${interval})` : figure(standing.estimate);
}

function Tags({ first, second }: { first: Evaluated; second: Evaluated }) {
  const [mine, theirs] = [first, second].map(({ passing }) => new Map(passing.map((each) => [each.tag, each.passed])));
  const tags = [...new Set([...(mine?.keys() ?? []), ...(theirs?.keys() ?? [])])];
  if (tags.length === 0) return null;
  const share = (found: Schemas["Interval"] | undefined) => (found ? `${percent(found.estimate)} (${shareInterval(found)})` : "no case");
  return (
    <Stack gap="xs">
      <Title order={2}>Slices</Title>
      <Listed label="Slices" heads={["Tag", "First passed", "Second passed", "The first above the second"]}>
        {tags.map((tag) => {
          const [one, other] = [mine?.get(tag), theirs?.get(tag)];
          return (
            <Table.Tr key={tag ?? ""}>
              <Table.Td>{tag ?? <strong>all cases</strong>}</Table.Td>
              <Table.Td>{share(one)}</Table.Td>
              <Table.Td>{share(other)}</Table.Td>
              <Table.Td>
                {one && <Span scale={SHARES} {...one} tone="quiet" />}
                {other && <Span scale={SHARES} {...other} />}
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Listed>
    </Stack>
  );
}

/** A case of either evaluation with its results in both. */
interface Pair {
  id: string;
  about: AskedCase | undefined;
  /** Both have the case, with different inputs. */
  reworded: boolean;
  first: Result[];
  second: Result[];
  came: Came;
}

function pairsOf(first: Evaluated, second: Evaluated): Pair[] {
  const asked = [first, second].map(({ cases }) => new Map(cases.map((each) => [each.id, each])));
  const results = [first, second].map((each) => byCase(each.results));
  const ids = [...new Set([...(asked[0]?.keys() ?? []), ...(asked[1]?.keys() ?? [])])];
  return ids.map((id) => {
    const [one, other] = [asked[0]?.get(id), asked[1]?.get(id)];
    const [before, after] = [results[0]?.get(id) ?? [], results[1]?.get(id) ?? []];
    return { id, about: other ?? one, reworded: one !== undefined && other !== undefined && one.input_hash !== other.input_hash, first: before, second: after, came: cameOf(before, after) };
  });
}

function byCase(results: Result[]): Map<string, Result[]> {
  const found = new Map<string, Result[]>();
  for (const each of results) found.set(each.case, [...(found.get(each.case) ?? []), each]);
  return found;
}

const passed = (results: Result[]): boolean => results.every((each) => each.wrong.length === 0);

function cameOf(first: Result[], second: Result[]): Came {
  if (first.length === 0 || second.length === 0) return "apart";
  if (passed(first)) return passed(second) ? "both" : "first";
  return passed(second) ? "second" : "neither";
}

function Cases({ first, second }: { first: Evaluated; second: Evaluated }) {
  const [tag, setTag] = useState("");
  const pairs = pairsOf(first, second);
  const tags = [...new Set(pairs.flatMap(({ about }) => about?.tags ?? []))].sort();
  const ofTag = pairs.filter(({ about }) => tag === "" || about?.tags.includes(tag));
  return (
    <Stack gap="lg" component="section" aria-label="Case by case">
      <Group justify="space-between" align="end">
        <Title order={2}>Case by case</Title>
        {tags.length > 0 && (
          <NativeSelect label="Only the cases tagged" data={[{ value: "", label: "all tags" }, ...tags]} value={tag} onChange={(event) => setTag(event.currentTarget.value)} />
        )}
      </Group>
      {pairs.length === 0 && <Empty>Neither has a case.</Empty>}
      {CAME.map((kind) => (
        <Kind key={kind.came} {...kind} pairs={ofTag.filter(({ came }) => came === kind.came)} />
      ))}
    </Stack>
  );
}

function Kind({ came, title, tone, pairs }: { came: Came; title: string; tone: string; pairs: Pair[] }) {
  const [shown, rest] = useSome(pairs, "cases");
  if (pairs.length === 0) return null;
  return (
    <Stack gap="xs" component="section" aria-labelledby={came}>
      <Title order={3} id={came}>
        {title} <span className="pill" data-tone={tone}>{said(pairs.length)}</span>
      </Title>
      {shown.map((pair) => (
        <PairShown key={pair.id} pair={pair} />
      ))}
      {rest}
    </Stack>
  );
}

function PairShown({ pair }: { pair: Pair }) {
  const [open, setOpen] = useState(false);
  const { about, first, second } = pair;
  return (
    <details className="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{pair.id}</strong> {about?.must_pass && <span className="pill" data-tone="warn">must pass</span>}{" "}
        {about?.tags.map((tag) => (
          <span key={tag} className="pill">{tag}</span>
        ))}
        <Text span size="sm" c="dimmed" style={{ display: "block", overflowWrap: "anywhere" }}>{about?.asked}</Text>
      </summary>
      {open && (
        <Stack gap="sm" mt="sm">
          {pair.reworded && <div className="note" data-tone="warn">The case asks something else in the second evaluation.</div>}
          <div className="sides">
            <SideSaid name="First" results={first} />
            <SideSaid name="Second" results={second} />
          </div>
          <Outputs first={shownOf(first)} second={shownOf(second)} />
        </Stack>
      )}
    </details>
  );
}

/** Of several answers the one to look at: the first that did not pass. */
const shownOf = (results: Result[]): Result | undefined => results.find((each) => each.wrong.length > 0) ?? results[0];

function SideSaid({ name, results }: { name: string; results: Result[] }) {
  const good = results.filter((each) => each.wrong.length === 0).length;
  const wrong = shownOf(results)?.wrong ?? [];
  return (
    <Text size="sm" component="div">
      <strong>{name}:</strong> {results.length === 0 ? "no result" : results.length > 1 ? `${said(good)} of ${said(results.length)} answers passed` : good === 1 ? "passed" : "did not pass"}
      {wrong.length > 0 && (
        <ul className="reasons">
          {wrong.map((each) => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      )}
    </Text>
  );
}

function Outputs({ first, second }: { first: Result | undefined; second: Result | undefined }) {
  const before = useRecording(first?.recording ?? "");
  const after = useRecording(second?.recording ?? "");
  const link = (result: Result | undefined, label: string) => result && <Anchor size="sm" href={to(["recordings", result.recording])}>{label}</Anchor>;
  return (
    <>
      <Group gap="md">
        {link(first, "The first one's recording")}
        {link(second, "The second one's recording")}
      </Group>
      {first && second && (
        <Found query={before}>{(one) => <Found query={after}>{(other) => <Abreast before={one} after={other} titles={["First", "Second"]} of={first.case} />}</Found>}</Found>
      )}
    </>
  );
}
