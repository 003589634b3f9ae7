/** The corpora, or one of them: its versions, and what is wrong with the data. */
import { Anchor, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { post, type Schemas } from "../api/client";
import { unfinished, useCorpora, useCorpus, useJob, useVersion } from "../api/queries";
import { JobUnderWay } from "../parts/JobUnderWay";
import { OpenDocument } from "../parts/OpenDocument";
import { Empty, Facts, Found, Page } from "../parts/Page";
import { SyncReportShown, type Synced } from "../parts/SyncReport";
import { Trouble } from "../parts/Trouble";
import { to } from "../place";
import { bytes, many, said, when } from "../words";

export default function Corpora({ name, version }: { name?: string; version?: string }) {
  return name === undefined ? <All /> : <One key={name} name={name} version={version} />;
}

function All() {
  const corpora = useCorpora();
  return (
    <Page title="Corpora">
      <Found query={corpora}>
        {({ corpora: found }) =>
          found.length === 0 ? (
            <Empty>
              This project has no corpus. Write <code>[corpora.NAME]</code> with a <code>source</code> into{" "}
              <code>holdfast.toml</code>, then type <code>holdfast sync</code>.
            </Empty>
          ) : (
            <ul className="plain sides">
              {found.map((corpus) => {
                const current = corpus.versions.find((each) => each.current);
                return (
                  <li key={corpus.name} className="card">
                    <Anchor href={to(["corpora", corpus.name])} fw={600}>
                      {corpus.name}
                    </Anchor>
                    <Text size="sm" c="dimmed" mt={4}>
                      {current
                        ? `${current.name} answers: ${many(current.documents, "document")}, ${many(current.chunks, "chunk")}, of ${when(current.created_at)}`
                        : "No version yet"}
                    </Text>
                  </li>
                );
              })}
            </ul>
          )
        }
      </Found>
    </Page>
  );
}

function One({ name, version }: { name: string; version?: string }) {
  const corpus = useCorpus(name);
  const [jobId, setJobId] = useState<string | null>(null);
  return (
    <Page title={`Corpus ${name}`}>
      <Found query={corpus}>
        {(found) => {
          const shown = version ?? found.versions.find((each) => each.current)?.name;
          return (
            <>
              <SyncNow name={name} jobId={jobId} begun={setJobId} />
              {found.versions.length > 0 ? (
                <Versions name={name} versions={found.versions} shown={shown} />
              ) : (
                <Empty>This corpus has no version yet: sync it.</Empty>
              )}
              <LastSync last={found.last_sync} />
              {shown && <Version name={name} version={shown} />}
            </>
          );
        }}
      </Found>
    </Page>
  );
}

function SyncNow({ name, jobId, begun }: { name: string; jobId: string | null; begun: (id: string) => void }) {
  const sync = useMutation({
    mutationFn: () => post<Schemas["JobTaken"]>(`v1/corpora/${encodeURIComponent(name)}/sync`, {}),
    onSuccess: ({ job_id }) => begun(job_id),
  });
  const job = useJob(jobId).data;
  const busy = sync.isPending || (jobId !== null && (job === undefined || unfinished(job)));
  return (
    <Stack gap="xs">
      <Group>
        <Button aria-disabled={busy} data-disabled={busy || undefined} onClick={() => busy || sync.mutate()}>
          Sync now
        </Button>
      </Group>
      {sync.error && <Trouble error={sync.error} />}
      {jobId && <JobUnderWay id={jobId} stale={[["corpora"]]} />}
    </Stack>
  );
}

function LastSync({ last }: { last: Synced | null }) {
  if (last === null) return null;
  return (
    <Stack gap="xs" component="section" aria-labelledby="last-sync">
      <Title order={2} id="last-sync">
        Last sync
      </Title>
      <div className="card">
        <SyncReportShown report={last.report} at={last.at} />
      </div>
    </Stack>
  );
}

function Versions({ name, versions, shown }: { name: string; versions: Schemas["VersionSummary"][]; shown?: string }) {
  return (
    <Stack gap="xs">
      <Title order={2}>Versions</Title>
      <div className="card scrolls" role="region" aria-label="Versions" tabIndex={0}>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Version</Table.Th>
              <Table.Th>Made</Table.Th>
              <Table.Th className="number">Documents</Table.Th>
              <Table.Th className="number">Chunks</Table.Th>
              <Table.Th className="wide">Encoder</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {versions.map((each) => (
              <Table.Tr key={each.name}>
                <Table.Td>
                  <Anchor href={to(["corpora", name, each.name])} aria-current={each.name === shown ? "page" : undefined}>
                    {each.name}
                  </Anchor>{" "}
                  {each.current && (
                    <span className="pill" data-tone="good">
                      answers
                    </span>
                  )}
                </Table.Td>
                <Table.Td>{when(each.created_at)}</Table.Td>
                <Table.Td className="number">{said(each.documents)}</Table.Td>
                <Table.Td className="number">{said(each.chunks)}</Table.Td>
                <Table.Td className="wide mono">{each.encoder ?? "none: by words only"}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Stack>
  );
}

function Version({ name, version }: { name: string; version: string }) {
  const query = useVersion(name, version);
  return (
    <Found query={query}>
      {({ detail, differences }) => (
        <>
          <Stack gap="xs" component="section" aria-labelledby="version">
            <Title order={2} id="version">
              Version {version}
            </Title>
            <div className="card">
              <Facts
                facts={[
                  ["Documents", said(detail.summary.documents)],
                  ["Chunks", said(detail.summary.chunks)],
                  ["On disk", bytes(detail.bytes)],
                  ["Languages", Object.entries(detail.languages).map(([language, count]) => `${language} ${said(count)}`).join(", ") || "not known"],
                  [
                    "Since the version before",
                    differences
                      ? `${differences.before}: ${said(differences.added)} added, ${said(differences.changed)} changed, ${said(differences.removed)} removed`
                      : "none is kept",
                  ],
                ]}
              />
            </div>
          </Stack>
          <Stack gap="xs" component="section" aria-labelledby="findings">
            <Title order={2} id="findings">
              What is wrong with the data
            </Title>
            {detail.findings.length === 0 ? (
              <Empty>Nothing was found. Every document has a title, text, and one language.</Empty>
            ) : (
              <ul className="plain" style={{ display: "grid", gap: "0.75rem" }}>
                {detail.findings.map((finding) => (
                  <Finding key={finding.code} finding={finding} corpus={name} version={version} />
                ))}
              </ul>
            )}
          </Stack>
        </>
      )}
    </Found>
  );
}

function Finding({ finding, corpus, version }: { finding: Schemas["CorpusFinding"]; corpus: string; version: string }) {
  return (
    <li className="card">
      <Group justify="space-between" wrap="nowrap" align="start">
        <Text>{finding.message}</Text>
        <span className="pill">{many(finding.count, "document")}</span>
      </Group>
      {finding.documents.length > 0 && (
        <Text size="sm" mt={4}>
          Such as{" "}
          {finding.documents.map((id, at) => (
            <span key={id}>
              {at > 0 && ", "}
              <OpenDocument cited={{ document: id, chunk: "", title: id }} at={{ corpus, version }} />
            </span>
          ))}
        </Text>
      )}
    </li>
  );
}
