/** How findings came and went over the versions that are kept: a small chart for each, the numbers beside it. */
import { Stack, Table, Text, Title } from "@mantine/core";
import type { Schemas } from "../api/client";
import { said, when } from "../words";
import { Listed } from "./Listed";
import { useSome } from "./some";

export function FindingsOverTime({ history }: { history: Schemas["QualityCounts"][] }) {
  const versions = [...history].reverse();
  const most = (code: string): number => Math.max(...versions.map(({ counts }) => counts[code] ?? 0));
  const codes = [...new Set(versions.flatMap(({ counts }) => Object.keys(counts)))].sort((one, other) => most(other) - most(one) || one.localeCompare(other));
  const rows: [string, number[]][] = [
    ["documents", versions.map(({ documents }) => documents)],
    ...codes.map((code): [string, number[]] => [code, versions.map(({ counts }) => counts[code] ?? 0)]),
  ];
  const [shown, rest] = useSome(rows, "findings");
  if (history.length < 2) return null;
  return (
    <Stack gap="xs">
      <Title order={2}>
        Findings over the versions
      </Title>
      <Listed label="Findings over the versions" heads={["Finding", "Course", ...versions.map(({ version }) => version)]}>
        {shown.map(([name, counts]) => (
          <Table.Tr key={name}>
            <Table.Td className={name === "documents" ? undefined : "mono"}>{name}</Table.Td>
            <Table.Td>
              <Bars counts={counts} />
            </Table.Td>
            {counts.map((count, at) => (
              <Table.Td key={versions[at]?.version}>{said(count)}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Listed>
      {rest}
      <Text size="sm" c="dimmed">
        From {when(versions[0]?.made_at ?? "")} to {when(versions.at(-1)?.made_at ?? "")}, the oldest first. Numbers are of documents.
      </Text>
    </Stack>
  );
}

function Bars({ counts }: { counts: number[] }) {
  const most = Math.max(...counts, 1);
  return (
    <span className="bars" aria-hidden>
      {counts.map((count, at) => (
        <span key={at} style={{ height: `${(100 * count) / most}%` }} />
      ))}
    </span>
  );
}
