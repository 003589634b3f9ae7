/** The input for one setting of a slot, as its kind of value asks for. */
import { NativeSelect, NumberInput, Switch, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Json, Schemas } from "../api/client";
import { useCorpus } from "../api/queries";

export type Slot = Schemas["Release"]["slots"][string];

const CHOICES: Record<string, readonly string[]> = {
  mode: ["hybrid", "lexical", "vector"] satisfies Schemas["CorpusSlot"]["mode"][],
  stream: ["checked", "early"] satisfies Schemas["ModelSlot"]["stream"][],
  on_fail: ["flag", "redact", "retry", "next_rung", "safe_answer", "block"] satisfies Schemas["GuardSlot"]["on_fail"][],
};
const LISTS = new Set(["models", "stop"]);
const TEXTS = new Set(["prompt", "version", "family", "safe_answer"]);

/** What can be changed of a slot, by name, as it is now. A guard's own settings stand beside its other ones. */
export function settingsOf(slot: Slot): Record<string, Json> {
  const { kind, ...fields } = slot;
  if (kind !== "guard") return "prompt" in fields ? { ...fields, prompt: fields.prompt?.path ?? "" } : fields;
  const { settings, ...others } = fields as Schemas["GuardSlot"];
  return { ...others, ...settings };
}

/** Every model that some slot of the release names, and the rung that needs none. */
export function modelsOf(release: Schemas["Release"]): string[] {
  return [...new Set(Object.values(release.slots).flatMap((each) => (each.kind === "models" ? each.models : [])).concat("extractive"))];
}

interface Props {
  slot: string;
  field: string;
  value: Json;
  /** Models that some slot of the release names. */
  models: string[];
  onChange: (value: Json) => void;
}

export function ChangeField({ slot, field, value, models, onChange }: Props) {
  if (field === "models") {
    return <TagsInput label="New value" description="A ladder, tried in order; type a model and press Enter" data={models} value={value as string[]} onChange={onChange} />;
  }
  if (LISTS.has(field)) return <TagsInput label="New value" description="Type one and press Enter" value={value as string[]} onChange={onChange} />;
  const choices = CHOICES[field];
  if (choices) return <NativeSelect label="New value" data={[...choices]} value={String(value)} onChange={(event) => onChange(event.currentTarget.value)} />;
  if (field === "version") return <VersionField corpus={slot} value={String(value)} onChange={onChange} />;
  if (field === "prompt") {
    return <TextInput label="New value" description="A file in the project's folder" value={String(value)} onChange={(event) => onChange(event.currentTarget.value)} />;
  }
  if (field === "safe_answer") {
    return <Textarea label="New value" autosize value={String(value ?? "")} onChange={(event) => onChange(event.currentTarget.value || null)} />;
  }
  if (TEXTS.has(field) || typeof value === "string") {
    return <TextInput label="New value" value={String(value)} onChange={(event) => onChange(event.currentTarget.value)} />;
  }
  if (typeof value === "number" || value === null) {
    return (
      <NumberInput label="New value" description={value === null ? "Empty: the provider's own" : undefined} value={value ?? ""} onChange={(given) => onChange(given === "" ? null : Number(given))} />
    );
  }
  if (typeof value === "boolean") return <Switch label="New value" checked={value} onChange={(event) => onChange(event.currentTarget.checked)} />;
  return <AsJson value={value} onChange={onChange} />;
}

/** A value of any shape; what is not JSON yet is not handed on. */
function AsJson({ value, onChange }: { value: Json; onChange: (value: Json) => void }) {
  const [text, setText] = useState(() => JSON.stringify(value));
  const [wrong, setWrong] = useState(false);
  const typed = (next: string) => {
    setText(next);
    try {
      onChange(JSON.parse(next));
      setWrong(false);
    } catch {
      setWrong(true);
    }
  };
  return <Textarea label="New value" description="As JSON" autosize error={wrong && "This is not JSON."} value={text} onChange={(event) => typed(event.currentTarget.value)} />;
}

function VersionField({ corpus, value, onChange }: { corpus: string; value: string; onChange: (value: string) => void }) {
  const versions = useCorpus(corpus).data?.versions ?? [];
  const data = [...new Set(["latest", ...versions.map((each) => each.name), value])];
  return <NativeSelect label="New value" data={data} value={value} onChange={(event) => onChange(event.currentTarget.value)} />;
}
