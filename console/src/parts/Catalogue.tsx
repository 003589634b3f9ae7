/** What goes wrong with a feature lately, by kind: how often, since when, with examples and what to do. */
import { Anchor, Group, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { CatalogueFinding } from "../api/offered";
import { useFindings } from "../api/queries";
import { to } from "../place";
import { many, percent, said, when } from "../words";
import { Empty, Found } from "./Page";
import { SHARES, Span } from "./Span";
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
        {({ findings, looked_at }) =>
          findings.length === 0 ? (
            <Empty>
              {looked_at === 0 ? "Nothing was asked in that time, so that there is nothing to find." : `Nothing was found in ${many(looked_at, "recording")}.`}{" "}
              <a href={to(["recordings"], { feature })}>See its recordings</a>.
            </Empty>
          ) : (
            <>
              <ul className="plain stacked">
                {findings.map((each) => (
                  <li key={`${each.code} ${each.said}`}>
                    <FindingShown finding={each} />
                  </li>
                ))}
              </ul>
              <Text size="sm" c="dimmed">{many(looked_at, "recording was", "recordings were")} looked at. The band is the interval of the share.</Text>
            </>
          )
        }
      </Found>
    </Stack>
  );
}

function FindingShown({ finding }: { finding: CatalogueFinding }) {
  const { code, about, count, of, share, fix, examples, first_seen_at, last_seen_at } = finding;
  return (
    <details className="card">
      <summary>
        <span className="pill" data-tone="warn">{`${said(count)} of ${said(of)}`}</span> <strong><Told text={finding.said} /></strong>{" "}
        <Text span size="sm" c="dimmed">
          {about && `${about} · `}
          <span className="mono">{code}</span>
        </Text>
      </summary>
      <Stack gap="xs" mt="sm">
        {share && (
          <div>
            <Text size="sm">
              {percent(share.estimate)} ({percent(share.low ?? 0)} to {percent(share.high ?? 1)})
            </Text>
            <Span scale={SHARES} {...share} />
          </div>
        )}
        {fix && <Text size="sm">What to do: <Told text={fix} /></Text>}
        {first_seen_at && last_seen_at && (
          <Text size="sm">
            First seen {when(first_seen_at)}, last {when(last_seen_at)}.
          </Text>
        )}
        {examples.length > 0 && (
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
        )}
      </Stack>
    </details>
  );
}
