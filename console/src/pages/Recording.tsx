/** One recording: what was asked, what came of it, and every step on the way. */
import { Anchor, Stack, Title } from "@mantine/core";
import { lazy, type ReactNode, Suspense, useState } from "react";
import type { Schemas } from "../api/client";
import { useFoundBad, useOffers, useRecording } from "../api/queries";
import { Answer } from "../parts/Answer";
import { FindOutWhy } from "../parts/FindOutWhy";
import { BlockedNote, DegradedNote, FailureNote, Outcome } from "../parts/Outcome";
import { Facts, Found, Loading, Page } from "../parts/Page";
import { MakeCase } from "../parts/MakeCase";
import { Rating } from "../parts/Rating";
import { Timeline } from "../parts/Timeline";
import { Value } from "../parts/Value";
import { to } from "../place";
import { ms, usd, when } from "../words";

const BAD: Schemas["Recording"]["outcome"][] = ["failed", "blocked", "degraded"];
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
  const [foundBad, setFoundBad] = useState(false);
  const wentWrong = BAD.includes(recording.outcome);
  const foundBadBefore = useFoundBad(recording, !wentWrong && (offers?.where ?? false));
  const bad = wentWrong || foundBadBefore || foundBad;
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
  if (recording.evaluation) facts.push(["Asked by", <Asker key="e" id={recording.evaluation} />]);
  facts.push(["Recording", <span key="i" className="mono">{recording.id}</span>]);
  const why = offers?.diagnose && (
    <Part title="Why it is not good">
      <FindOutWhy key={recording.id} recording={recording} bad={bad} />
    </Part>
  );
  return (
    <>
      <div className="card">
        <Facts facts={facts} />
      </div>
      <BlockedNote blocked={recording.blocked} answered={recording.output !== null} />
      <DegradedNote degraded={recording.degraded} />
      <FailureNote failure={recording.failure} />
      {wentWrong && why}
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
        <Rating key={recording.id} recordingId={recording.id} onRate={(score) => setFoundBad(score < 0)} />
      </Part>
      {!wentWrong && why}
      {offers?.makeCase && (
        <Part title="Case">
          <MakeCase key={recording.id} recordingId={recording.id} />
        </Part>
      )}
    </>
  );
}

/** The evaluation or the diagnosis that asked. */
function Asker({ id }: { id: string }) {
  const ofDiagnosis = id.startsWith("dg_");
  return <Anchor href={to([ofDiagnosis ? "diagnoses" : "evaluations", id])}>{ofDiagnosis ? "a diagnosis" : "an evaluation"}</Anchor>;
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="xs" component="section" aria-label={title}>
      <Title order={2}>{title}</Title>
      <div className="card">{children}</div>
    </Stack>
  );
}
