/** Why a search gave a document or did not: its way from the source to the prompt, and what would bring it in. */
import { Anchor, Button, Group, NativeSelect, Stack, Text, TextInput, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Schemas } from "../api/client";
import { useCorpora, useWhy, type WhyAsked } from "../api/queries";
import { DocumentLink } from "../parts/Findings";
import { Empty, Found, Page } from "../parts/Page";
import { Value } from "../parts/Value";
import { go, to } from "../place";
import { said } from "../words";

type Walk = Schemas["Walk"];
type Station = Schemas["Station"];

const FATES: Record<Station["fate"], { word: string; tone: string }> = {
  passed: { word: "passed", tone: "good" },
  missed: { word: "missed here", tone: "warn" },
  fell_out: { word: "fell out", tone: "bad" },
  not_asked: { word: "not asked", tone: "quiet" },
  not_reached: { word: "not reached", tone: "quiet" },
};
const NAMES: Record<Station["name"], string> = {
  source: "Source",
  cleaning: "Cleaning",
  chunks: "Chunks",
  permissions: "Who may see it",
  filters: "Filters",
  lexical: "Search by words",
  meaning: "Search by meaning",
  expansion: "Expansion",
  fusion: "Both together",
  collapse: "Collapse of what is alike",
  cut: "Cut after the best",
  confidence: "Confidence",
  reranker: "Reranker",
  prompt: "Prompt",
};

export default function Why({ query }: { query: URLSearchParams }) {
  const given = (name: string): string => query.get(name) ?? "";
  const asked: WhyAsked = { corpus: given("corpus"), document: given("document"), query: given("query"), recording: given("recording"), version: given("version") };
  const walk = useWhy(asked);
  const complete = asked.corpus !== "" && asked.document !== "" && (asked.query !== "" || asked.recording !== "");
  return (
    <Page title="Why a search found a document or did not">
      <Ask asked={asked} />
      {complete ? <Found query={walk}>{(found) => <Shown walk={found} />}</Found> : <Empty>Name a document and what was asked: its way through the search stands here then, station by station.</Empty>}
    </Page>
  );
}

function Ask({ asked }: { asked: WhyAsked }) {
  const names = useCorpora().data?.corpora.map(({ name }) => name) ?? (asked.corpus ? [asked.corpus] : []);
  const [corpus, setCorpus] = useState(asked.corpus);
  const [document, setDocument] = useState(asked.document);
  const [query, setQuery] = useState(asked.query);
  const chosen = corpus || names[0] || "";
  const same = chosen === asked.corpus && query.trim() === asked.query;
  const ask = (event: FormEvent) => {
    event.preventDefault();
    // What a recording asked is asked only as long as nobody asks something else.
    const kept = same ? { recording: asked.recording, version: asked.version } : {};
    go(to(["why"], { corpus: chosen, document: document.trim(), query: query.trim(), ...kept }));
  };
  return (
    <form className="card" onSubmit={ask}>
      <Stack gap="sm">
        <TextInput label="What was asked" value={query} onChange={(event) => setQuery(event.currentTarget.value)} maxLength={4000} required={!asked.recording} />
        <Group align="end">
          <NativeSelect label="Corpus" data={names} value={chosen} onChange={(event) => setCorpus(event.currentTarget.value)} />
          <TextInput label="Id of the document" value={document} onChange={(event) => setDocument(event.currentTarget.value)} maxLength={2000} required style={{ flexGrow: 1 }} miw={0} />
          <Button type="submit">Ask why</Button>
        </Group>
        {asked.recording && same && (
          <Text size="sm">
            As <Anchor inherit href={to(["recordings", asked.recording])}>this recording</Anchor> asked it{asked.version && `, in ${asked.version}`}.
          </Text>
        )}
      </Stack>
    </form>
  );
}

function Shown({ walk }: { walk: Walk }) {
  const { rank, k, fell_out_at, stations } = walk;
  const helps = stations.flatMap(({ would_help }) => would_help);
  return (
    <>
      <div className="note" data-tone={rank === null ? "bad" : undefined} role="status">
        {rank === null ? `It is not among the ${said(k)} passages` : `It is found: its best passage is number ${said(rank)} of at most ${said(k)}`}
        {fell_out_at !== null && `; it fell out at “${NAMES[fell_out_at]}”`}.{" "}
        <DocumentLink id={walk.document} corpus={walk.corpus} version={walk.version} />
      </div>
      {helps.length > 0 && (
        <Stack gap="xs" component="section" aria-labelledby="help">
          <Title order={2} id="help">
            What would bring it in
          </Title>
          <div className="card">
            <ul className="plain stacked">
              {helps.map((each, at) => (
                <li key={at}>
                  <span className="pill" data-tone={each.verified ? "good" : "quiet"}>{each.verified ? (each.rank === null ? "tried" : `tried: number ${said(each.rank)}`) : "not tried"}</span>{" "}
                  {each.what}
                  {each.note && <Text span size="sm" c="dimmed"> ({each.note})</Text>}
                  {Object.keys(each.changes).length > 0 && <Settings changes={each.changes} />}
                </li>
              ))}
            </ul>
          </div>
        </Stack>
      )}
      <Stack gap="xs">
        <Title order={2}>Station by station</Title>
        <div className="card">
          <ol className="plain stations">
            {stations.map((station) => (
              <StationShown key={station.name} station={station} />
            ))}
          </ol>
        </div>
      </Stack>
    </>
  );
}

function Settings({ changes }: { changes: Walk["stations"][number]["would_help"][number]["changes"] }) {
  return <div className="mono">{Object.entries(changes).map(([name, value]) => `${name} = ${JSON.stringify(value)}`).join(", ")}</div>;
}

function StationShown({ station: { name, fate, said: told, measured } }: { station: Station }) {
  const { word, tone } = FATES[fate];
  const quiet = fate === "not_reached" || fate === "not_asked";
  return (
    <li data-tone={tone}>
      <div>
        <strong>{NAMES[name]}</strong> <span className="pill" data-tone={tone}>{word}</span>
      </div>
      {(!quiet || told !== "not reached") && <Text size="sm" style={{ overflowWrap: "anywhere" }}>{told}</Text>}
      {Object.keys(measured).length > 0 && (
        <details>
          <summary>
            <Text span size="sm">Measured<span className="hidden"> at {NAMES[name]}</span></Text>
          </summary>
          <Value value={measured} />
        </details>
      )}
    </li>
  );
}
