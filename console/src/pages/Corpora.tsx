/** The corpora, each with how it stands at a glance: what answers, whether the last sync added up, what is wrong. */
import { Anchor, Group, Stack, Text } from "@mantine/core";
import type { Schemas } from "../api/client";
import { useCorpora } from "../api/queries";
import { stateOf, worst } from "../parts/corpusState";
import { Empty, Facts, Found, Page } from "../parts/Page";
import { to } from "../place";
import { said, when } from "../words";

const TOP = 3;

export default function Corpora() {
  const corpora = useCorpora();
  return (
    <Page title="Corpora">
      <Found query={corpora}>
        {({ corpora: found }) =>
          found.length === 0 ? (
            <Empty>
              This project has no corpus. Write <code>[corpora.NAME]</code> with a <code>source</code> into{" "}
              <code>holdfast.toml</code>, then type <code>holdfast sync</code>.
            </Empty>
          ) : (
            <ul className="plain sides">
              {found.map((corpus) => (
                <li key={corpus.name} className="card">
                  <Glance corpus={corpus} />
                </li>
              ))}
            </ul>
          )
        }
      </Found>
    </Page>
  );
}

function Glance({ corpus }: { corpus: Schemas["CorpusSaid"] }) {
  const current = corpus.versions.find((each) => each.current);
  const newest = corpus.versions.find((each) => each.newest);
  const { word, tone, why } = stateOf(corpus);
  const findings = worst(corpus.last_sync?.report.findings ?? []);
  return (
    <Stack gap="sm">
      <Group justify="space-between" align="start" wrap="nowrap">
        <Anchor href={to(["corpora", corpus.name])} fw={600} style={{ overflowWrap: "anywhere" }}>
          {corpus.name}
        </Anchor>
        <span className="pill" data-tone={tone}>{word}</span>
      </Group>
      {why && <div className="note" data-tone={tone}>{why}</div>}
      {current && newest && (
        <Facts
          facts={[
            ["Answers", current === newest ? `${current.name}, the newest` : `${current.name}; the newest is ${newest.name}`],
            ["Documents", said(current.documents)],
            ["Last sync", corpus.last_sync ? when(corpus.last_sync.at) : "not known"],
            ["Next sync", corpus.next_sync_at ? when(corpus.next_sync_at) : "when somebody asks"],
          ]}
        />
      )}
      {findings.length > 0 && (
        <ul className="plain">
          {findings.slice(0, TOP).map(({ code, message, count, severity }) => (
            <li key={code}>
              <Text size="sm">
                <span className="pill" data-tone={severity === "broken" ? "bad" : "warn"}>{said(count)}</span> {message}
              </Text>
            </li>
          ))}
        </ul>
      )}
    </Stack>
  );
}
