/** The ledger of a sync as a picture: where every item went, number by number; what does not add up in red. */
import { Stack, Text, Title } from "@mantine/core";
import type { Schemas } from "../api/client";
import { many, said } from "../words";

type Ledger = Schemas["Ledger"];

interface Stage {
  name: string;
  count: number;
  note?: string;
  red?: boolean;
}

export function LedgerFlow({ ledger }: { ledger: Ledger }) {
  const red = ledger.red.length > 0;
  return (
    <Stack gap="xs" component="section" aria-labelledby="ledger">
      <Title order={2} id="ledger">
        Where every item went <span className="pill" data-tone={red ? "bad" : "good"}>{red ? "does not add up" : "adds up"}</span>
      </Title>
      <div className="card">
        <Stack gap="md">
          <ol className="plain flow" aria-label="From the source to the search">
            {stagesOf(ledger).map((stage) => (
              <li key={stage.name} data-red={stage.red || undefined}>
                <span className="flow-name">{stage.name}</span>
                <span className="flow-count">{said(stage.count)}</span>
                {stage.name === "Fetched" && <Shares ledger={ledger} />}
                {stage.note && <span className="flow-note">{stage.note}</span>}
              </li>
            ))}
          </ol>
          {ledger.red.map((sentence) => (
            <div key={sentence} className="note" data-tone="bad">
              {sentence[0]?.toUpperCase()}
              {sentence.slice(1)}.
            </div>
          ))}
          <Text size="sm" c="dimmed">
            {ledger.searched === 0
              ? "Nothing new was written, so nothing had to be searched for."
              : `${many(ledger.written, "document")} were written, and each was looked up by its id; ${many(ledger.searched, "chunk")} were searched for with their own text.`}
          </Text>
        </Stack>
      </div>
    </Stack>
  );
}

function stagesOf(ledger: Ledger): Stage[] {
  const outcomes = ledger.kept + ledger.skipped + ledger.failed;
  const from: Stage[] = ledger.source
    .filter((each) => each.said !== null)
    .map(({ kind, here, said: told }) => ({ name: `Source: ${kind}`, count: told ?? 0, note: `${said(here)} here`, red: told !== here }));
  return [
    ...from,
    { name: "Fetched", count: ledger.fetched, note: `${said(ledger.kept)} kept, ${said(ledger.skipped)} skipped, ${said(ledger.failed)} failed`, red: ledger.fetched !== outcomes },
    { name: "Documents", count: ledger.documents, red: ledger.documents !== ledger.kept },
    { name: "Chunks", count: ledger.chunks, note: "pieces that are searched" },
    { name: "Indexed", count: ledger.indexed, note: ledger.vectors === null ? "by words only" : `${said(ledger.vectors)} with meaning`, red: ledger.indexed !== ledger.chunks || (ledger.vectors !== null && ledger.vectors !== ledger.chunks) },
    { name: "Retrievable", count: ledger.retrievable, note: `of ${said(ledger.written)} written; ${said(ledger.found)} of ${said(ledger.searched)} found`, red: ledger.retrievable !== ledger.written || ledger.found !== ledger.searched },
  ];
}

/** Kept, skipped and failed as parts of a bar; the numbers stand beside it. */
function Shares({ ledger: { kept, skipped, failed, fetched } }: { ledger: Ledger }) {
  const part = (count: number, tone: string) =>
    count > 0 && <span data-tone={tone} style={{ flexGrow: count, flexBasis: 0, minWidth: 3 }} />;
  return (
    <span className="flow-shares" aria-hidden>
      {part(kept, "good")}
      {part(skipped, "quiet")}
      {part(failed, "bad")}
      {part(fetched - kept - skipped - failed, "warn")}
    </span>
  );
}
