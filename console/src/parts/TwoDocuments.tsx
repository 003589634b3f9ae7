/** Two documents, or one in two versions, side by side: what only one of them says is marked. */
import { Anchor, Text } from "@mantine/core";
import { diffWords } from "diff";
import type { ReactNode } from "react";
import { useDocument } from "../api/queries";
import { to } from "../place";
import { Found } from "./Page";

interface Which {
  id: string;
  version: string;
}

export default function TwoDocuments({ corpus, one, other }: { corpus: string; one: Which; other: Which }) {
  const first = useDocument(corpus, one.version, one.id);
  const second = useDocument(corpus, other.version, other.id);
  return (
    <Found query={first}>
      {(left) => (
        <Found query={second}>
          {(right) => {
            const parts = diffWords(left.text, right.text);
            const same = left.text === right.text;
            return (
              <>
                {same && <Text size="sm" my="xs">Both have the same text; their title, permissions or other fields differ.</Text>}
                <div className="sides" style={{ marginTop: "0.5rem" }}>
                  <Side corpus={corpus} which={one} title={left.title}>
                    {parts.filter((part) => !part.added).map((part, at) => (part.removed ? <del key={at}>{part.value}</del> : <span key={at}>{brief(part.value)}</span>))}
                  </Side>
                  <Side corpus={corpus} which={other} title={right.title}>
                    {parts.filter((part) => !part.removed).map((part, at) => (part.added ? <ins key={at}>{part.value}</ins> : <span key={at}>{brief(part.value)}</span>))}
                  </Side>
                </div>
              </>
            );
          }}
        </Found>
      )}
    </Found>
  );
}

function Side({ corpus, which, title, children }: { corpus: string; which: Which; title: string; children: ReactNode }) {
  return (
    <div className="card">
      <Text fw={600} style={{ overflowWrap: "anywhere" }}>{title || which.id}</Text>
      <Text size="sm" mb="xs">
        <Anchor inherit href={to(["corpora", corpus, which.version, "documents", which.id])} style={{ overflowWrap: "anywhere" }}>
          {which.id} in {which.version}
        </Anchor>
      </Text>
      <p className="text" style={{ margin: 0 }}>{children}</p>
    </div>
  );
}

const ROUND = 160;

/** What both say, shortened to what stands beside a difference; links lead to the whole of it. */
function brief(text: string): string {
  return text.length > 3 * ROUND ? `${text.slice(0, ROUND).trimEnd()}\n[…]\n${text.slice(-ROUND).trimStart()}` : text;
}
