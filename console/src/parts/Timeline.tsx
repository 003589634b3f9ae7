/** The steps of a recording on one line of time, each with its attempts and its bodies. */
import { Button, Group, Stack, Table, Text, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import type { Schemas } from "../api/client";
import { useOffers } from "../api/queries";
import { go, to } from "../place";
import { many, ms, said, usd } from "../words";
import { OpenDocument } from "./OpenDocument";
import { Body, Value } from "./Value";

type Step = Schemas["Step"];

export function Timeline({ recording }: { recording: Schemas["Recording"] }) {
  if (recording.steps.length === 0) return <Text>The feature touched nothing outside itself.</Text>;
  const begun = Date.parse(recording.started_at);
  const starts = recording.steps.map((step) => Date.parse(step.started_at) - begun);
  const whole = Math.max(recording.ms, ...recording.steps.map((step, at) => (starts[at] ?? 0) + step.ms), 1);
  return (
    <div>
      {recording.steps.map((step, at) => (
        <StepShown key={`${step.key}-${at}`} recordingId={recording.id} step={step} number={at + 1} from={Math.max(starts[at] ?? 0, 0) / whole} share={step.ms / whole} />
      ))}
    </div>
  );
}

interface StepProps {
  recordingId: string;
  step: Step;
  number: number;
  /** When it began and how long it took, as parts of the whole. */
  from: number;
  share: number;
}

function StepShown({ recordingId, step, number, from, share }: StepProps) {
  return (
    <details className="step">
      <summary>
        <strong>{step.effect.kind}</strong>
        <span style={{ overflowWrap: "anywhere" }}>
          {about(step)} {step.replayed && <span className="pill">remembered</span>}
          {step.turn > 0 && <span className="pill">pass {step.turn + 1}</span>}
        </span>
        <span className="number">{ms(step.ms)}</span>
        <span className="lane" data-replayed={step.replayed || undefined}>
          <span style={{ marginLeft: `${Math.min(from, 1) * 100}%`, width: `${Math.min(share, 1 - Math.min(from, 1)) * 100}%` }} />
        </span>
      </summary>
      <Stack gap="sm" mt="sm">
        <Readable step={step} />
        {step.effect.kind === "retrieve" && <WhyNot recordingId={recordingId} number={number} corpus={step.effect.corpus} query={step.effect.query} />}
        {step.attempts.length > 0 && <Attempts attempts={step.attempts} label={`Attempts of step ${number}`} />}
        <details>
          <summary>Effect and result, whole</summary>
          <Stack gap="xs" mt="xs">
            <Body value={step.effect} label={`Effect of step ${number}`} />
            <Body value={step.result} label={`Result of step ${number}`} />
          </Stack>
        </details>
      </Stack>
    </details>
  );
}

/** How likely it is that what was found answers, where that is known. */
function sure(confidence: number | null | undefined): string {
  return confidence == null ? "" : `, confidence ${confidence.toFixed(2)}`;
}

/** What a step asked and got, in a line. */
function about({ effect, result }: Step): ReactNode {
  if (result.kind === "failed") return `${result.code}: ${result.message}`;
  if (result.kind === "cancelled") return "cancelled";
  switch (effect.kind) {
    case "retrieve":
      return `${effect.corpus}: ${result.kind === "retrieved" ? many(result.passages.length, "passage") + sure(result.confidence) : ""}`;
    case "generate":
      return `${effect.slot}: ${result.kind === "generated" ? result.model : ""}`;
    case "check":
      return `${effect.guard}: ${result.kind === "checked" ? verdict(result.verdict) : ""}`;
    case "call":
      return effect.name;
    case "embed":
      return `${many(effect.texts.length, "text")} with ${effect.encoder}`;
    case "rerank":
      return `${many(effect.texts.length, "text")} with ${effect.reranker}`;
    case "clock":
      return result.kind === "told" ? result.at : "";
    case "chance":
      return result.kind === "drawn" ? `seed ${result.seed}` : "";
  }
}

function verdict(it: Schemas["Verdict"]): string {
  const score = it.score === null ? "" : `, score ${it.score.toFixed(2)}`;
  return `${it.passed ? "passed" : "did not pass"}${score}${it.reason ? `: ${it.reason}` : ""}`;
}

function Readable({ step: { effect, result } }: { step: Step }) {
  return (
    <>
      {effect.kind === "retrieve" && <Labelled label="Query">{effect.query.trim()}</Labelled>}
      {effect.kind === "generate" &&
        effect.messages.map((message, at) => (
          <Labelled key={at} label={`Message ${at + 1}, ${message.role}`}>
            {message.text}
          </Labelled>
        ))}
      {effect.kind === "check" && <Labelled label="Text that was judged">{effect.text}</Labelled>}
      {effect.kind === "call" && <Labelled label="Arguments"><Value value={effect.arguments} /></Labelled>}
      {result.kind === "retrieved" && effect.kind === "retrieve" && <Passages corpus={effect.corpus} passages={result.passages} />}
      {result.kind === "generated" && <Labelled label={`Answer of ${result.model}`}>{result.text}</Labelled>}
      {result.kind === "generated" && result.tool_calls.length > 0 && <Labelled label="Tool calls"><Value value={result.tool_calls} /></Labelled>}
      {result.kind === "called" && <Labelled label="Value"><Value value={result.value} /></Labelled>}
      {result.kind === "failed" && <Labelled label="Failure">{`${result.code}: ${result.message}. ${result.fix}`}</Labelled>}
    </>
  );
}

function Labelled({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div>
      <Text size="sm" c="dimmed" fw={600}>
        {label}
      </Text>
      <div className="text">{children}</div>
    </div>
  );
}

function Passages({ corpus, passages }: { corpus: string; passages: Schemas["Passage"][] }) {
  const [name = "", version = ""] = corpus.split("@");
  if (passages.length === 0) return <Text>Nothing was found.</Text>;
  return (
    <ol style={{ margin: 0, paddingLeft: "1.4rem" }}>
      {passages.map((passage) => (
        <li key={passage.chunk} style={{ marginBottom: "0.6rem" }}>
          <OpenDocument cited={{ ...passage, quote: passage.text }} at={{ corpus: name, version }} />{" "}
          <Text component="span" size="sm" c="dimmed">
            {passage.headings.join(" › ")} · score {passage.score.toFixed(3)}
          </Text>
          <blockquote className="text">{passage.text}</blockquote>
        </li>
      ))}
    </ol>
  );
}

/** The way to why a document is not among the passages. */
function WhyNot({ recordingId, number, corpus, query }: { recordingId: string; number: number; corpus: string; query: string }) {
  const offers = useOffers();
  const [document, setDocument] = useState("");
  if (!offers?.why) return null;
  const [name = "", version = ""] = corpus.split("@");
  const ask = (event: FormEvent) => {
    event.preventDefault();
    go(to(["why"], { corpus: name, version, document: document.trim(), query: query.trim(), recording: recordingId }));
  };
  return (
    <form onSubmit={ask} aria-label={`Why not a document, step ${number}`}>
      <Group align="end">
        <TextInput label="Why not this document?" description="Its id, as the corpus has it" value={document} onChange={(event) => setDocument(event.currentTarget.value)} required maxLength={2000} style={{ flexGrow: 1 }} miw={0} />
        <Button type="submit" variant="default">
          Find out
        </Button>
      </Group>
    </form>
  );
}

function Attempts({ attempts, label }: { attempts: Schemas["Attempt"][]; label: string }) {
  return (
    <div className="scrolls" role="region" aria-label={label} tabIndex={0}>
      <Table withTableBorder fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Attempt</Table.Th>
            <Table.Th className="number">Rung</Table.Th>
            <Table.Th className="number">Time</Table.Th>
            <Table.Th className="number">First token</Table.Th>
            <Table.Th className="number">Tokens in, out</Table.Th>
            <Table.Th className="number">Cost</Table.Th>
            <Table.Th>What went wrong</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {attempts.map((attempt, at) => (
            <Table.Tr key={at}>
              <Table.Td>
                {attempt.provider}:{attempt.model}
              </Table.Td>
              <Table.Td className="number">{attempt.rung + 1}</Table.Td>
              <Table.Td className="number">{ms(attempt.ms)}</Table.Td>
              <Table.Td className="number">{attempt.first_token_ms === null ? "" : ms(attempt.first_token_ms)}</Table.Td>
              <Table.Td className="number">{attempt.usage ? tokens(attempt.usage) : ""}</Table.Td>
              <Table.Td className="number">{attempt.usage === null && attempt.cost_usd === null ? "" : usd(attempt.cost_usd)}</Table.Td>
              <Table.Td>{attempt.error ?? ""}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function tokens(usage: Schemas["Usage"]): string {
  const read = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens;
  return `${said(read)}, ${said(usage.output_tokens)}${usage.estimated ? " (estimated)" : ""}`;
}
