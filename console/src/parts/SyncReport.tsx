/** What a sync did: how much it took and passed over and why, what changed, how long it took. */
import { Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { ms, said, when } from "../words";
import { Facts } from "./Page";

export type SyncReport = Schemas["SyncReport"];
export type Synced = Schemas["LastSync"];

/** The report of a job that was a sync and is done. */
export function syncReportOf(job: Schemas["JobSaid"] | undefined): SyncReport | null {
  return job?.kind === "sync" && job.status === "done" ? (job.result as SyncReport | null) : null;
}

export function SyncReportShown({ report, at }: { report: SyncReport; at?: string | null }) {
  const facts: [string, ReactNode][] = [
    ["Version", report.published ? `${report.version}, new` : `${report.version}, as before`],
    ["Read", said(report.read)],
    ["Kept", said(report.kept)],
    ["Added", said(report.added)],
    ["Changed", said(report.changed)],
    ["Removed", said(report.removed)],
  ];
  if (at) facts.unshift(["Ended", when(at)]);
  const seconds = Object.entries(report.seconds);
  return (
    <Stack gap="sm">
      <Facts facts={facts} />
      {report.passed.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            Passed over
          </Text>
          <ul className="plain">
            {report.passed.map(({ reason, count, examples }) => (
              <li key={reason} className="text">
                {said(count)}: {reason}
                {examples.length > 0 && <span className="mono"> (such as {examples.slice(0, 3).join(", ")})</span>}
              </li>
            ))}
          </ul>
        </div>
      )}
      {seconds.length > 0 && (
        <Text size="sm">Time: {seconds.map(([stage, value]) => `${stage} ${ms(value * 1000)}`).join(", ")}</Text>
      )}
      {report.lexical_only && <div className="note" data-tone="warn">Search goes by words only: {report.lexical_only}</div>}
    </Stack>
  );
}
