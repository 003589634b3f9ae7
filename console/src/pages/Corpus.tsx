/** One corpus: what its last sync did with every item, what is wrong with the data, its versions, and syncing it. */
import { Anchor, Button, Group, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import type { Schemas } from "../api/client";
import { useCorpus, useOffers, useQuality, useVersion } from "../api/queries";
import { stateOf } from "../parts/corpusState";
import { Findings } from "../parts/Findings";
import { FindingsOverTime } from "../parts/FindingsOverTime";
import { LedgerFlow } from "../parts/LedgerFlow";
import { Limits } from "../parts/Limits";
import { Empty, Facts, Found, Page } from "../parts/Page";
import { PassedOver } from "../parts/PassedOver";
import { Drift } from "../parts/Drift";
import { SyncControls, useRestoring } from "../parts/SyncControls";
import { SyncReportShown } from "../parts/SyncReport";
import { go, to } from "../place";
import { bytes, said, when } from "../words";

type Said = Schemas["CorpusSaid"];

export default function Corpus({ name, version }: { name: string; version?: string }) {
  const corpus = useCorpus(name);
  return (
    <Page title={`Corpus ${name}`}>
      <Found query={corpus}>{(found) => <Shown corpus={found} version={version} />}</Found>
    </Page>
  );
}

function Shown({ corpus, version }: { corpus: Said; version?: string }) {
  const { name, versions, last_sync: last } = corpus;
  const current = versions.find((each) => each.current)?.name;
  const shown = version ?? current;
  const { word, tone } = stateOf(corpus);
  return (
    <>
      <Group gap="xs">
        <span className="pill ruling" data-tone={tone}>{word}</span>
        <Text size="sm" c="dimmed">
          {last ? `Last sync ${when(last.at)}` : "No sync ended yet"}
          {corpus.next_sync_at && `, the next ${when(corpus.next_sync_at)}`}
        </Text>
      </Group>
      <SyncControls corpus={corpus} />
      {versions.length === 0 && <Empty>This corpus has no version yet: sync it.</Empty>}
      {last?.report.ledger && <LedgerFlow ledger={last.report.ledger} />}
      {last && <PassedOver corpus={name} passed={last.report.passed} version={shown ?? ""} />}
      {shown && <Quality name={name} version={shown} answers={shown === current} />}
      {versions.length > 0 && <Versions corpus={corpus} shown={shown} />}
      {shown && <Documents name={name} version={shown} />}
      {last && (
        <Part id="last-sync" title="Last sync">
          <SyncReportShown report={{ ...last.report, passed: [] }} at={last.at} />
        </Part>
      )}
    </>
  );
}

function Part({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <Stack gap="xs" component="section" aria-labelledby={id}>
      <Title order={2} id={id}>
        {title}
      </Title>
      <div className="card">{children}</div>
    </Stack>
  );
}

/** What the version that answers is like, or another one: only the former has a history and limits. */
function Quality({ name, version, answers }: { name: string; version: string; answers: boolean }) {
  const quality = useQuality(answers ? name : "");
  const closely = useVersion(name, version);
  return (
    <>
      <Found query={closely}>
        {({ detail, differences }) => (
          <>
            <Findings findings={detail.findings} corpus={name} version={version} />
            {answers && (
              <Found query={quality}>
                {(found) => (
                  <>
                    <FindingsOverTime history={found.history} />
                    <Limits corpus={name} quality={found} />
                    <Drift report={found.report} />
                  </>
                )}
              </Found>
            )}
            <Part id="version" title={`Version ${version}`}>
              <Facts
                facts={[
                  ["Documents", said(detail.summary.documents)],
                  ["Chunks", said(detail.summary.chunks)],
                  ["On disk", bytes(detail.bytes)],
                  ["Languages", Object.entries(detail.languages).map(([language, count]) => `${language} ${said(count)}`).join(", ") || "not known"],
                  [
                    "Since the version before",
                    differences ? (
                      <Anchor key="d" inherit href={to(["corpora", name, version, "since", differences.before])}>
                        {`${differences.before}: ${said(differences.added)} added, ${said(differences.changed)} changed, ${said(differences.removed)} removed`}
                      </Anchor>
                    ) : (
                      "none is kept"
                    ),
                  ],
                ]}
              />
            </Part>
          </>
        )}
      </Found>
    </>
  );
}

function Versions({ corpus: { name, versions }, shown }: { corpus: Said; shown?: string }) {
  const offers = useOffers();
  const { underWay, button } = useRestoring(name, versions);
  return (
    <Stack gap="xs">
      <Title order={2}>
        Versions
      </Title>
      {underWay}
      <div className="card scrolls" role="region" aria-label="Versions" tabIndex={0}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Version</Table.Th>
              <Table.Th>Made</Table.Th>
              <Table.Th className="number">Documents</Table.Th>
              <Table.Th className="number wide">Chunks</Table.Th>
              <Table.Th className="wide">Encoder</Table.Th>
              <Table.Th>Compare, restore</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {versions.map((each, at) => (
              <Table.Tr key={each.name}>
                <Table.Td>
                  <Anchor href={to(["corpora", name, each.name])} aria-current={each.name === shown ? "page" : undefined}>
                    {each.name}
                  </Anchor>{" "}
                  {each.current && <span className="pill" data-tone="good">answers</span>}
                </Table.Td>
                <Table.Td>{when(each.created_at)}</Table.Td>
                <Table.Td className="number">{said(each.documents)}</Table.Td>
                <Table.Td className="number wide">{said(each.chunks)}</Table.Td>
                <Table.Td className="wide mono">{each.encoder ?? "none: by words only"}</Table.Td>
                <Table.Td>
                  <Group gap="xs">
                    {versions[at + 1] && (
                      <Anchor size="sm" href={to(["corpora", name, each.name, "since", versions[at + 1]?.name ?? ""])} aria-label={`what changed in ${each.name} since ${versions[at + 1]?.name}`}>
                        what changed
                      </Anchor>
                    )}
                    {!each.current && offers?.restore && button(each)}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Stack>
  );
}

function Documents({ name, version }: { name: string; version: string }) {
  const [words, setWords] = useState("");
  const find = (event: FormEvent) => {
    event.preventDefault();
    go(to(["corpora", name, version, "documents"], { words: words.trim() }));
  };
  return (
    <Part id="documents" title="Documents">
      <form onSubmit={find}>
        <Group align="end">
          <TextInput label="Words of a title or an id" value={words} onChange={(event) => setWords(event.currentTarget.value)} maxLength={200} style={{ flexGrow: 1 }} miw={0} />
          <Button type="submit" variant="default">
            Find documents
          </Button>
        </Group>
      </form>
    </Part>
  );
}
