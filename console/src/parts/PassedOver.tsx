/** What the last sync did not take, by reason: what failed first, since it should have been taken. */
import { Stack, Table, Text, Title } from "@mantine/core";
import type { Schemas } from "../api/client";
import { said } from "../words";
import { DocumentLink } from "./Findings";
import { Listed } from "./Listed";

export function PassedOver({ corpus, passed, version }: { corpus: string; passed: Schemas["PassedGroup"][]; version: string }) {
  if (passed.length === 0) return null;
  const named = passed.some(({ examples }) => examples.length > 0);
  return (
    <Stack gap="xs">
      <Title order={2}>
        Skipped and failed
      </Title>
      <Listed label="Skipped and failed" heads={["Items", "Why", ...(named ? ["Such as"] : [])]}>
        {passed.map(({ reason, count, examples, failed }) => (
          <Table.Tr key={`${reason} ${failed}`}>
            <Table.Td style={{ whiteSpace: "nowrap" }}>
              {said(count)} <span className="pill" data-tone={failed ? "bad" : "quiet"}>{failed ? "failed" : "skipped"}</span>
            </Table.Td>
            <Table.Td style={{ overflowWrap: "anywhere" }}>{reason}</Table.Td>
            {named && (
              <Table.Td>
                {examples.map((id, at) => (
                  <span key={id}>
                    {at > 0 && ", "}
                    <DocumentLink id={id} corpus={corpus} version={version} />
                  </span>
                ))}
              </Table.Td>
            )}
          </Table.Tr>
        ))}
      </Listed>
      <Text size="sm" c="dimmed">
        What did not become a document has no permissions, so it is counted here and named only by <code>holdfast sync {corpus}</code>.
      </Text>
    </Stack>
  );
}
