/** One feature: its form, its answer as it comes, and what the reader thinks of it. */
import { Anchor, Button, Stack, Text, Title } from "@mantine/core";
import type { RJSFSchema } from "@rjsf/utils";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import type { Json, Schemas } from "../api/client";
import { queries, useFeatures, useOffers } from "../api/queries";
import { ask, type Heard, type StepSaid } from "../api/stream";
import { Answer } from "../parts/Answer";
import { BlockedNote, DegradedNote } from "../parts/Outcome";
import { Empty, Found, Loading, Page } from "../parts/Page";
import { Rating } from "../parts/Rating";
import { Trouble } from "../parts/Trouble";
import { to } from "../place";
import { ms, usd } from "../words";

const Catalogue = lazy(() => import("../parts/Catalogue"));
const InputForm = lazy(() => import("../form/InputForm"));

interface Asked {
  state: "asking" | "done" | "stopped" | "failed";
  steps: StepSaid[];
  text: string;
  /** Why what was said so far was taken back. */
  reset: string | null;
  answer: Schemas["Answer"] | null;
  error: unknown;
}

const ASKING: Asked = { state: "asking", steps: [], text: "", reset: null, answer: null, error: null };

function heardMore(asked: Asked, heard: Heard): Asked {
  switch (heard.event) {
    case "step":
      return { ...asked, steps: [...asked.steps, heard.data] };
    case "delta":
      return { ...asked, text: asked.text + heard.data.text, reset: null };
    case "reset":
      return { ...asked, text: "", reset: heard.data.reason };
    case "done":
      return { ...asked, state: "done", answer: heard.data };
    case "error":
      return asked;
  }
}

export default function Feature({ name }: { name: string }) {
  const features = useFeatures();
  const offers = useOffers();
  return (
    <Page title={name}>
      <Found query={features}>
        {(found) => {
          const feature = found.features.find((each) => each.name === name);
          if (feature)
            return (
              <>
                <Ask key={name} feature={feature} />
                {offers?.findings && (
                  <Suspense fallback={<Loading />}>
                    <Catalogue key={name} feature={name} />
                  </Suspense>
                )}
              </>
            );
          return (
            <Empty>
              This project has no feature <code>{name}</code>. <a href={to([])}>See those it has</a>.
            </Empty>
          );
        }}
      </Found>
    </Page>
  );
}

function Ask({ feature }: { feature: Schemas["FeatureSaid"] }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const control = useRef<AbortController | null>(null);
  const last = useRef<Json>(null);
  useEffect(() => () => control.current?.abort(), []);

  const begin = async (input: Json) => {
    control.current?.abort();
    const mine = new AbortController();
    control.current = mine;
    last.current = input;
    setAsked(ASKING);
    try {
      await ask(feature.name, input, (heard) => setAsked((before) => before && heardMore(before, heard)), mine.signal);
    } catch (error) {
      if (control.current !== mine) return;
      setAsked((before) => before && { ...before, state: mine.signal.aborted ? "stopped" : "failed", error });
    }
    void queries.invalidateQueries({ queryKey: ["recordings"] });
  };
  const asking = asked?.state === "asking";
  return (
    <>
      {feature.doc && <Text c="dimmed">{feature.doc}</Text>}
      <div className="card">
        <Suspense fallback={<Loading />}>
          <InputForm schema={feature.input as RJSFSchema} onAsk={begin}>
            <Button type="submit" loading={asking}>
              Ask
            </Button>
            {asking && (
              <Button variant="default" onClick={() => control.current?.abort()}>
                Stop
              </Button>
            )}
          </InputForm>
        </Suspense>
      </div>
      {asked && (
        <section className="card" aria-label="Answer" aria-busy={asking}>
          <Stack gap="md">
            <Title order={2}>Answer</Title>
            <Progress asked={asked} />
            <div aria-live="polite">
              <Shown asked={asked} again={() => begin(last.current)} />
            </div>
            {asked.answer && <Rating key={asked.answer.recording_id} recordingId={asked.answer.recording_id} />}
          </Stack>
        </section>
      )}
    </>
  );
}

function Progress({ asked }: { asked: Asked }) {
  if (asked.state !== "asking") return null;
  return (
    <ul className="plain" aria-label="Steps so far">
      {asked.steps.map((step, at) => (
        <li key={at}>
          <Text size="sm" c="dimmed" component="span">
            {step.kind} {step.name} · {ms(step.ms)}
          </Text>
        </li>
      ))}
      <li>
        <Text size="sm" c="dimmed" component="span">
          working…
        </Text>
      </li>
    </ul>
  );
}

function Shown({ asked, again }: { asked: Asked; again: () => void }) {
  if (asked.state === "failed") return <Trouble error={asked.error} again={again} />;
  if (asked.state === "stopped") return <Text>Stopped. The recording of it says “cancelled”.</Text>;
  const { answer } = asked;
  if (!answer) {
    return (
      <>
        {asked.reset && <Text size="sm">Starting again: {asked.reset}</Text>}
        {asked.text && <p className="text" style={{ margin: 0, lineHeight: 1.6 }}>{asked.text}</p>}
      </>
    );
  }
  return (
    <Stack gap="sm">
      <BlockedNote blocked={answer.blocked} answered={answer.output !== null} />
      <DegradedNote degraded={answer.degraded} />
      <Answer output={answer.output} recordingId={answer.recording_id} />
      <Text size="sm" c="dimmed">
        {ms(answer.ms)} · {usd(answer.cost_usd)} ·{" "}
        <Anchor size="sm" href={to(["recordings", answer.recording_id])}>
          the recording
        </Anchor>
      </Text>
    </Stack>
  );
}
