/** The limits that a version has to keep, how far the data is from each, and what a new version like it would meet. */
import { Stack, Table, Text, Title } from "@mantine/core";
import type { Schemas } from "../api/client";
import { measured, worst } from "./corpusState";
import { Listed } from "./Listed";

type Quality = Schemas["QualitySaid"];

export function Limits({ corpus, quality: { report, limits } }: { corpus: string; quality: Quality }) {
  return (
    <Stack gap="xs">
      <Title order={2}>
        What stops a version
      </Title>
      {limits.length === 0 ? (
        <div className="note">
          Nothing does yet. A limit keeps a bad sync from being published, for example:
          <pre className="example" tabIndex={0} role="region" aria-label="An example of limits">{example(corpus, report.findings)}</pre>
        </div>
      ) : (
        <Listed label="Limits" heads={["Finding", "Limit", "Now", "A new version like this"]}>
          {limits.map(({ code, limit, figure, is_share, breaks }) => {
            const passed = report.accepted.find((each) => each.code === code);
            return (
              <Table.Tr key={code}>
                <Table.Td className="mono">{code}</Table.Td>
                <Table.Td>at most {measured(limit, is_share)}</Table.Td>
                <Table.Td>{measured(figure, is_share)}</Table.Td>
                <Table.Td>
                  <span className="pill" data-tone={!breaks ? "good" : passed ? "warn" : "bad"}>{!breaks ? "is published" : passed ? "is let pass" : "is stopped"}</span>{" "}
                  {breaks && passed && <Text span size="sm">by {passed.by}, while it gets no worse</Text>}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Listed>
      )}
    </Stack>
  );
}

/** Limits that would stop what is worst now from growing. */
function example(corpus: string, findings: Schemas["CorpusFinding"][]): string {
  const lines = worst(findings).slice(0, 3).map(({ code, count }) => `${code} = ${count}`);
  return [`[corpora.${corpus}.limits]`, ...(lines.length > 0 ? lines : ["injected = 0", 'volume_drop = "20%"'])].join("\n");
}
