/** What is wrong with the data, the worst first, with examples; two documents that differ stand side by side. */
import { Anchor, Stack, Text, Title } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import type { Schemas } from "../api/client";
import { to } from "../place";
import { many, percent } from "../words";
import { SEVERITIES } from "./corpusState";
import { Empty, Loading } from "./Page";

const TwoDocuments = lazy(() => import("./TwoDocuments"));

type Finding = Schemas["CorpusFinding"];
type Example = Schemas["Example"];
interface At {
  corpus: string;
  version: string;
}

export function Findings({ findings, ...at }: { findings: Finding[] } & At) {
  return (
    <Stack gap="sm" component="section" aria-labelledby="findings">
      <Title order={2} id="findings">
        What is wrong with the data
      </Title>
      {findings.length === 0 && <Empty>Nothing was found. Every document has a title, text, and one language.</Empty>}
      {(["broken", "worth_a_look", "note"] as const).map((severity) => {
        const these = findings.filter((finding) => finding.severity === severity);
        if (these.length === 0) return null;
        return (
          <Stack key={severity} gap="xs" component="section" aria-label={SEVERITIES[severity].word}>
            <Title order={3}>
              {SEVERITIES[severity].word} <span className="pill" data-tone={SEVERITIES[severity].tone}>{these.length}</span>
            </Title>
            <ul className="plain stacked">
              {these.map((finding) => (
                <li key={finding.code}>
                  <FindingShown finding={finding} {...at} />
                </li>
              ))}
            </ul>
          </Stack>
        );
      })}
    </Stack>
  );
}

function FindingShown({ finding, ...at }: { finding: Finding } & At) {
  const { tone } = SEVERITIES[finding.severity];
  const shown = new Set(finding.examples.flatMap((each) => each.documents));
  const others = finding.documents.filter((id) => !shown.has(id));
  return (
    <details className="card">
      <summary>
        <span className="pill" data-tone={tone}>{many(finding.count, "document")}</span> <strong>{finding.message}</strong>{" "}
        <Text span size="sm" c="dimmed">
          {finding.share > 0 && `${percent(finding.share)} · `}
          <span className="mono">{finding.code}</span>
        </Text>
      </summary>
      <Stack gap="sm" mt="sm">
        {finding.fix && <Text size="sm">What to do: {finding.fix}</Text>}
        {finding.examples.length > 0 && (
          <ul className="plain stacked">
            {finding.examples.map((example, at_) => (
              <li key={at_}>
                <ExampleShown example={example} {...at} />
              </li>
            ))}
          </ul>
        )}
        {others.length > 0 && (
          <Text size="sm">
            {shown.size > 0 ? "Also " : "Such as "}
            {others.map((id, n) => (
              <span key={id}>
                {n > 0 && ", "}
                <DocumentLink id={id} {...at} />
              </span>
            ))}
          </Text>
        )}
        {finding.count > 0 && finding.examples.length === 0 && finding.documents.length === 0 && (
          <Text size="sm">
            No example can be shown here: what it names is not a document that you may see. Its owner sees more with{" "}
            <code>holdfast corpus show {at.corpus} --quality</code>.
          </Text>
        )}
        {finding.limited && <Text size="sm" c="dimmed">{finding.limited}</Text>}
      </Stack>
    </details>
  );
}

function ExampleShown({ example, ...at }: { example: Example } & At) {
  const [one, other] = example.documents;
  return (
    <>
      <Text size="sm">
        {example.documents.map((id, n) => (
          <span key={id}>
            {n > 0 && " and "}
            <DocumentLink id={id} {...at} />
          </span>
        ))}
      </Text>
      {example.evidence && <blockquote className="text">{example.evidence}</blockquote>}
      {one !== undefined && other !== undefined && <SideBySide one={one} other={other} {...at} />}
    </>
  );
}

function SideBySide({ one, other, ...at }: { one: string; other: string } & At) {
  const [open, setOpen] = useState(false);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Both side by side</summary>
      {open && (
        <Suspense fallback={<Loading />}>
          <TwoDocuments corpus={at.corpus} one={{ id: one, version: at.version }} other={{ id: other, version: at.version }} />
        </Suspense>
      )}
    </details>
  );
}

export function DocumentLink({ id, title, corpus, version }: { id: string; title?: string } & At) {
  return (
    <Anchor inherit href={to(["corpora", corpus, version, "documents", id])} style={{ overflowWrap: "anywhere" }}>
      {title || id}
    </Anchor>
  );
}
