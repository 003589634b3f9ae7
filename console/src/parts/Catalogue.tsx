/** What goes wrong with a feature lately, by kind: how often, since when, with examples and what to do. */
import { Anchor, Group, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { useCorpus, useFindings } from "../api/queries";
import { to } from "../place";
import { many, percent, said, when } from "../words";
import { DocumentLink } from "./Findings";
import { Empty, Found } from "./Page";
import { SHARES, Span } from "./Span";
import { shareInterval } from "./Standings";
import { Told } from "./Told";

const SINCE = [
  { value: "1d", label: "the last day" },
  { value: "7d", label: "the last 7 days" },
  { value: "30d", label: "the last 30 days" },
];

export default function Catalogue({ feature }: { feature: string }) {
  const [since, setSince] = useState("7d");
  const query = useFindings(feature, since);
  return (
    <Stack gap="xs" component="section" aria-labelledby="catalogue">
      <Group justify="space-between" align="end">
        <Title order={2} id="catalogue">
          What goes wrong
        </Title>
        <NativeSelect size="xs" label="Since" data={SINCE} value={since} onChange={(event) => setSince(event.currentTarget.value)} />
      </Group>
      <Found query={query}>
        {({ findings, recordings }) =>
          findings.length === 0 ? (
            <Empty>
              {recordings === 0 ? "Nothing was asked in that time, so that there is nothing to find." : `Nothing was found in ${many(recordings, "recording")}.`}{" "}
              <a href={to(["recordings"], { feature })}>See its recordings</a>.
            </Empty>
          ) : (
            <>
              <ul className="plain stacked">
                {findings.map((each) => (
                  <li key={`${each.code} ${each.about} ${each.slot}`}>
                    <FindingShown finding={each} />
                  </li>
                ))}
              </ul>
              <Text size="sm" c="dimmed">{many(recordings, "live recording was", "live recordings were")} looked at, and no model was asked. The band is the interval of the share.</Text>
            </>
          )
        }
      </Found>
    </Stack>
  );
}

type Finding = Schemas["Finding"];

/** What examples of findings about data are of. */
const OF_DATA = /^HD5/;

function FindingShown({ finding }: { finding: Finding }) {
  const { code, about, slot, count, of, share, fix, first_seen_at, last_seen_at, past } = finding;
  return (
    <details className="card">
      <summary>
        <span className="pill" data-tone={past ? "quiet" : "warn"}>
          {past && "past: "}
          {of === null ? said(count) : `${said(count)} of ${said(of)}`}
        </span>{" "}
        <strong>
          <Told text={finding.said} />
        </strong>{" "}
        <Text span size="sm" c="dimmed">
          {slot ? `${about}, ${slot}` : about} · <span className="mono">{code}</span>
        </Text>
      </summary>
      <Stack gap="xs" mt="sm">
        {past && <Text size="sm">The last look did not find it any more.</Text>}
        {share && (
          <div>
            <Text size="sm">
              {percent(share.estimate)} ({shareInterval(share)})
            </Text>
            <Span scale={SHARES} {...share} tone={past ? "quiet" : undefined} />
          </div>
        )}
        {fix && <Text size="sm">What to do: {fix}</Text>}
        <Text size="sm">
          First seen {when(first_seen_at)}, last {when(last_seen_at)}.
        </Text>
        {OF_DATA.test(code) ? <DocumentExamples finding={finding} /> : <RecordingExamples finding={finding} />}
      </Stack>
    </details>
  );
}

function RecordingExamples({ finding: { code, examples } }: { finding: Finding }) {
  if (examples.length === 0) return null;
  return (
    <Text size="sm">
      Such as{" "}
      {examples.map((id, at) => (
        <span key={id}>
          {at > 0 && ", "}
          <Anchor inherit href={to(["recordings", id])}>
            recording {at + 1}
            <span className="hidden"> of {code}</span>
          </Anchor>
        </span>
      ))}
    </Text>
  );
}

function DocumentExamples({ finding: { about, examples } }: { finding: Finding }) {
  const version = useCorpus(about).data?.versions.find(({ current }) => current)?.name;
  if (examples.length === 0) return null;
  return (
    <Text size="sm">
      Such as{" "}
      {examples.map((id, at) => (
        <span key={id}>
          {at > 0 && ", "}
          {version ? <DocumentLink id={id} corpus={about} version={version} /> : id}
        </span>
      ))}
      {" · "}
      <Anchor inherit href={to(["corpora", about])}>
        all that is wrong with the data
      </Anchor>
    </Text>
  );
}
