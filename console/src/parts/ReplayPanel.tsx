/** Replays a recording with one setting of its release changed, and shows both answers side by side. */
import { Anchor, Button, Checkbox, Group, NativeSelect, Stack, Text, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { type Json, post, type Schemas } from "../api/client";
import { queries, useRelease } from "../api/queries";
import { to } from "../place";
import { many, said } from "../words";
import { ChangeField, modelsOf, settingsOf } from "./ChangeField";
import { Found } from "./Page";
import { ReplayDiff } from "./ReplayDiff";
import { Trouble } from "./Trouble";

type Recording = Schemas["Recording"];
type Release = Schemas["Release"];

export default function ReplayPanel({ recording }: { recording: Recording }) {
  const release = useRelease(recording.release);
  return <Found query={release}>{(found) => <Change recording={recording} release={found.release} />}</Found>;
}

/** Slots that the recording used come first: changing another one changes nothing. */
function slotsOf(recording: Recording, release: Release): string[] {
  const used = new Set(
    recording.steps.flatMap(({ effect }) =>
      effect.kind === "generate" ? [effect.slot] : effect.kind === "check" ? [effect.guard] : effect.kind === "retrieve" ? [effect.corpus.split("@")[0] ?? ""] : [],
    ),
  );
  const rank = (name: string) => (release.slots[name]?.kind === "models" ? 0 : 1);
  return Object.keys(release.slots)
    .filter((name) => used.has(name))
    .sort((one, other) => rank(one) - rank(other));
}

function Change({ recording, release }: { recording: Recording; release: Release }) {
  const slots = slotsOf(recording, release);
  const [slot, setSlot] = useState(slots[0] ?? "");
  const chosen = release.slots[slot];
  const settings: Record<string, Json> = chosen ? settingsOf(chosen) : {};
  const [field, setField] = useState(Object.keys(settings)[0] ?? "");
  const [value, setValue] = useState<Json>(settings[field]);
  const [afresh, setAfresh] = useState(false);
  const replay = useMutation({
    mutationFn: () =>
      post<Schemas["Replay"]>(`v1/recordings/${encodeURIComponent(recording.id)}/replay`, {
        changes: field ? { [`${slot}.${field}`]: value } : {},
        fresh: afresh ? ["generate"] : [],
      }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["recordings"] }),
  });
  if (slots.length === 0) return <Text>The feature used no slot of its release, so there is nothing to change.</Text>;

  const choose = (nextSlot: string, nextField?: string) => {
    const next = release.slots[nextSlot];
    const now = next ? settingsOf(next) : {};
    const name = nextField ?? Object.keys(now)[0] ?? "";
    setSlot(nextSlot);
    setField(name);
    setValue(now[name]);
  };
  const models = modelsOf(release);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    replay.mutate();
  };
  return (
    <Stack gap="md">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Group align="start" grow preventGrowOverflow={false}>
            <NativeSelect label="Slot" data={slots} value={slot} onChange={(event) => choose(event.currentTarget.value)} />
            <NativeSelect label="Setting" data={Object.keys(settings)} value={field} onChange={(event) => choose(slot, event.currentTarget.value)} />
          </Group>
          <ChangeField key={`${slot}.${field}`} slot={slot} field={field} value={value} models={models} onChange={setValue} />
          <Checkbox label="Ask the models afresh, also where the answer is remembered" checked={afresh} onChange={(event) => setAfresh(event.currentTarget.checked)} />
          <Group>
            <Button type="submit" loading={replay.isPending}>
              Replay
            </Button>
          </Group>
        </Stack>
      </form>
      <div aria-live="polite">
        {replay.error && <Trouble error={replay.error} />}
        {replay.data && <Replayed before={recording} replay={replay.data} />}
      </div>
    </Stack>
  );
}

function Replayed({ before, replay }: { before: Recording; replay: Schemas["Replay"] }) {
  return (
    <Stack gap="sm">
      <Title order={3}>{replay.diff.same ? "The answer is the same" : "The answer differs"}</Title>
      <Text size="sm" c="dimmed">
        {many(replay.remembered, "step")} remembered, {said(replay.redone)} done again. {replay.code_changed && "The feature's code has changed since. "}
        <Anchor size="sm" href={to(["recordings", replay.recording.id])}>
          The replay's own recording
        </Anchor>
      </Text>
      <ReplayDiff before={before} replay={replay} />
    </Stack>
  );
}
