/** Has a change tried on recordings: which ones, what is changed, what it may cost; then how far it is. */
import { Button, Checkbox, Group, NumberInput, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { post, type Schemas } from "../api/client";
import { useOffers, useRelease } from "../api/queries";
import { many, said, usd } from "../words";
import { JobUnderWay } from "./JobUnderWay";
import { Found } from "./Page";
import { Chosen } from "./GivenChange";
import { type Changes, firstChange } from "./SettingField";
import { Trouble } from "./Trouble";
import { WhereField, wrongExpression } from "./WhereField";

type Release = Schemas["Release"];
type Trial = Schemas["Trial"];
const WORKING = "working";

interface Props {
  where: string;
  /** The change that is to be tried, where its reader was sent here with one. */
  given: Changes | null;
}

export function TryChange(props: Props) {
  const offered = useOffers()?.tryOut;
  return offered ? <OfRelease {...props} /> : null;
}

function OfRelease(props: Props) {
  const release = useRelease(WORKING);
  return <Found query={release}>{(found) => <TryForm {...props} release={found.release} />}</Found>;
}

function TryForm({ where, given, release }: Props & { release: Release }) {
  const [expression, setExpression] = useState(where || "since=7d");
  const [changes, setChanges] = useState<Changes>(() => given ?? firstChange(release));
  const [afresh, setAfresh] = useState(false);
  const [limit, setLimit] = useState<number | string>(1000);
  const [most, setMost] = useState<number | string>("");
  const asked = () => ({
    where: expression,
    set: changes,
    fresh: afresh ? ["generate"] : [],
    limit: Number(limit) || 1000,
    max_cost_usd: most === "" ? null : Number(most),
  });
  const forecast = useMutation({ mutationFn: () => post<Trial>("v1/trials/forecast", asked()) });
  const tried = useMutation({ mutationFn: () => post<Schemas["JobTaken"]>("v1/trials", asked()), onMutate: () => forecast.reset() });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    tried.mutate();
  };
  const error = tried.error ?? forecast.error;
  const wrong = wrongExpression(error);
  return (
    <Stack gap="xs">
      <form className="card" onSubmit={submit} aria-label="Try a change on recordings">
        <Stack gap="sm">
          <WhereField
            label="On the recordings for which this holds"
            value={expression}
            onChange={(event) => {
              setExpression(event.currentTarget.value);
              forecast.reset();
              tried.reset();
            }}
            wrong={wrong}
          />
          <Chosen given={given} release={release} onChange={setChanges} />
          <Checkbox label="Ask the models afresh, also where the answer is remembered" checked={afresh} onChange={(event) => setAfresh(event.currentTarget.checked)} />
          <Group align="end" gap="sm">
            <NumberInput label="At most so many" min={1} max={100000} allowDecimal={false} value={limit} onChange={setLimit} w="9rem" />
            <NumberInput label="Most to spend, USD" placeholder="no limit" min={0} value={most} onChange={setMost} w="10rem" />
            <Button type="submit" disabled={tried.isPending}>
              Try it
            </Button>
            <Button variant="default" disabled={forecast.isPending} onClick={() => forecast.mutate()}>
              What would it cost?
            </Button>
          </Group>
          <div aria-live="polite">{forecast.data && <Forecast trial={forecast.data} />}</div>
        </Stack>
      </form>
      {error && !wrong && <Trouble error={error} />}
      {tried.data && <JobUnderWay key={tried.data.job_id} id={tried.data.job_id} stale={[["trials"]]} />}
    </Stack>
  );
}

function Forecast({ trial }: { trial: Trial }) {
  return (
    <Text size="sm">
      {many(trial.matching, "recording matches", "recordings match")}; {trial.chosen === trial.matching ? "all of them" : `${said(trial.chosen)} of them, chosen by chance,`} would be replayed.{" "}
      {trial.unpriced === trial.chosen ? (
        "What they cost is not known."
      ) : (
        <>
          They cost {trial.recorded_usd === 0 ? "nothing" : usd(trial.recorded_usd)} when they were recorded
          {trial.unpriced > 0 && `, ${said(trial.unpriced)} of unknown price left out`}: about the most that this costs, at the same prices.
        </>
      )}
    </Text>
  );
}
