/** What this project can do, and the last things it did. */
import { Anchor, Group, Stack, Text, Title } from "@mantine/core";
import { useFeatures, useRecordings } from "../api/queries";
import { Empty, Found, Page } from "../parts/Page";
import { RecordingTable } from "../parts/RecordingTable";
import { to } from "../place";

const LAST = new URLSearchParams({ limit: "5" });

export default function Home() {
  const features = useFeatures();
  const recordings = useRecordings(LAST);
  return (
    <Page title="Features">
      <Found query={features}>
        {({ features: found }) =>
          found.length === 0 ? (
            <Empty>
              This project declares no feature yet. Write an async function under <code>@app.feature()</code> in{" "}
              <code>features.py</code> and start the server again.
            </Empty>
          ) : (
            <ul className="plain sides">
              {found.map((feature) => (
                <li key={feature.name} className="card">
                  <Anchor href={to(["features", feature.name])} fw={600}>
                    {feature.name}
                  </Anchor>
                  {feature.doc && (
                    <Text size="sm" c="dimmed" mt={4}>
                      {feature.doc}
                    </Text>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Found>
      <Stack gap="sm" component="section" aria-labelledby="last">
        <Group justify="space-between">
          <Title order={2} id="last">
            Last recordings
          </Title>
          <Anchor href={to(["recordings"])}>All recordings</Anchor>
        </Group>
        <Found query={recordings}>
          {(page) =>
            page.recordings.length === 0 ? (
              <Empty>Nothing was asked yet. Choose a feature above and ask it something.</Empty>
            ) : (
              <RecordingTable recordings={page.recordings} />
            )
          }
        </Found>
      </Stack>
    </Page>
  );
}
