/** Has it found out why an answer is not good: how far it may go, how far it is, and what to do where it cannot. */
import { Anchor, Button, Group, NumberInput, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { post, type Schemas } from "../api/client";
import { useOffers } from "../api/queries";
import { to } from "../place";
import { DiagnosesOf } from "./DiagnosisLine";
import { JobUnderWay } from "./JobUnderWay";
import { Told } from "./Told";
import { Trouble } from "./Trouble";

type Recording = Schemas["Recording"];
type Failure = Schemas["Failure"];

const CANNOT = "HF740";
const PASSES = "HF741";
const UNSAID = "HF742";

interface Props {
  recording: Recording;
  /** Whether it is known to be bad, so that this is what its reader came for. */
  bad: boolean;
}

export function FindOutWhy({ recording, bad }: Props) {
  const usual = useOffers()?.diagnosisCalls;
  const [calls, setCalls] = useState<number | string>("");
  const [most, setMost] = useState<number | string>("");
  const [named, setNamed] = useState("");
  const find = useMutation({
    mutationFn: () =>
      post<Schemas["JobTaken"]>(`v1/recordings/${encodeURIComponent(recording.id)}/diagnose`, {
        ...(calls === "" ? {} : { max_calls: Number(calls) }),
        max_cost_usd: most === "" ? null : Number(most),
        case: named.trim() || null,
      }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    find.mutate();
  };
  if (recording.outcome === "cancelled") return <Cancelled recording={recording} />;
  return (
    <Stack gap="sm">
      <form onSubmit={submit} aria-label="Find out why">
        <Stack gap="sm">
          <Text size="sm">
            It is asked again with one part replaced at a time, to see with which of them the answer passes. Nothing live happens, and side effects are
            not repeated.
          </Text>
          <Group align="end" gap="sm">
            <NumberInput label="Most calls of models" placeholder={usual === undefined ? undefined : String(usual)} min={1} max={1000} allowDecimal={false} value={calls} onChange={setCalls} w="11rem" />
            <NumberInput label="Most to spend, USD" placeholder="no limit" min={0} value={most} onChange={setMost} w="10rem" />
            <Button type="submit" variant={bad ? "filled" : "default"} disabled={find.isPending}>
              Find out why
            </Button>
          </Group>
          <details>
            <summary>By another case</summary>
            <TextInput
              mt="xs"
              label="Id of a case of the feature"
              description="What it says is what a good answer says. Empty: the case of this input, else a correction, else who judges."
              value={named}
              onChange={(event) => setNamed(event.currentTarget.value)}
              maxLength={200}
            />
          </details>
        </Stack>
      </form>
      {find.error && <Trouble error={find.error} />}
      {find.data && (
        <JobUnderWay
          key={find.data.job_id}
          id={find.data.job_id}
          stale={[["diagnoses"]]}
          failed={(failure) => refused(failure, recording, () => find.mutate())}
        />
      )}
      <DiagnosesOf recordingId={recording.id} />
    </Stack>
  );
}

function Cancelled({ recording }: { recording: Recording }) {
  return (
    <Text size="sm">
      It was cancelled, so that there is no answer to look at. <Anchor inherit href={to(["features", recording.feature])}>Ask it again</Anchor>, and find out
      about what comes of it.
    </Text>
  );
}

/** What to do about a refusal that its reader can mend here; null for any other failure. */
function refused(failure: Failure, recording: Recording, again: () => void): ReactNode {
  const { feature } = recording;
  const file = <code>evals/{feature}.jsonl</code>;
  if (failure.code === UNSAID) {
    return (
      <Refusal title="Nothing says yet what a good answer is." code={failure.code}>
        <SayWhatIsGood recordingId={recording.id} again={again} />
        <Text size="sm">
          Or write a case with the same input, its <code>facts</code> or <code>gold</code>, into {file}: <code>holdfast cases add {feature} JSON</code>. A
          judge that may gate says it as well: <Anchor inherit href={to(["certificates"])}>which do</Anchor>.
        </Text>
      </Refusal>
    );
  }
  if (failure.code === PASSES) {
    return (
      <Refusal title="It passes: by what is known of a good answer, nothing is wrong with this one." code={failure.code} message={failure.message}>
        <SayWhatIsGood recordingId={recording.id} again={again} />
        <Text size="sm">
          Where a case in {file} has the same input, what that says counts before a correction: change the case, or name another one above.
        </Text>
      </Refusal>
    );
  }
  if (failure.code === CANNOT) {
    return (
      <Refusal title="This one cannot be asked again." code={failure.code} message={failure.message}>
        <Text size="sm"><Told text={`what to do: ${failure.fix}`} /></Text>
        <Text size="sm">
          <Anchor inherit href={to(["features", feature])}>Ask it anew</Anchor>, and find out about what comes of it; or make it a case below, and write what its
          side effects give into the case in {file}.
        </Text>
      </Refusal>
    );
  }
  return null;
}

interface Refused {
  title: string;
  code: string;
  message?: string;
  children: ReactNode;
}

function Refusal({ title, code, message, children }: Refused) {
  return (
    <Stack gap="sm">
      <div className="note" data-tone="warn">
        <strong>{title}</strong> {message && <Told text={message} />} <span className="mono">{code}</span>
      </div>
      {children}
    </Stack>
  );
}

function SayWhatIsGood({ recordingId, again }: { recordingId: string; again: () => void }) {
  const [correction, setCorrection] = useState("");
  const tell = useMutation({
    mutationFn: () => post<Schemas["Feedback"]>("v1/feedback", { recording_id: recordingId, correction: correction.trim() }),
    onSuccess: again,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    tell.mutate();
  };
  return (
    <form onSubmit={submit} aria-label="What a good answer says">
      <Stack gap="xs">
        <Textarea
          label="What should it have said?"
          description="Kept with the recording as a correction, and what the diagnosis goes by"
          autosize
          minRows={2}
          value={correction}
          onChange={(event) => setCorrection(event.currentTarget.value)}
          required
        />
        <Group>
          <Button type="submit" size="xs" disabled={!correction.trim() || tell.isPending || tell.isSuccess}>
            Send it, and find out why
          </Button>
        </Group>
        {tell.error && <Trouble error={tell.error} />}
      </Stack>
    </form>
  );
}
