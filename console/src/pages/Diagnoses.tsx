/** Diagnoses, newest first, and how many came to each verdict; the address holds what they are narrowed to. */
import { Anchor, Button, Group, NativeSelect, Stack, Table, Text, Title } from "@mantine/core";
import { lazy } from "react";
import type { Schemas } from "../api/client";
import { useDiagnoses, useFeatures } from "../api/queries";
import { Chances } from "../parts/Chances";
import { VerdictPill } from "../parts/DiagnosisLine";
import { Listed } from "../parts/Listed";
import { Empty, Found, Page } from "../parts/Page";
import { begun, settingsSaid, VERDICTS, worded } from "../parts/verdictWords";
import { go, to } from "../place";
import { said, usd, when } from "../words";

const Diagnosis = lazy(() => import("../parts/DiagnosisShown"));

export default function Diagnoses({ id, query }: { id?: string; query: URLSearchParams }) {
  return id === undefined ? <All query={query} /> : <Diagnosis key={id} id={id} />;
}

function All({ query }: { query: URLSearchParams }) {
  const narrowed = { feature: query.get("feature") ?? "", verdict: query.get("verdict") ?? "" };
  const before = query.get("before");
  const asked = new URLSearchParams({ limit: "50" });
  for (const [name, value] of Object.entries({ ...narrowed, before })) if (value) asked.set(name, value);
  const found = useDiagnoses(asked);
  return (
    <Page title="Diagnoses">
      <Text>A diagnosis says which part of a feature an answer most likely failed by, how sure that is, and with which changes it passes.</Text>
      <Narrow {...narrowed} />
      <Found query={found}>
        {(page) => (
          <>
            <Counts counts={page.counts} {...narrowed} />
            {page.diagnoses.length > 0 ? <Rows diagnoses={page.diagnoses} /> : <Nothing narrowed={Boolean(narrowed.feature || narrowed.verdict || before)} />}
            {(before || page.next) && (
              <Group component="nav" aria-label="Pages of diagnoses">
                {before && <Anchor href={to(["diagnoses"], narrowed)}>Newest</Anchor>}
                {page.next && <Anchor href={to(["diagnoses"], { ...narrowed, before: page.next })}>Older</Anchor>}
              </Group>
            )}
          </>
        )}
      </Found>
    </Page>
  );
}

interface Narrowed {
  feature: string;
  verdict: string;
}

function Narrow({ feature, verdict }: Narrowed) {
  const features = useFeatures().data?.features.map(({ name }) => name) ?? [];
  const choose = (change: Partial<Narrowed>) => go(to(["diagnoses"], { feature, verdict, ...change }));
  const known = feature && !features.includes(feature) ? [feature, ...features] : features;
  return (
    <Group align="end" gap="sm" role="group" aria-label="Narrow the diagnoses">
      <NativeSelect label="Feature" value={feature} onChange={(event) => choose({ feature: event.currentTarget.value })} data={[{ value: "", label: "any" }, ...known]} />
      <NativeSelect
        label="Verdict"
        value={verdict}
        onChange={(event) => choose({ verdict: event.currentTarget.value })}
        data={[{ value: "", label: "any" }, ...VERDICTS.map((each) => ({ value: each, label: worded(each) }))]}
      />
      {(feature || verdict) && (
        <Button component="a" href={to(["diagnoses"])} variant="default">
          Clear
        </Button>
      )}
    </Group>
  );
}

function Counts({ counts, feature, verdict }: Narrowed & { counts: Record<string, number> }) {
  const came = VERDICTS.filter((each) => counts[each]).sort((one, other) => (counts[other] ?? 0) - (counts[one] ?? 0));
  if (came.length === 0) return null;
  const most = Math.max(...came.map((each) => counts[each] ?? 0));
  return (
    <Stack gap="xs" component="section" aria-labelledby="counts">
      <Title order={2} id="counts">
        What they came to
      </Title>
      <div className="card">
        <Chances
          label="Diagnoses by verdict"
          chances={came.map((each) => ({
            name: begun(worded(each)),
            share: (counts[each] ?? 0) / most,
            said: said(counts[each] ?? 0),
            href: to(["diagnoses"], { feature, verdict: each === verdict ? "" : each }),
            chosen: each === verdict,
          }))}
        />
      </div>
    </Stack>
  );
}

function Rows({ diagnoses }: { diagnoses: Schemas["DiagnosisSaid"][] }) {
  return (
    <Listed label="Diagnoses" heads={["Started", "Feature", "Verdict", "The cheapest fix", "Calls", "Spent"]}>
      {diagnoses.map((each) => (
        <Table.Tr key={each.id}>
          <Table.Td>
            <Anchor inherit href={to(["diagnoses", each.id])} style={{ whiteSpace: "nowrap" }}>
              {when(each.started_at)}
            </Anchor>
          </Table.Td>
          <Table.Td>{each.feature}</Table.Td>
          <Table.Td>
            <VerdictPill diagnosis={each} />
          </Table.Td>
          <Table.Td style={{ minWidth: "12rem" }}>
            <FirstFix fix={each.fixes[0]} />
          </Table.Td>
          <Table.Td>{said(each.calls)}</Table.Td>
          <Table.Td style={{ whiteSpace: "nowrap" }}>{usd(each.spent_usd)}</Table.Td>
        </Table.Tr>
      ))}
    </Listed>
  );
}

function FirstFix({ fix }: { fix?: Schemas["Fix"] }) {
  if (fix === undefined) return "none found";
  return Object.keys(fix.changes).length > 0 ? <span className="mono">{settingsSaid(fix.changes)}</span> : begun(fix.advice);
}

function Nothing({ narrowed }: { narrowed: boolean }) {
  if (narrowed)
    return (
      <Empty>
        No diagnosis is like that. <a href={to(["diagnoses"])}>Show all of them</a>.
      </Empty>
    );
  return (
    <Empty>
      Nothing was diagnosed yet. Open <a href={to(["recordings"])}>a recording</a> whose answer is not good and press “Find out why”, or type{" "}
      <code>holdfast diagnose last</code>.
    </Empty>
  );
}
