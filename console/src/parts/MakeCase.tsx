/** A recording made a case of its feature, so that every later change is measured by it. */
import { Button, Checkbox, Group, Stack, TagsInput, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { post, type Schemas } from "../api/client";
import { Trouble } from "./Trouble";

export function MakeCase({ recordingId }: { recordingId: string }) {
  const [tags, setTags] = useState<string[]>([]);
  const [mustPass, setMustPass] = useState(false);
  const make = useMutation({
    mutationFn: () =>
      post<Schemas["MadeCase"]>(`v1/recordings/${encodeURIComponent(recordingId)}/case`, { tags, must_pass: mustPass }),
  });
  return (
    <Stack gap="xs">
      <Text size="sm">Evaluations then ask it again. A correction of it is what they expect.</Text>
      <Group gap="sm" align="end">
        <TagsInput label="Tags" size="xs" value={tags} onChange={setTags} />
        <Checkbox label="Must pass" size="xs" mb={6} checked={mustPass} onChange={(event) => setMustPass(event.currentTarget.checked)} />
        <Button size="xs" variant="default" disabled={make.isPending || make.isSuccess} onClick={() => make.mutate()}>
          Make this a case
        </Button>
      </Group>
      <div role="status">{make.data && <Made made={make.data} />}</div>
      {make.error && <Trouble error={make.error} />}
    </Stack>
  );
}

function Made({ made }: { made: Schemas["MadeCase"] }) {
  return (
    <>
      <Text size="sm">
        It is a case of {made.feature} now: <span className="mono">{made.case.id}</span>
      </Text>
      {made.notes.map((note) => (
        <Text key={note} size="sm">
          Note: {note}.
        </Text>
      ))}
    </>
  );
}
