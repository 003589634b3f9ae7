/** Has a feature evaluated, where the server offers that. */
import { Button, Group, NativeSelect, NumberInput, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { post, type Schemas } from "../api/client";
import { useFeatures, useOffers } from "../api/queries";
import { JobUnderWay } from "./JobUnderWay";
import { Trouble } from "./Trouble";

export function Evaluate() {
  const features = useFeatures().data?.features ?? [];
  const offered = useOffers()?.evaluate;
  return offered && features.length > 0 ? <EvaluateForm features={features.map(({ name }) => name)} /> : null;
}

function EvaluateForm({ features }: { features: string[] }) {
  const [feature, setFeature] = useState(features[0] ?? "");
  const [repeat, setRepeat] = useState<number | string>(1);
  const [most, setMost] = useState<number | string>("");
  const evaluate = useMutation({
    mutationFn: () =>
      post<Schemas["JobTaken"]>("v1/evaluations", { feature, set: {}, repeat: Number(repeat) || 1, max_cost_usd: most === "" ? null : Number(most) }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    evaluate.mutate();
  };
  return (
    <Stack gap="xs">
      <form className="card" onSubmit={submit} aria-label="Evaluate a feature">
        <Group align="end" gap="sm">
          <NativeSelect label="Feature" data={features} value={feature} onChange={(event) => setFeature(event.currentTarget.value)} />
          <NumberInput label="Times each case" min={1} allowDecimal={false} value={repeat} onChange={setRepeat} w="9rem" />
          <NumberInput label="Most to spend, USD" placeholder="no limit" min={0} value={most} onChange={setMost} w="10rem" />
          <Button type="submit" disabled={evaluate.isPending}>
            Evaluate
          </Button>
        </Group>
      </form>
      {evaluate.error && <Trouble error={evaluate.error} />}
      {evaluate.data && <JobUnderWay key={evaluate.data.job_id} id={evaluate.data.job_id} stale={[["evaluations"]]} />}
    </Stack>
  );
}
