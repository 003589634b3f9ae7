/** Jobs, newest first, or one of them: how it stands, how far it is, and what came of it. */
import { Anchor, Group, Stack, Table, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { useJob, useJobs } from "../api/queries";
import { JobButtons, JobProgress, JobStatus, NotBegun, outcome, progressOf, waitsLong } from "../parts/JobUnderWay";
import { Listed } from "../parts/Listed";
import { FailureNote } from "../parts/Outcome";
import { Empty, Facts, Found, Page } from "../parts/Page";
import { SyncReportShown, syncReportOf } from "../parts/SyncReport";
import { Value } from "../parts/Value";
import { to } from "../place";
import { ms, said, when } from "../words";

type Job = Schemas["JobSaid"];

export default function Jobs({ id, before }: { id?: string; before: string | null }) {
  return id === undefined ? <All before={before} /> : <One key={id} id={id} />;
}

function All({ before }: { before: string | null }) {
  const query = useJobs(before);
  return (
    <Page title="Jobs">
      <Found query={query}>
        {({ jobs, next }) =>
          jobs.length === 0 ? (
            <Empty>
              No job was asked for yet. <a href={to(["corpora"])}>Sync a corpus</a>, or post to <code>/v1/features/NAME/jobs</code>.
            </Empty>
          ) : (
            <>
              {stuck(jobs, query.dataUpdatedAt) && <NotBegun />}
              <Listed label="Jobs" heads={["Asked for", "Kind", "Status", "Progress"]}>
                {jobs.map((job) => (
                  <Table.Tr key={job.job_id}>
                    <Table.Td>
                      <Anchor inherit href={to(["jobs", job.job_id])}>
                        {when(job.created_at)}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>{job.kind}</Table.Td>
                    <Table.Td>
                      <JobStatus job={job} />
                    </Table.Td>
                    <Table.Td>{job.status === "done" ? outcome(job) : progressOf(job)}</Table.Td>
                  </Table.Tr>
                ))}
              </Listed>
              {(before || next) && (
                <Group component="nav" aria-label="Pages of jobs">
                  {before && <Anchor href={to(["jobs"])}>Newest</Anchor>}
                  {next && <Anchor href={to(["jobs"], { before: next })}>Older</Anchor>}
                </Group>
              )}
            </>
          )
        }
      </Found>
    </Page>
  );
}

/** Whether a job waits for long while none is done. */
function stuck(jobs: Job[], readAt: number): boolean {
  return jobs.some((job) => waitsLong(job, readAt)) && !jobs.some((job) => job.status === "running");
}

function One({ id }: { id: string }) {
  const query = useJob(id);
  return (
    <Page title={query.data ? `Job: ${query.data.kind}` : "Job"}>
      <Found query={query}>{(job) => <Shown job={job} readAt={query.dataUpdatedAt} />}</Found>
    </Page>
  );
}

function Shown({ job, readAt }: { job: Job; readAt: number }) {
  const facts: [string, ReactNode][] = [
    ["Status", <span key="s" role="status"><JobStatus job={job} /></span>],
    ["Asked for", when(job.created_at)],
    ["Begun", job.started_at ? when(job.started_at) : "not yet"],
  ];
  if (job.ended_at) facts.push(["Ended", when(job.ended_at)]);
  if (job.started_at && job.ended_at) facts.push(["Time", ms(Date.parse(job.ended_at) - Date.parse(job.started_at))]);
  if (job.attempt > 1) facts.push(["Attempt", said(job.attempt)]);
  if (job.subject) facts.push(["Subject", job.subject]);
  if (job.webhook) facts.push(["Told", job.delivered_at ? when(job.delivered_at) : "not yet"]);
  facts.push(["Job", <span key="i" className="mono">{job.job_id}</span>]);
  return (
    <>
      <div className="card">
        <Stack gap="sm">
          <Facts facts={facts} />
          <JobProgress job={job} readAt={readAt} />
          <JobButtons job={job} />
        </Stack>
      </div>
      <FailureNote failure={job.failure} />
      {job.result !== null && (
        <Stack gap="xs" component="section" aria-labelledby="result">
          <Title order={2} id="result">
            What came of it
          </Title>
          <div className="card">
            <Result job={job} />
          </div>
        </Stack>
      )}
    </>
  );
}

function Result({ job }: { job: Job }) {
  const report = syncReportOf(job);
  return (
    <Stack gap="sm">
      <div>{outcome(job)}</div>
      {report ? <SyncReportShown report={report} /> : <Value value={job.result} />}
    </Stack>
  );
}
