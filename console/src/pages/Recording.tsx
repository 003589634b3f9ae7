/** One recording: what was asked, what came of it, and every step on the way. */
import { Anchor, Stack, Title } from "@mantine/core";
import { lazy, type ReactNode, Suspense } from "react";
import type { Schemas } from "../api/client";
import { useOffers, useRecording } from "../api/queries";
import { Answer } from "../parts/Answer";
import { BlockedNote, DegradedNote, FailureNote, Outcome } from "../parts/Outcome";
import { Facts, Found, Loading, Page } from "../parts/Page";
import { MakeCase } from "../parts/MakeCase";
import { Rating } from "../parts/Rating";
import { Timeline } from "../parts/Timeline";
import { Value } from "../parts/Value";
import { to } from "../place";
import { ms, usd, when } from "../words";

const ReplayPanel = lazy(() => import("../parts/ReplayPanel"));

export default function Recording({ id }: { id: string }) {
  const query = useRecording(id);
  return (
    <Page title={query.data ? `Recording of ${query.data.feature}` : "Recording"}>
      <Found query={query}>{(recording) => <Shown recording={recording} />}</Found>
    </Page>
  );
}

function Shown({ recording }: { recording: Schemas["Recording"] }) {
  const offers = useOffers();
  const facts: [string, ReactNode][] = [
    ["Outcome", <Outcome key="o" outcome={recording.outcome} />],
    ["Started", when(recording.started_at)],
    ["Time", ms(recording.ms)],
    ["Cost", usd(recording.cost_usd)],
    ["Feature", <Anchor key="f" href={to(["features", recording.feature])}>{recording.feature}</Anchor>],
    ["Release", <span key="r" className="mono">{recording.release}</span>],
  ];
  if (recording.subject) facts.push(["Subject", recording.subject]);
  if (recording.replay_of) facts.push(["Replay of", <Anchor key="p" className="mono" href={to(["recordings", recording.replay_of])}>{recording.replay_of}</Anchor>]);
  facts.push(["Recording", <span key="i" className="mono">{recording.id}</span>]);
  return (
    <>
      <div className="card">
        <Facts facts={facts} />
      </div>
      <BlockedNote blocked={recording.blocked} answered={recording.output !== null} />
      <DegradedNote degraded={recording.degraded} />
      <FailureNote failure={recording.failure} />
      <Part title="Input">
        <Value value={recording.input} />
      </Part>
      <Part title="Output">
        {recording.output === null ? "There is none." : <Answer output={recording.output} recordingId={recording.id} />}
      </Part>
      <Part title="Steps">
        <Timeline recording={recording} />
      </Part>
      <Part title="Replay with one thing changed">
        <Suspense fallback={<Loading />}>
          <ReplayPanel key={recording.id} recording={recording} />
        </Suspense>
      </Part>
      <Part title="Feedback">
        <Rating key={recording.id} recordingId={recording.id} />
      </Part>
      {offers?.makeCase && (
        <Part title="Case">
          <MakeCase key={recording.id} recordingId={recording.id} />
        </Part>
      )}
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <Title order={2}>{title}</Title>
      <div className="card">{children}</div>
    </Stack>
  );
}
