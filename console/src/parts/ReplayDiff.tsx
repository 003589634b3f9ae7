/** Two recordings of one request, side by side. */
import { Stack, Table, Text, Title } from "@mantine/core";
import { diffWords } from "diff";
import type { Json, Schemas } from "../api/client";
import { ms, usd } from "../words";
import { textOf } from "./Answer";
import { Outcome } from "./Outcome";
import { Value } from "./Value";

type Recording = Schemas["Recording"];

interface Two {
  before: Recording;
  after: Recording;
  titles?: [string, string];
  /** Tells them from other answers on the page. */
  of?: string;
}

/** Both answers, with what only one of them says marked. */
export function Abreast({ before, after, titles = ["Recorded", "Replayed"], of }: Two) {
  const parts = diffWords(textOf(before.output) ?? "", textOf(after.output) ?? "");
  return (
    <div className="sides">
      <Side title={titles[0]} of={of} recording={before}>
        {parts.filter((part) => !part.added).map((part, at) => (part.removed ? <del key={at}>{part.value}</del> : <span key={at}>{part.value}</span>))}
      </Side>
      <Side title={titles[1]} of={of} recording={after}>
        {parts.filter((part) => !part.removed).map((part, at) => (part.added ? <ins key={at}>{part.value}</ins> : <span key={at}>{part.value}</span>))}
      </Side>
    </div>
  );
}

export function ReplayDiff({ before, replay }: { before: Recording; replay: Schemas["Replay"] }) {
  const { recording: after, diff } = replay;
  const other = diff.output.filter((change) => change.path !== "text" && !(change.path === "" && typeof change.after === "string"));
  return (
    <Stack gap="md">
      <Abreast before={before} after={after} />
      {other.length > 0 && (
        <details>
          <summary>What else differs in the output: {other.length}</summary>
          <div className="scrolls" role="region" aria-label="Differences of the output" tabIndex={0}>
            <Table fz="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Where</Table.Th>
                  <Table.Th>Recorded</Table.Th>
                  <Table.Th>Replayed</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {other.map((change) => (
                  <Table.Tr key={change.path}>
                    <Table.Td className="mono">{change.path || "output"}</Table.Td>
                    <Table.Td><Value value={change.before} /></Table.Td>
                    <Table.Td><Value value={change.after} /></Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        </details>
      )}
      {diff.steps.length > 0 && (
        <div>
          <Title order={3}>Steps that only one of them has</Title>
          <ul style={{ margin: 0, paddingLeft: "1.2rem" }}>
            {diff.steps.map((step) => (
              <li key={step.key + step.side}>
                {step.side === "before" ? "Recorded" : "Replayed"}: {step.what}
              </li>
            ))}
          </ul>
        </div>
      )}
    </Stack>
  );
}

function Side({ title, of, recording, children }: { title: string; of?: string; recording: Recording; children: React.ReactNode }) {
  const output: Json = recording.output;
  return (
    <section className="card" aria-label={of ? `${title}, ${of}` : title}>
      <Title order={3}>{title}</Title>
      <Text size="sm" c="dimmed" mb="xs">
        <Outcome outcome={recording.outcome} /> {ms(recording.ms)} · {usd(recording.cost_usd)}
      </Text>
      {textOf(output) === null ? <Value value={output} /> : <p className="text" style={{ margin: 0 }}>{children}</p>}
    </section>
  );
}
