/** What somebody thinks of an answer: a thumb, and what it should have said. */
import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { type Json, post, type Schemas } from "../api/client";
import { Trouble } from "./Trouble";

interface Given {
  score?: number;
  comment?: string;
  correction?: Json;
}

interface Props {
  recordingId: string;
  /** Told of a score that was kept. */
  onRate?: (score: number) => void;
}

export function Rating({ recordingId, onRate }: Props) {
  const [score, setScore] = useState<number | null>(null);
  const [correction, setCorrection] = useState("");
  const [comment, setComment] = useState("");
  const rate = useMutation({
    mutationFn: (given: Given) => post<Schemas["Feedback"]>("v1/feedback", { recording_id: recordingId, ...given }),
  });
  const thumb = (given: number) => rate.mutate({ score: given }, { onSuccess: () => { setScore(given); onRate?.(given); } });
  const tell = () =>
    rate.mutate(
      { ...(score === null ? {} : { score }), ...(correction && { correction }), ...(comment && { comment }) },
      { onSuccess: () => { setCorrection(""); setComment(""); } },
    );
  return (
    <Stack gap="xs">
      <Group gap="xs">
        <Text size="sm">Was this a good answer?</Text>
        <Group gap="xs" wrap="nowrap">
          <Button size="xs" variant={score === 1 ? "filled" : "default"} aria-pressed={score === 1} leftSection={<Thumb />} disabled={rate.isPending} onClick={() => thumb(1)}>
            Yes
          </Button>
          <Button size="xs" variant={score === -1 ? "filled" : "default"} aria-pressed={score === -1} leftSection={<Thumb down />} disabled={rate.isPending} onClick={() => thumb(-1)}>
            No
          </Button>
        </Group>
      </Group>
      <details>
        <summary>Correct it</summary>
        <Stack gap="xs" mt="xs">
          <Textarea label="What it should have said" autosize minRows={2} value={correction} onChange={(event) => setCorrection(event.currentTarget.value)} />
          <Textarea label="Comment" autosize minRows={1} value={comment} onChange={(event) => setComment(event.currentTarget.value)} />
          <Group>
            <Button size="xs" disabled={(!correction.trim() && !comment.trim()) || rate.isPending} onClick={tell}>
              Send
            </Button>
          </Group>
        </Stack>
      </details>
      <div role="status">{rate.isSuccess && <Text size="sm">Kept with the recording. Thank you.</Text>}</div>
      {rate.error && <Trouble error={rate.error} />}
    </Stack>
  );
}

function Thumb({ down = false }: { down?: boolean }) {
  return (
    <svg width="14" height="14" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" strokeLinejoin="round" aria-hidden="true" transform={down ? "rotate(180)" : undefined}>
      <path d="M3 10h4v11H3zM7 10l4-8c2 0 3 1 3 3v4h5c1.5 0 2.5 1.2 2.2 2.7l-1.4 7C19.6 20 18.8 21 17.5 21H7" />
    </svg>
  );
}
