/** Two answers that can both be defended, side by side, and the one question to whoever owns the feature. */
import { Button, Group, Radio, Stack, Text, Textarea, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { post, type Schemas } from "../api/client";
import { queries, useOffers } from "../api/queries";
import { when } from "../words";
import { PassageList } from "./GoldPassages";
import { Trouble } from "./Trouble";
import type { Diagnosis } from "./verdictWords";

type Decision = Schemas["DecisionAsked"];
type Made = Schemas["DecisionMade"];

const TITLES = ["What was expected", "What was answered"];
const CHOICES: { value: Decision["right"]; label: string }[] = [
  { value: "expected", label: "What was expected" },
  { value: "answered", label: "What was answered" },
  { value: "neither", label: "Neither: something else" },
];

export function Decide({ diagnosis }: { diagnosis: Diagnosis }) {
  const { readings, question, recording, decided } = diagnosis;
  const offered = useOffers()?.decide;
  return (
    <Stack gap="xs" component="section" aria-labelledby="question">
      <Title order={2} id="question">
        One question to whoever owns the feature
      </Title>
      <Text>{question}</Text>
      <div className="sides">
        {readings.map((each, at) => (
          <Side key={at} title={TITLES[at] ?? `Reading ${at + 1}`} reading={each} recordingId={recording} />
        ))}
      </div>
      {decided && (
        <div className="note" role="status">
          <strong>Decided:</strong> {CHOICES.find(({ value }) => value === decided.decision.right)?.label ?? decided.decision.right}. The rule: {decided.decision.rule}
          <br />
          By {decided.decision.by || "somebody"}, {when(decided.at)}. It is the case <span className="mono">{decided.case}</span> in <code>{decided.file}</code>, and the rule stands in{" "}
          <code>{decided.rules_file}</code>. Another answer takes its place.
        </div>
      )}
      <div className="card">
        {offered ? (
          <Form diagnosisId={diagnosis.id} />
        ) : (
          <Text size="sm">
            Decide it by the case: make this recording a case below, and write what is right into its <code>expected</code> or <code>facts</code> in{" "}
            <code>evals/{diagnosis.feature}.jsonl</code>.
          </Text>
        )}
      </div>
    </Stack>
  );
}

function Side({ title, reading, recordingId }: { title: string; reading: Schemas["Reading"]; recordingId: string }) {
  return (
    <section className="card" aria-label={title}>
      <Stack gap="xs">
        <Title order={3}>{title}</Title>
        <p className="text" style={{ margin: 0 }}>{reading.text}</p>
        {reading.rests_on.length === 0 ? (
          <Text size="sm" c="dimmed">It rests on no passage.</Text>
        ) : (
          <details>
            <summary>What it rests on</summary>
            <PassageList passages={reading.rests_on} recordingId={recordingId} label={`${title} rests on`} />
          </details>
        )}
      </Stack>
    </section>
  );
}

function Form({ diagnosisId }: { diagnosisId: string }) {
  const [right, setRight] = useState<Decision["right"] | null>(null);
  const [expected, setExpected] = useState("");
  const [rule, setRule] = useState("");
  const decide = useMutation({
    mutationFn: (given: Decision) => post<Made>(`v1/diagnoses/${encodeURIComponent(diagnosisId)}/answer`, given),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["diagnoses"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (right) decide.mutate({ right, expected: right === "neither" ? expected.trim() : null, rule: rule.trim() });
  };
  const incomplete = right === null || !rule.trim() || (right === "neither" && !expected.trim());
  return (
    <form onSubmit={submit} onChange={() => decide.isSuccess && decide.reset()} aria-label="Answer the question">
      <Stack gap="sm">
        <Radio.Group label="Which is right?" value={right} onChange={(value) => setRight(value as Decision["right"])} required>
          <Stack gap="xs" mt={4}>
            {CHOICES.map((each) => (
              <Radio key={each.value} {...each} />
            ))}
          </Stack>
        </Radio.Group>
        {right === "neither" && <Textarea label="What is right" autosize minRows={2} value={expected} onChange={(event) => setExpected(event.currentTarget.value)} required />}
        <Textarea
          label="Which rule says so?"
          description="One sentence. It becomes a clause of the feature's rules, by which later answers are judged"
          autosize
          minRows={1}
          value={rule}
          onChange={(event) => setRule(event.currentTarget.value)}
          required
        />
        <Group>
          <Button type="submit" disabled={incomplete || decide.isPending || decide.isSuccess}>
            Answer it
          </Button>
        </Group>
        <div role="status">{decide.data && <Kept decided={decide.data} />}</div>
        {decide.error && <Trouble error={decide.error} />}
      </Stack>
    </form>
  );
}

function Kept({ decided }: { decided: Made }) {
  return (
    <Text size="sm">
      Decided. It is the case <span className="mono">{decided.case}</span> in <code>{decided.file}</code> now, and the rule stands in <code>{decided.rules_file}</code>.
    </Text>
  );
}
