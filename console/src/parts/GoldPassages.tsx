/** The passages that answer the question, how it is known that they do, and the way to each. */
import { Anchor, Stack, Text, Title } from "@mantine/core";
import type { Schemas } from "../api/client";
import { useOffers, useRecording } from "../api/queries";
import { to } from "../place";
import { many } from "../words";
import { DocumentLink } from "./Findings";
import { plainQuote } from "./passage";
import type { Diagnosis } from "./verdictWords";

type Passage = Schemas["Passage"];
const GRADES: Record<Diagnosis["grade"], string> = {
  labelled: "The case names the documents that answer.",
  corrected: "Found by what a person says a good answer is: a correction, or the answer a case expects. That is less sure than a label.",
  searched: "Found by a wide search for the facts that were expected. That is less sure than a label.",
  later_answer: "A later good answer to the same request cites them. That is the least sure way to know.",
  none: "",
};
/** The document of a passage that no corpus has. */
const EXPECTED = "(expected)";
const LONG = 600;

export function GoldPassages({ diagnosis: { gold, grade, recording } }: { diagnosis: Diagnosis }) {
  if (gold.length === 0 || grade === "none") return null;
  return (
    <Stack gap="xs" component="section" aria-labelledby="gold">
      <Title order={2} id="gold">
        {gold.every(({ document }) => document === EXPECTED) ? "What a document would have to say" : "Passages that answer"}
      </Title>
      <div className="card">
        <Stack gap="sm">
          <Text size="sm">{GRADES[grade]}</Text>
          <PassageList passages={gold} recordingId={recording} label={many(gold.length, "passage that answers", "passages that answer")} />
        </Stack>
      </div>
    </Stack>
  );
}

export function PassageList({ passages, recordingId, label }: { passages: Passage[]; recordingId: string; label: string }) {
  return (
    <ul className="plain stacked" aria-label={label}>
      {passages.map((each, at) => (
        <li key={`${each.chunk}-${at}`}>
          <PassageShown passage={each} recordingId={recordingId} />
        </li>
      ))}
    </ul>
  );
}

function PassageShown({ passage, recordingId }: { passage: Passage; recordingId: string }) {
  const place = usePlaceOf(passage, recordingId);
  const offers = useOffers();
  const { document, title, text } = passage;
  if (document === EXPECTED) return <Quoted text={text} by="No document says it. What was expected:" />;
  return (
    <>
      {place ? <DocumentLink id={document} title={title} {...place} /> : <strong>{title || document}</strong>}{" "}
      <Text span size="sm" c="dimmed" style={{ overflowWrap: "anywhere" }}>
        {title && document}
        {place && offers?.why && (
          <>
            {title && " · "}
            <Anchor inherit href={to(["why"], { ...place, document, recording: recordingId })}>
              its way through the search
            </Anchor>
          </>
        )}
      </Text>
      <Quoted text={text} />
    </>
  );
}

function Quoted({ text, by }: { text: string; by?: string }) {
  const quote = plainQuote(text);
  return (
    <>
      {by && <Text size="sm">{by}</Text>}
      {quote.length <= LONG ? (
        <blockquote className="text">{quote}</blockquote>
      ) : (
        <details>
          <summary>{quote.slice(0, 120).trimEnd()}…</summary>
          <blockquote className="text">{quote}</blockquote>
        </details>
      )}
    </>
  );
}

/** The corpus version that the recording searched for it: the one that found its document, else the only one there is. */
function usePlaceOf(passage: Passage, recordingId: string): { corpus: string; version: string } | null {
  const steps = useRecording(recordingId).data?.steps ?? [];
  const searched = new Map<string, boolean>();
  for (const { effect, result } of steps) {
    if (effect.kind !== "retrieve") continue;
    const found = result.kind === "retrieved" && result.passages.some(({ document }) => document === passage.document);
    searched.set(effect.corpus, found || (searched.get(effect.corpus) ?? false));
  }
  const found = [...searched].find(([, has]) => has)?.[0];
  const place = found ?? (searched.size === 1 ? [...searched.keys()][0] : undefined);
  const [corpus, version] = place?.split("@") ?? [];
  return corpus && version ? { corpus, version } : null;
}
