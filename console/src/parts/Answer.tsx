/** An output: its text with markers that lead to their sources, the sources, and whatever else it holds. */
import { Anchor, Stack, Title } from "@mantine/core";
import { Fragment, useId } from "react";
import type { Json, Schemas } from "../api/client";
import { type Cited, OpenDocument } from "./OpenDocument";
import { plainQuote } from "./passage";
import { Value } from "./Value";

type Citation = Schemas["Citation"];

export function textOf(output: Json): string | null {
  if (typeof output === "string") return output;
  const text = (output as { text?: Json } | null)?.text;
  return typeof text === "string" ? text : null;
}

export function citationsOf(output: Json): Citation[] {
  const citations = (output as { citations?: Json } | null)?.citations;
  return Array.isArray(citations) ? citations.filter((each) => typeof each?.document === "string") : [];
}

/** `recordingId` is where the version of each cited document is looked up. */
export function Answer({ output, recordingId }: { output: Json; recordingId: string }) {
  const id = useId();
  const text = textOf(output);
  const citations = citationsOf(output);
  if (text === null) return <Value value={output} />;
  const rest = typeof output === "object" ? Object.entries(output as object).filter(([name]) => name !== "text" && name !== "citations") : [];
  return (
    <Stack gap="sm">
      <p className="text" style={{ margin: 0, lineHeight: 1.6 }}>
        {text.split(/(\[\d{1,3}\])/).map((piece, at) => {
          const number = /^\[(\d+)\]$/.exec(piece)?.[1];
          return number && Number(number) <= citations.length ? (
            <Anchor key={at} href={`#${id}-${number}`} inherit aria-label={`Source ${number}`} onClick={(event) => jump(event, `${id}-${number}`)}>
              {piece}
            </Anchor>
          ) : (
            <Fragment key={at}>{piece}</Fragment>
          );
        })}
      </p>
      {citations.length > 0 && (
        <section aria-labelledby={`${id}-sources`}>
          <Title order={3} id={`${id}-sources`} mb={4}>
            Sources
          </Title>
          <ol style={{ margin: 0, paddingLeft: "1.4rem" }}>
            {citations.map((citation, at) => (
              <li key={`${citation.chunk}-${at}`} id={`${id}-${at + 1}`} style={{ marginBottom: "0.5rem" }}>
                <OpenDocument cited={citation as Cited} recordingId={recordingId} />
                {citation.quote && <blockquote>{plainQuote(citation.quote)}</blockquote>}
              </li>
            ))}
          </ol>
        </section>
      )}
      {rest.length > 0 && <Value value={Object.fromEntries(rest)} />}
    </Stack>
  );
}

/** Goes to a source within the page: the address after `#` is the page's own. */
function jump(event: React.MouseEvent, id: string): void {
  event.preventDefault();
  const target = document.getElementById(id);
  target?.scrollIntoView({ block: "center" });
  target?.querySelector("button")?.focus();
}
