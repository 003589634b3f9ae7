/** Has the working tree held against a release, where the server offers that; then how far it is. */
import { Button, Checkbox, Group, NativeSelect, NumberInput, Stack, TagsInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { post, type Schemas } from "../api/client";
import { useFeatures, useOffers, useRelease, useReleases } from "../api/queries";
import { JobUnderWay } from "./JobUnderWay";
import { Found } from "./Page";
import { Chosen } from "./GivenChange";
import type { Changes } from "./SettingField";
import { Trouble } from "./Trouble";

const WORKING = "working";
const LIVE = "live";

interface Asked {
  feature: string | null;
  against: string | null;
  /** A change of the working tree, where its reader was sent here with one. */
  given: Changes | null;
}

export function GateForm({ asked }: { asked: Asked }) {
  const offered = useOffers()?.gate;
  const features = useFeatures().data?.features ?? [];
  const releases = useReleases();
  if (!offered || features.length === 0) return null;
  return <Found query={releases}>{(found) => <TheForm asked={asked} features={features.map(({ name }) => name)} releases={found.releases} />}</Found>;
}

/** What can be held against, by what is sent: what answers now, the working tree, every release with a name. */
function baselines(releases: Schemas["ReleaseSummary"][], asked: string | null): { value: string; label: string }[] {
  const named = releases.filter((each) => each.name !== null && each.name !== WORKING);
  const live = named.find((each) => each.live);
  const listed = [
    ...(live ? [{ value: LIVE, label: `live: ${live.name}` }] : []),
    ...named.map(({ name }) => ({ value: name ?? "", label: name ?? "" })),
    { value: WORKING, label: "the working tree as it is" },
  ];
  return asked === null || listed.some(({ value }) => value === asked) ? listed : [{ value: asked, label: asked }, ...listed];
}

function TheForm({ asked, features, releases }: { asked: Asked; features: string[]; releases: Schemas["ReleaseSummary"][] }) {
  const sides = baselines(releases, asked.against);
  const [feature, setFeature] = useState(asked.feature && features.includes(asked.feature) ? asked.feature : (features[0] ?? ""));
  const [against, setAgainst] = useState(asked.against ?? sides[0]?.value ?? WORKING);
  const [changing, setChanging] = useState(asked.given !== null);
  const [changes, setChanges] = useState<Changes>(asked.given ?? {});
  const [margin, setMargin] = useState<number | string>(5);
  const [slices, setSlices] = useState<string[]>([]);
  const [primary, setPrimary] = useState("");
  const [repeat, setRepeat] = useState<number | string>("");
  const [most, setMost] = useState<number | string>("");
  const gate = useMutation({
    mutationFn: () =>
      post<Schemas["JobTaken"]>("v1/gates", {
        feature,
        against,
        set: changing ? changes : {},
        margin: margin === "" ? null : Number(margin) / 100,
        slices,
        primary: primary.trim() || null,
        repeat: repeat === "" ? null : Number(repeat),
        max_cost_usd: most === "" ? null : Number(most),
      }),
  });
  const change = (whether: boolean) => {
    setChanging(whether);
    setChanges(asked.given ?? {});
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    gate.mutate();
  };
  return (
    <Stack gap="xs">
      <form className="card" onSubmit={submit} aria-label="Hold the working tree against a release">
        <Stack gap="sm">
          <Group align="start" grow preventGrowOverflow={false}>
            <NativeSelect label="Feature" data={features} value={feature} onChange={(event) => setFeature(event.currentTarget.value)} />
            <NativeSelect label="Held against" data={sides} value={against} onChange={(event) => setAgainst(event.currentTarget.value)} />
          </Group>
          <Checkbox label="Change one setting of the working tree first" checked={changing} onChange={(event) => change(event.currentTarget.checked)} />
          {changing && <Change given={asked.given} onChange={setChanges} />}
          <Group align="end" gap="sm">
            <NumberInput label="A fall that matters, points" min={0.1} max={99} value={margin} onChange={setMargin} w="12rem" />
            <NumberInput label="Most to spend, USD" placeholder="no limit" min={0} value={most} onChange={setMost} w="10rem" />
            <Button type="submit" disabled={gate.isPending}>
              Hold against it
            </Button>
          </Group>
          <details>
            <summary>More choices</summary>
            <Stack gap="sm" mt="sm">
              <TagsInput label="Slices that decide too" description="Tags of cases, beside those the feature's bar declares; type one and press Enter" value={slices} onChange={setSlices} />
              <Group align="start" gap="sm">
                <TextInput label="Scorer that decides" placeholder="whether cases pass" value={primary} onChange={(event) => setPrimary(event.currentTarget.value)} />
                <NumberInput label="Times each case" placeholder="as often as it takes" min={1} max={100} allowDecimal={false} value={repeat} onChange={setRepeat} w="12rem" />
              </Group>
            </Stack>
          </details>
        </Stack>
      </form>
      {gate.error && <Trouble error={gate.error} />}
      {gate.data && <JobUnderWay key={gate.data.job_id} id={gate.data.job_id} stale={[["gates"]]} />}
    </Stack>
  );
}

function Change(props: { given: Changes | null; onChange: (changes: Changes) => void }) {
  const release = useRelease(WORKING);
  return <Found query={release}>{(found) => <Chosen {...props} release={found.release} />}</Found>;
}
