/** A job as it stands, and what one can do about it: see how far it is, cancel it, have it tried again. */
import { Anchor, Button, Group, Stack, Text } from "@mantine/core";
import { type QueryKey, useMutation } from "@tanstack/react-query";
import { type ReactNode, useEffect } from "react";
import { post, type Schemas } from "../api/client";
import { queries, unfinished, useJob } from "../api/queries";
import { to } from "../place";
import { likelihood, said } from "../words";
import { FailureNote } from "./Outcome";
import { Found } from "./Page";
import { syncReportOf } from "./SyncReport";
import { Trouble } from "./Trouble";
import { verdictOf, worded } from "./verdictWords";

type Job = Schemas["JobSaid"];
const TONES: Record<Job["status"], string> = { queued: "quiet", running: "warn", done: "good", failed: "bad", cancelled: "quiet" };
/** What the stage of a diagnosis begins with until one part is likely enough. */
const UNSURE = "unknown";
const LONG_MS = 5_000;

/** Whether a job waited for long when it was read, so that it may be that nobody does any. */
export const waitsLong = (job: Job, readAt: number): boolean => job.status === "queued" && readAt - Date.parse(job.created_at) > LONG_MS;

export function JobStatus({ job }: { job: Job }) {
  return (
    <span className="pill" data-tone={TONES[job.status]}>
      {job.cancelling && unfinished(job) ? "stopping" : job.status}
    </span>
  );
}

/** How far it is, in words; empty where nothing is known. */
export function progressOf({ kind, progress }: Job): string {
  if (!progress) return "";
  if (kind === "diagnosis") {
    const far = `after ${said(progress.done)} of at most ${said(progress.total ?? 0)} calls of models`;
    return progress.stage.startsWith(UNSURE) ? `not sure yet, the likeliest part is at${progress.stage.slice(UNSURE.length)}, ${far}` : `${worded(progress.stage)}, ${far}`;
  }
  return `${progress.stage} ${said(progress.done)}${progress.total === null ? "" : ` of ${said(progress.total)}`}`;
}

interface Props {
  id: string;
  /** What else has to be read again once it has ended. */
  stale: QueryKey[];
  /** What to show in place of a failure; null: the failure as it is. */
  failed?: (failure: Schemas["Failure"]) => ReactNode;
}

/** One job, read again until it has ended. */
export function JobUnderWay({ id, stale, failed }: Props) {
  const query = useJob(id);
  const over = query.data !== undefined && !unfinished(query.data);
  useEffect(() => {
    if (over) for (const queryKey of stale) void queries.invalidateQueries({ queryKey });
  }, [over]);
  return (
    <section className="card" aria-label="Job">
      <Found query={query}>
        {(job) => (
          <Stack gap="xs">
            <Group gap="xs">
              <span role="status">
                <JobStatus job={job} /> {outcome(job)}
              </span>
              <Anchor size="sm" href={to(["jobs", id])}>
                The job
              </Anchor>
            </Group>
            <JobProgress job={job} readAt={query.dataUpdatedAt} />
            {(job.failure && failed?.(job.failure)) ?? (
              <>
                <FailureNote failure={job.failure} />
                <JobButtons job={job} />
              </>
            )}
          </Stack>
        )}
      </Found>
    </section>
  );
}

/** What came of it in a few words, with the way to it. */
export function outcome(job: Job): ReactNode {
  if (job.status !== "done" || typeof job.result !== "object" || job.result === null) return null;
  const report = syncReportOf(job);
  if (report) {
    const version = <Anchor inherit href={to(["corpora", report.corpus, report.version])}>{`${report.corpus} ${report.version}`}</Anchor>;
    return report.published ? <>Made {version}.</> : <>Nothing had changed since {version}.</>;
  }
  const result: object = job.result;
  if (job.kind === "restore") return <>{String((result as { version?: string }).version)} answers.</>;
  if ("diagnosis_id" in result) return <Diagnosed result={result as Came} />;
  if ("gate_id" in result) return <Anchor inherit href={to(["gates", String(result.gate_id)])}>The gate</Anchor>;
  if ("evaluation_id" in result) return <Anchor inherit href={to(["evaluations", String(result.evaluation_id)])}>The evaluation</Anchor>;
  if ("trial_id" in result) return <Anchor inherit href={to(["trials", String(result.trial_id)])}>The trial</Anchor>;
  if ("recording_id" in result) return <Anchor inherit href={to(["recordings", String(result.recording_id)])}>The recording</Anchor>;
  return null;
}

interface Came {
  diagnosis_id: string;
  verdict: string;
  probability: number;
}

function Diagnosed({ result: { diagnosis_id, verdict, probability } }: { result: Came }) {
  const sure = verdict === "unknown" ? "not sure enough to say" : `${verdictOf({ verdict })}, ${likelihood(probability)}`;
  return <Anchor inherit href={to(["diagnoses", diagnosis_id])}>{`The diagnosis: ${sure}`}</Anchor>;
}

export function JobProgress({ job, readAt }: { job: Job; readAt: number }) {
  if (!unfinished(job)) return null;
  const { progress } = job;
  return (
    <>
      {progress && (
        <div>
          <Text size="sm">{progressOf(job)}</Text>
          <progress aria-label="Progress" value={progress.total === null ? undefined : progress.done} max={progress.total || undefined} />
        </div>
      )}
      {waitsLong(job, readAt) && <NotBegun />}
    </>
  );
}

export function NotBegun() {
  return (
    <div className="note" data-tone="warn">
      Nothing has begun it yet. Jobs are done, a few at a time, by <code>holdfast up</code>: if no other job is running, start it.
    </div>
  );
}

export function JobButtons({ job }: { job: Job }) {
  const act = useMutation({
    mutationFn: (what: "cancel" | "retry") => post<Job>(`v1/jobs/${encodeURIComponent(job.job_id)}/${what}`, undefined),
    onSuccess: async (changed) => {
      await queries.cancelQueries({ queryKey: ["jobs", "one", job.job_id] });
      queries.setQueryData(["jobs", "one", job.job_id], changed);
      await queries.invalidateQueries({ queryKey: ["jobs"] });
    },
  });
  const stops = unfinished(job) && !job.cancelling;
  const again = job.status === "failed" || job.status === "cancelled";
  return (
    <>
      {(stops || again) && (
        <Group>
          <Button size="xs" variant={stops ? "default" : "filled"} disabled={act.isPending} onClick={() => act.mutate(stops ? "cancel" : "retry")}>
            {stops ? "Cancel" : "Retry"}
          </Button>
        </Group>
      )}
      {act.error && <Trouble error={act.error} />}
    </>
  );
}
