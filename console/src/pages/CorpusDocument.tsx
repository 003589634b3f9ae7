/** A document as a search sees it: its text and tables, what was taken out, its chunks, who may see it, its versions. */
import { Anchor, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useState } from "react";
import type { Schemas } from "../api/client";
import { useClosely, useOffers } from "../api/queries";
import { Listed } from "../parts/Listed";
import { Facts, Found, Loading, Page } from "../parts/Page";
import { Value } from "../parts/Value";
import { to } from "../place";
import { many, said, when } from "../words";

const Rendered = lazy(() => import("../parts/Rendered"));

type Closely = Schemas["DocumentClosely"];
type Document = Schemas["Document"];

const KINDS: Record<Schemas["Removed"][0], string> = {
  quote: "Quoted from an earlier mail",
  signature: "Signatures",
  footer: "Footers",
  auto_reply: "Automatic replies",
  hidden: "Hidden from readers",
  boilerplate: "Navigation and other boilerplate",
};

export default function CorpusDocument({ corpus, version, id }: { corpus: string; version: string; id: string }) {
  const closely = useClosely(corpus, version, id);
  const offers = useOffers();
  return (
    <Page title={closely.data?.document.title || id}>
      <Group>
        <Anchor href={to(["corpora", corpus, version])}>
          {corpus} {version}
        </Anchor>
        {offers?.why && <Anchor href={to(["why"], { corpus, version, document: id })}>Why does a search not find it?</Anchor>}
      </Group>
      <Found query={closely}>{(found) => <Shown corpus={corpus} closely={found} />}</Found>
    </Page>
  );
}

function Shown({ corpus, closely }: { corpus: string; closely: Closely }) {
  const { document, chunks, versions, version } = closely;
  return (
    <>
      <div className="card">
        <Facts facts={factsOf(closely)} />
      </div>
      <Part title="Text">
        <Suspense fallback={<Loading />}>
          <Rendered text={document.text} />
        </Suspense>
      </Part>
      {document.tables.map((table, at) => (
        <TableShown key={at} table={table} number={at + 1} />
      ))}
      <Removed document={document} />
      <Stack gap="xs" component="section" aria-label="Chunks">
        <Title order={2}>
          Chunks <span className="pill">{said(chunks.length)}</span>
        </Title>
        <Text size="sm" c="dimmed">What a search finds: each is read as it stands here, and found by its title and headings too.</Text>
        {chunks.map((chunk) => (
          <details key={chunk.id} className="card">
            <summary>
              <strong>{chunk.position + 1}</strong> {chunk.headings.join(" › ")}{" "}
              <Text span size="sm" c="dimmed">{beginning(chunk.text)}</Text>
            </summary>
            <p className="text">{chunk.text}</p>
            <Text size="sm" c="dimmed" fw={600}>Found by</Text>
            <p className="text" style={{ margin: 0 }}>{chunk.index_text}</p>
          </details>
        ))}
      </Stack>
      <Versions corpus={corpus} id={document.id} shown={version} versions={versions} />
      {Object.keys(document.metadata).length > 0 && (
        <Part title="Fields">
          <Value value={document.metadata} />
        </Part>
      )}
    </>
  );
}

function factsOf({ document, language, remarks }: Closely): [string, ReactNode][] {
  const { url } = document;
  const facts: [string, ReactNode][] = [
    ["Who may see it", document.principals.length === 0 ? "everyone" : document.principals.join(", ")],
    ["Section", document.section.join(" › ") || "none"],
    ["Changed at its source", document.updated_at ? when(document.updated_at) : "not known"],
    ["Language", [language, document.locale].filter(Boolean).join(", locale ") || "not known"],
    ["Remarks", Object.entries(remarks).map(([code, count]) => (count > 1 ? `${code} ×${count}` : code)).join(", ") || "none"],
    ["Id", <span key="i" className="mono">{document.id}</span>],
  ];
  if (url && /^https?:\/\//.test(url)) facts.push(["Original", <Anchor key="u" inherit href={url} target="_blank" rel="noopener noreferrer">open it</Anchor>]);
  return facts;
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <Title order={2}>{title}</Title>
      <div className="card">{children}</div>
    </Stack>
  );
}

function TableShown({ table: [caption, headings, header, rows], number }: { table: Schemas["Table"]; number: number }) {
  const [copied, setCopied] = useState<string | null>(null);
  const name = caption || headings.at(-1) || `Table ${number}`;
  const copy = async () => {
    const records = rows.map((row) => Object.fromEntries(header.map((head, at) => [head || `column ${at + 1}`, row[at] ?? ""])));
    try {
      await navigator.clipboard.writeText(JSON.stringify(records, null, 2));
      setCopied("Copied.");
    } catch {
      setCopied("The browser does not let this page copy: it needs https or localhost.");
    }
  };
  return (
    <Stack gap="xs" component="section" aria-label={`Table ${number}`}>
      <Title order={2} style={{ overflowWrap: "anywhere" }}>{name}</Title>
      <Listed label={`Table ${number}: ${name}`} heads={header}>
        {rows.map((row, at) => (
          <Table.Tr key={at}>
            {row.map((cell, column) => (
              <Table.Td key={column}>{cell}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Listed>
      <Group>
        <Button size="xs" variant="default" onClick={copy} aria-label={`Copy as JSON: table ${number}`}>
          Copy as JSON
        </Button>
        <Text size="sm" role="status">{copied}</Text>
      </Group>
    </Stack>
  );
}

function Removed({ document: { removed } }: { document: Document }) {
  const kinds = [...new Set(removed.map(([kind]) => kind))];
  if (kinds.length === 0) return null;
  return (
    <Stack gap="xs" component="section" aria-label="Taken out">
      <Title order={2}>Taken out before indexing</Title>
      <Text size="sm" c="dimmed">No search finds it and no model reads it.</Text>
      {kinds.map((kind) => {
        const these = removed.filter(([each]) => each === kind);
        return (
          <details key={kind} className="card">
            <summary>
              {KINDS[kind]} <span className="pill" data-tone={kind === "hidden" ? "warn" : undefined}>{many(these.length, "piece")}</span>
            </summary>
            {these.map(([, text], at) => (
              <blockquote key={at} className="text">{text}</blockquote>
            ))}
          </details>
        );
      })}
    </Stack>
  );
}

function Versions({ corpus, id, shown, versions }: { corpus: string; id: string; shown: string; versions: Closely["versions"] }) {
  return (
    <Stack gap="xs" component="section" aria-label="Versions">
      <Title order={2}>Versions</Title>
      <Listed label="Versions of the document" heads={["Version", "Made", "The document"]}>
        {versions.map(({ version, made_at, there, differs }, at) => {
          const before = versions[at + 1];
          const word = !there ? "is not in it" : !before ? "is in it" : !before.there ? "was added" : differs ? "changed" : "is as before";
          return (
            <Table.Tr key={version}>
              <Table.Td>
                {there ? (
                  <Anchor inherit href={to(["corpora", corpus, version, "documents", id])} aria-current={version === shown ? "page" : undefined}>
                    {version}
                  </Anchor>
                ) : (
                  version
                )}
              </Table.Td>
              <Table.Td>{when(made_at)}</Table.Td>
              <Table.Td>
                <span className="pill" data-tone={there && differs ? "warn" : "quiet"}>{word}</span>{" "}
                {there && differs && before?.there && (
                  <Anchor size="sm" href={to(["corpora", corpus, version, "since", before.version], { document: id })}>
                    since {before.version}
                  </Anchor>
                )}
              </Table.Td>
            </Table.Tr>
          );
        })}
      </Listed>
    </Stack>
  );
}

const beginning = (text: string): string => (text.length > 90 ? `${text.slice(0, 90).trimEnd()}…` : text);
