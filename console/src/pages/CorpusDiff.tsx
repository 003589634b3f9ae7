/** Two versions of a corpus: which documents were added, changed and removed, and what changed in one. */
import { Anchor, Group, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import type { Schemas } from "../api/client";
import { useCompared, useCorpus } from "../api/queries";
import { DocumentLink } from "../parts/Findings";
import { Empty, Found, Loading, Page } from "../parts/Page";
import { useSome } from "../parts/some";
import { go, to } from "../place";
import { said } from "../words";

const TwoDocuments = lazy(() => import("../parts/TwoDocuments"));

type Name = Schemas["DocumentName"];
interface Two {
  corpus: string;
  before: string;
  after: string;
  /** One document to begin with. */
  document?: string | null;
}

export default function CorpusDiff(two: Two) {
  const { corpus, before, after, document } = two;
  const compared = useCompared(corpus, after, before);
  return (
    <Page title={`What ${after} of ${corpus} changed since ${before}`}>
      <Group align="end">
        <Choice {...two} />
        <Anchor href={to(["corpora", corpus])}>The corpus</Anchor>
      </Group>
      <Found query={compared}>
        {({ added, changed, removed }) => (
          <>
            {document && <This key={document} id={document} two={two} />}
            {added.count + changed.count + removed.count === 0 && <Empty>Nothing differs between them.</Empty>}
            <Changed these={changed} two={two} />
            <Listing title="Added" tone="good" these={added} corpus={corpus} version={after} />
            <Listing title="Removed" tone="bad" these={removed} corpus={corpus} version={before} />
          </>
        )}
      </Found>
    </Page>
  );
}

/** The document somebody came from. */
function This({ id, two }: { id: string; two: Two }) {
  return (
    <section className="card" aria-label="The document">
      <Title order={2} style={{ overflowWrap: "anywhere" }}>
        <DocumentLink id={id} corpus={two.corpus} version={two.after} />
      </Title>
      <Suspense fallback={<Loading />}>
        <TwoDocuments corpus={two.corpus} one={{ id, version: two.before }} other={{ id, version: two.after }} />
      </Suspense>
    </section>
  );
}

/** The other versions that are kept, to compare with. */
function Choice({ corpus, before, after }: Two) {
  const versions = useCorpus(corpus).data?.versions.map(({ name }) => name) ?? [before, after];
  return (
    <>
      <NativeSelect label="From" data={versions} value={before} onChange={(event) => go(to(["corpora", corpus, after, "since", event.currentTarget.value]))} />
      <NativeSelect label="To" data={versions} value={after} onChange={(event) => go(to(["corpora", corpus, event.currentTarget.value, "since", before]))} />
    </>
  );
}

function Heading({ title, tone, count }: { title: string; tone: string; count: number }) {
  return (
    <Title order={2}>
      {title} <span className="pill" data-tone={tone}>{said(count)}</span>
    </Title>
  );
}

function Changed({ these: { count, documents }, two }: { these: Schemas["Differing"]; two: Two }) {
  const [shown, rest] = useSome(documents, "changed documents");
  if (count === 0) return null;
  return (
    <Stack gap="xs" component="section" aria-label="Changed">
      <Heading title="Changed" tone="warn" count={count} />
      {shown.map((each) => (
        <One key={each.id} named={each} two={two} />
      ))}
      {rest}
      <Unnamed count={count} documents={documents} corpus={two.corpus} />
    </Stack>
  );
}

function One({ named: { id, title }, two }: { named: Name; two: Two }) {
  const [open, setOpen] = useState(false);
  return (
    <details className="card" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{title || id}</strong> <span className="mono">{id}</span>
      </summary>
      {open && (
        <Suspense fallback={<Loading />}>
          <TwoDocuments corpus={two.corpus} one={{ id, version: two.before }} other={{ id, version: two.after }} />
        </Suspense>
      )}
    </details>
  );
}

function Listing({ title, tone, these: { count, documents }, corpus, version }: { title: string; tone: string; these: Schemas["Differing"]; corpus: string; version: string }) {
  const [shown, rest] = useSome(documents, "documents");
  if (count === 0) return null;
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <Heading title={title} tone={tone} count={count} />
      {shown.length > 0 && (
        <div className="card">
          <ul className="plain stacked">
            {shown.map(({ id, title: name }) => (
              <li key={id}>
                <DocumentLink id={id} title={name} corpus={corpus} version={version} /> <span className="mono">{id}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {rest}
      <Unnamed count={count} documents={documents} corpus={corpus} />
    </Stack>
  );
}

function Unnamed({ count, documents, corpus }: { count: number; documents: Name[]; corpus: string }) {
  if (documents.length === count) return null;
  return (
    <Text size="sm" c="dimmed">
      {said(count - documents.length)} more are not named: they are gone by now, beyond the first 200, or not for you to see. <code>holdfast corpus diff {corpus}</code> names every
      one.
    </Text>
  );
}
