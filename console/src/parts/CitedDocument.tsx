/** A document as it stood in the version that was searched, with the cited passage marked and in view. */
import { Anchor, Stack, Text } from "@mantine/core";
import { useEffect, useMemo, useRef } from "react";
import type { Schemas } from "../api/client";
import { useDocument, useRecording } from "../api/queries";
import { to } from "../place";
import { when } from "../words";
import type { Cited } from "./OpenDocument";
import { Found } from "./Page";
import { type Node, rehypeCited } from "./passage";
import Rendered from "./Rendered";

interface Props {
  cited: Cited;
  recordingId: string;
  at?: { corpus: string; version: string };
}

export default function CitedDocument({ cited, recordingId, at }: Props) {
  const recording = useRecording(at ? "" : recordingId);
  if (at) return <Shown cited={cited} corpus={at.corpus} version={at.version} passage="" />;
  return (
    <Found query={recording}>
      {(found) => {
        const place = placeOf(found, cited);
        return place ? <Shown cited={cited} {...place} /> : <p className="note">The recording holds no search that found this document.</p>;
      }}
    </Found>
  );
}

/** Which corpus version the document was found in, and the passage. */
function placeOf(recording: Schemas["Recording"], cited: Cited): { corpus: string; version: string; passage: string } | null {
  for (const { effect, result } of recording.steps) {
    if (effect.kind !== "retrieve" || result.kind !== "retrieved") continue;
    const passage = result.passages.find((each) => each.chunk === cited.chunk) ?? result.passages.find((each) => each.document === cited.document);
    const [corpus = "", version = ""] = effect.corpus.split("@");
    if (passage) return { corpus, version, passage: passage.text };
  }
  return null;
}

function Shown({ cited, corpus, version, passage }: { cited: Cited; corpus: string; version: string; passage: string }) {
  const query = useDocument(corpus, version, cited.document);
  return (
    <Found query={query}>
      {(found) => (
        <Stack gap="sm">
          <Text size="sm" c="dimmed">
            {corpus} {version}
            {found.section.length > 0 && ` · ${found.section.join(" › ")}`}
            {found.updated_at && ` · changed ${when(found.updated_at)}`}
            {found.url && /^https?:\/\//.test(found.url) && (
              <>
                {" · "}
                <Anchor href={found.url} target="_blank" rel="noopener noreferrer" size="sm">
                  the original
                </Anchor>
              </>
            )}
            {" · "}
            <Anchor href={to(["corpora", corpus, version, "documents", cited.document])} size="sm">
              all of it
            </Anchor>
          </Text>
          <Marked text={found.text} passage={passage} quote={cited.quote ?? ""} />
        </Stack>
      )}
    </Found>
  );
}

function Marked({ text, passage, quote }: { text: string; passage: string; quote: string }) {
  const shown = useRef<HTMLDivElement>(null);
  const mark = useMemo(() => (tree: Node) => rehypeCited(tree, passage, quote), [passage, quote]);
  useEffect(() => {
    shown.current?.querySelector("[data-cited]")?.scrollIntoView({ block: "center" });
  }, []);
  return (
    <div ref={shown}>
      <Rendered text={text} mark={mark} />
    </div>
  );
}
