/** The way an answer comes about, part by part, with what the recording says of each and where it most likely broke. */
import { Stack, Text, Title } from "@mantine/core";
import type { Schemas } from "../api/client";
import { Told } from "./Told";
import { type Diagnosis, worded } from "./verdictWords";

type Fact = Schemas["Fact"];
type Part = Diagnosis["parts"][number];

interface Stop {
  name: string;
  /** Facts that speak of it, by name. */
  facts: string[];
  /** Verdicts that place the fault here. */
  parts: Part[];
}

const STOPS: Stop[] = [
  { name: "Corpus", facts: ["gold_in_corpus", "sources_conflict", "corpus_changed"], parts: ["data"] },
  { name: "Candidates of the search", facts: ["gold_withheld", "gold_in_candidates", "search_changed"], parts: ["retrieval"] },
  { name: "Passages in the context", facts: ["gold_in_context", "crowded"], parts: ["ranking", "context_noise"] },
  { name: "Prompt", facts: ["gold_in_prompt", "prompt_incomplete", "prompt_changed"], parts: ["prompt"] },
  { name: "Model", facts: ["provider_failed", "provider_not_set_up", "model_changed"], parts: ["provider", "model"] },
  { name: "Guard", facts: ["guard_acted", "guard_changed"], parts: ["guard"] },
  { name: "What judges the answer", facts: ["labels_conflict", "said_in_words", "never_passed", "verifier_unstable"], parts: ["task", "verifier"] },
];
/** Facts that are well when they hold; every other one is well when it does not. */
const GOOD = /^gold_in_/;
const CHANGE = /_changed$/;
/** What is said of a fact that comes without words, where it is not well. */
const UNSAID: Record<string, string> = { crowded: "many passages were given" };

interface State {
  tone: "good" | "warn" | "bad" | "quiet";
  word: string;
}

export function AnswerPath({ diagnosis: { facts, parts, verdict } }: { diagnosis: Diagnosis }) {
  if (facts.length === 0) return null;
  const known = new Set(STOPS.flatMap((each) => each.facts));
  const other = facts.filter(({ name }) => !known.has(name));
  const stops = other.length > 0 ? [...STOPS, { name: "Other", facts: other.map(({ name }) => name), parts: [] }] : STOPS;
  const named: string[] = verdict === "unknown" ? [] : [verdict, ...parts];
  return (
    <Stack gap="xs" component="section" aria-labelledby="path">
      <Title order={2} id="path">
        How the answer came about
      </Title>
      <div className="card">
        <ol className="plain stations">
          {stops.map((stop) => (
            <StopShown key={stop.name} stop={stop} facts={facts.filter(({ name }) => stop.facts.includes(name))} likely={stop.parts.filter((each) => named.includes(each))} />
          ))}
        </ol>
      </div>
      <Text size="sm" c="dimmed">
        Read from the recording and the corpora, without asking a model.
      </Text>
    </Stack>
  );
}

function StopShown({ stop, facts, likely }: { stop: Stop; facts: Fact[]; likely: Part[] }) {
  if (facts.length === 0 && likely.length === 0) return null;
  const { tone, word } = likely.length > 0 ? { tone: "bad", word: `most likely here: ${likely.map(worded).join(" and ")}` } : stateOf(facts);
  return (
    <li data-tone={tone}>
      <div>
        <strong>{stop.name}</strong>{" "}
        <span className="pill" data-tone={tone}>
          {word}
        </span>
      </div>
      {facts.filter(hasWords).map((fact) => (
        <Text key={fact.name} size="sm" style={{ overflowWrap: "anywhere" }}>
          <Told text={fact.said || (UNSAID[fact.name] ?? worded(fact.name))} />
        </Text>
      ))}
    </li>
  );
}

const isWell = ({ name, holds }: Fact): boolean | null => (holds === null ? null : GOOD.test(name) ? holds : !holds);

/** A fact without words that is well goes without saying. */
const hasWords = (fact: Fact): boolean => fact.said !== "" || isWell(fact) === false;

function stateOf(facts: Fact[]): State {
  const unwell = facts.filter((each) => isWell(each) === false);
  if (unwell.some(({ name }) => !CHANGE.test(name))) return { tone: "warn", word: "not as it should be" };
  if (unwell.length > 0) return { tone: "warn", word: "changed since it went well" };
  return facts.some((each) => isWell(each)) ? { tone: "good", word: "as it should be" } : { tone: "quiet", word: "cannot be told" };
}
