/** What was replaced, and how often the answer passed with it: shares with their intervals, held against the control. */
import { Anchor, Stack, Table, Text, Title } from "@mantine/core";
import type { Schemas } from "../api/client";
import { to } from "../place";
import { percent, said, usd } from "../words";
import { Listed } from "./Listed";
import { SHARES, Span } from "./Span";
import { shareInterval } from "./Standings";
import { begun, type Diagnosis, settingsSaid, worded } from "./verdictWords";

type Tried = Schemas["TriedSaid"];

const CONTROL = "again";
const NOISE: Tried["substitution"][] = ["again", "placebo"];

export function TriedPlot({ diagnosis: { tried } }: { diagnosis: Diagnosis }) {
  if (tried.length === 0) return null;
  const control = tried.find((each) => each.substitution === CONTROL);
  return (
    <Stack gap="xs">
      <Title order={2}>What was tried</Title>
      <Listed label="What was tried" heads={["Asked again", "Passed", "Share that passes, 90 % interval", "Answers", "Spent"]}>
        {tried.map((each) => (
          <Row key={`${each.substitution} ${each.beside}`} tried={each} control={control} />
        ))}
      </Listed>
      <Text size="sm" c="dimmed">
        The dot is the share that passes, the band its 90 % interval
        {control?.share && <>, the line the control: nothing replaced, {percent(control.share.estimate)}</>}. Each answer was asked afresh; what was not replaced
        is remembered.
      </Text>
    </Stack>
  );
}

function Row({ tried, control }: { tried: Tried; control?: Tried }) {
  const { substitution, beside, passed, asked, share, recordings, changes, in_words } = tried;
  const called = begun(tried.said || [substitution, ...(beside ? [beside] : [])].map(worded).join(" and "));
  return (
    <Table.Tr>
      <Table.Td style={{ minWidth: "11rem" }}>
        {called}
        {substitution === CONTROL && <> <span className="pill">control</span></>}
        {Object.keys(changes).length > 0 && <div className="mono">{settingsSaid(changes)}</div>}
      </Table.Td>
      <Table.Td style={{ whiteSpace: "nowrap" }}>
        {said(passed)} of {said(asked)}
        {in_words !== null && in_words !== passed && <Text size="sm" c="dimmed">{said(in_words)} by its words</Text>}
      </Table.Td>
      <Table.Td style={{ minWidth: "11rem" }}>
        {share && (
          <>
            {percent(share.estimate)} ({shareInterval(share)})
            <Span
              scale={SHARES}
              {...share}
              marks={control?.share ? [{ at: control.share.estimate, kind: "zero" }] : []}
              tone={NOISE.includes(substitution) ? "quiet" : undefined}
            />
          </>
        )}
      </Table.Td>
      <Table.Td>
        <Answers recordings={recordings} called={called} />
      </Table.Td>
      <Table.Td style={{ whiteSpace: "nowrap" }}>{usd(tried.spent_usd)}</Table.Td>
    </Table.Tr>
  );
}

/** The answers by number; without any, why. */
export function Answers({ recordings, called }: { recordings: string[]; called: string }) {
  if (recordings.length === 0) return <Text span size="sm" c="dimmed">not kept: a guard may have stopped them</Text>;
  return recordings.map((id, at) => (
    <span key={id}>
      {at > 0 && ", "}
      <Anchor inherit href={to(["recordings", id])} aria-label={`Answer ${at + 1}: ${called}`}>
        {at + 1}
      </Anchor>
    </span>
  ));
}
