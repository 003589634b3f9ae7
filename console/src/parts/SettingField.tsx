/** Chooses one setting of a slot of a release, and another value for it. */
import { Group, NativeSelect } from "@mantine/core";
import { useState } from "react";
import type { Json, Schemas } from "../api/client";
import { ChangeField, modelsOf, settingsOf } from "./ChangeField";

type Release = Schemas["Release"];
/** Values by `slot.field`. */
export type Changes = Record<string, Json>;

/** Slots of models come first: they are what is changed most. */
const slotsOf = (release: Release): string[] => {
  const rank = (name: string) => (release.slots[name]?.kind === "models" ? 0 : 1);
  return Object.keys(release.slots).sort((one, other) => rank(one) - rank(other));
};

const settingsIn = (release: Release, slot: string): Changes => (release.slots[slot] ? settingsOf(release.slots[slot]) : {});

/** What stands there before anybody chooses: the first setting as it is. */
export function firstChange(release: Release): Changes {
  const [slot = ""] = slotsOf(release);
  const [setting] = Object.entries(settingsIn(release, slot));
  return setting ? { [`${slot}.${setting[0]}`]: setting[1] } : {};
}

export function SettingField({ release, onChange }: { release: Release; onChange: (changes: Changes) => void }) {
  const slots = slotsOf(release);
  const [slot, setSlot] = useState(slots[0] ?? "");
  const settings = settingsIn(release, slot);
  const [field, setField] = useState(Object.keys(settings)[0] ?? "");
  const [value, setValue] = useState<Json>(settings[field]);
  const give = (next: Json, inSlot = slot, ofField = field) => {
    setValue(next);
    onChange(ofField ? { [`${inSlot}.${ofField}`]: next } : {});
  };
  const choose = (nextSlot: string, nextField?: string) => {
    const now = settingsIn(release, nextSlot);
    const name = nextField ?? Object.keys(now)[0] ?? "";
    setSlot(nextSlot);
    setField(name);
    give(now[name], nextSlot, name);
  };
  return (
    <>
      <Group align="start" grow preventGrowOverflow={false}>
        <NativeSelect label="Slot" data={slots} value={slot} onChange={(event) => choose(event.currentTarget.value)} />
        <NativeSelect label="Setting" data={Object.keys(settings)} value={field} onChange={(event) => choose(slot, event.currentTarget.value)} />
      </Group>
      <ChangeField key={`${slot}.${field}`} slot={slot} field={field} value={value} models={modelsOf(release)} onChange={give} />
    </>
  );
}
