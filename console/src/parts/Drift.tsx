/** What the documents are made of, and what of that is not as it was in the version before. */
import { Stack, Table, Text, Title } from "@mantine/core";
import type { Schemas } from "../api/client";
import { many, said } from "../words";
import { Listed } from "./Listed";

type Report = Schemas["QualityReport"];
const DRIFTS = new Set(["field_appeared", "field_type_changed", "field_vanished", "locale_appeared", "locale_vanished", "media_type_changed", "volume_drop"]);

export function Drift({ report }: { report: Report }) {
  const { profile, findings, previous } = report;
  const drifted = findings.filter(({ code }) => DRIFTS.has(code));
  const rows: [string, string, number][] = [
    ...Object.entries(profile.media_types).map(([name, count]): [string, string, number] => ["Comes as", name, count]),
    ...Object.entries(profile.locales).map(([name, [documents]]): [string, string, number] => ["Locale", name || "none", documents]),
    ...Object.entries(profile.fields).map(([name, count]): [string, string, number] => ["Field", name, count]),
  ];
  if (rows.length === 0 && drifted.length === 0) return null;
  return (
    <Stack gap="xs" component="section" aria-labelledby="drift">
      <Title order={2} id="drift">
        Shape of the data
      </Title>
      {drifted.length === 0 && previous && <Text size="sm">It has the shape it had in {previous}.</Text>}
      {drifted.map(({ code, message, examples, severity }) => (
        <div key={code} className="note" data-tone={severity === "broken" ? "bad" : severity === "note" ? undefined : "warn"}>
          {message}
          <ul className="reasons">
            {examples.map(({ evidence }) => (
              <li key={evidence}>{evidence}</li>
            ))}
          </ul>
        </div>
      ))}
      {rows.length > 0 && (
        <details className="card">
          <summary>What the documents have: {many(rows.length, "thing")}</summary>
          <Listed label="What the documents have" heads={["What", "Which", "Documents"]}>
            {rows.map(([what, which, count]) => (
              <Table.Tr key={`${what} ${which}`}>
                <Table.Td>{what}</Table.Td>
                <Table.Td className="mono">{which}</Table.Td>
                <Table.Td>{said(count)}</Table.Td>
              </Table.Tr>
            ))}
          </Listed>
        </details>
      )}
    </Stack>
  );
}
