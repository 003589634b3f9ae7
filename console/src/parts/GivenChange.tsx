/** The change of a form: what its reader was sent with, until they choose another one. */
import { Button, Group, Text } from "@mantine/core";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { type Changes, firstChange, SettingField } from "./SettingField";
import { settingsSaid } from "./verdictWords";

interface Props {
  given: Changes | null;
  release: Schemas["Release"];
  onChange: (changes: Changes) => void;
}

export function Chosen({ given, release, onChange }: Props) {
  const [own, setOwn] = useState(given === null);
  if (own || given === null) {
    if (Object.keys(firstChange(release)).length === 0) return <Text size="sm">The release has no slot with a setting.</Text>;
    return <SettingField release={release} onChange={onChange} />;
  }
  const another = () => {
    setOwn(true);
    onChange(firstChange(release));
  };
  return (
    <Group gap="sm">
      <Text size="sm">
        With this changed: <span className="mono">{settingsSaid(given)}</span>
      </Text>
      <Button size="xs" variant="default" onClick={another}>
        Change something else
      </Button>
    </Group>
  );
}
