/** What one can have done with a corpus: sync it, see first what that would change, let a refused version pass, restore. */
import { Button, Checkbox, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { post, type Schemas } from "../api/client";
import { unfinished, useJob, useOffers } from "../api/queries";
import { bytes, many, ms, said, when } from "../words";
import { brokenSaid } from "./corpusState";
import { JobUnderWay } from "./JobUnderWay";
import { Facts } from "./Page";
import { Trouble } from "./Trouble";

type Forecast = Schemas["Forecast"];
interface Asked {
  what: "sync" | "forecast" | "restore";
  body: { full?: boolean; accept?: boolean; version?: string };
}

/** A job of a corpus, asked for here. */
function useAsking(name: string) {
  const [jobId, setJobId] = useState<string | null>(null);
  const ask = useMutation({
    mutationFn: ({ what, body }: Asked) => post<Schemas["JobTaken"]>(`v1/corpora/${encodeURIComponent(name)}/${what}`, body),
    onSuccess: ({ job_id }) => setJobId(job_id),
  });
  const job = useJob(jobId).data;
  const busy = ask.isPending || (jobId !== null && (job === undefined || unfinished(job)));
  return { jobId, job, busy, error: ask.error, ask: (asked: Asked) => busy || ask.mutate(asked) };
}

export function SyncControls({ corpus: { name, refused } }: { corpus: Schemas["CorpusSaid"] }) {
  const offers = useOffers();
  const [full, setFull] = useState(false);
  const { jobId, job, busy, error, ask } = useAsking(name);
  const inert = { "aria-disabled": busy, "data-disabled": busy || undefined };
  return (
    <Stack gap="xs">
      {refused && (
        <div className="note" data-tone="bad">
          <Stack gap="xs">
            <span>
              The sync of {when(refused.at)} was not published, and the version before still answers: {refused.broken.map(brokenSaid).join("; ")}.
            </span>
            <Confirmed
              label="Let it pass"
              title={`Let ${name} be published all the same?`}
              go={() => ask({ what: "sync", body: { accept: true } })}
              inert={busy}
            >
              The source is read again and what it has is published although {refused.broken.map(brokenSaid).join("; ")}. Your name stands in the report, and these limits
              stay passed until it gets worse.
            </Confirmed>
          </Stack>
        </div>
      )}
      <Group>
        <Button {...inert} onClick={() => ask({ what: "sync", body: { full } })}>
          Sync now
        </Button>
        {offers?.forecast && (
          <Button variant="default" {...inert} onClick={() => ask({ what: "forecast", body: { full } })}>
            Forecast first
          </Button>
        )}
        <Checkbox label="Make everything anew" description="Also lets most of the corpus vanish" checked={full} onChange={(event) => setFull(event.currentTarget.checked)} />
      </Group>
      {error && <Trouble error={error} />}
      {jobId && <JobUnderWay key={jobId} id={jobId} stale={[["corpora"]]} />}
      {job?.kind === "forecast" && job.status === "done" && <ForecastShown forecast={job.result as unknown as Forecast} />}
    </Stack>
  );
}

function ForecastShown({ forecast }: { forecast: Forecast }) {
  const { added, changed, removed, brakes } = forecast;
  return (
    <section className="card" aria-label="Forecast">
      <Stack gap="sm">
        <Text fw={600}>
          {added + changed + removed === 0
            ? "A sync would change nothing."
            : `A sync would add ${said(added)}, change ${said(changed)} and remove ${many(removed, "document")}.`}
        </Text>
        {brakes && (
          <div className="note" data-tone="warn">
            It would be refused, because so much of the corpus would vanish. If that is right, make everything anew.
          </div>
        )}
        <Facts
          facts={[
            ["As they are", said(forecast.unchanged)],
            ["Passed over", said(forecast.passed.reduce((sum, { count }) => sum + count, 0))],
            ["Chunks then", said(forecast.chunks)],
            ["To be embedded", said(forecast.embeds)],
            ["Embedding takes", forecast.seconds === null ? "nothing to embed" : `about ${ms(1000 * forecast.seconds)}`],
            ["Writes", bytes(forecast.writes_bytes)],
          ]}
        />
      </Stack>
    </section>
  );
}

type Version = Schemas["VersionSummary"];

/** The job that restores a version, and for each version that does not answer the button that asks for it. */
export function useRestoring(name: string, versions: Version[]) {
  const { jobId, busy, error, ask } = useAsking(name);
  const answers = versions.find((each) => each.current)?.name;
  const underWay = (
    <>
      {error && <Trouble error={error} />}
      {jobId && <JobUnderWay key={jobId} id={jobId} stale={[["corpora"]]} />}
    </>
  );
  const button = (version: Version) => (
    <Confirmed
      label="Restore"
      describes={`Restore ${version.name}`}
      title={`Let ${version.name} answer instead of ${answers}?`}
      go={() => ask({ what: "restore", body: { version: version.name } })}
      inert={busy}
    >
      {version.name} was made {when(version.created_at)} and has {many(version.documents, "document")}. It answers from then until a sync finds the source changed. Documents that were
      deleted since stay gone, and permissions are those of now.
    </Confirmed>
  );
  return { underWay, button };
}

interface Asking {
  label: string;
  describes?: string;
  title: string;
  go: () => void;
  inert: boolean;
  children: React.ReactNode;
}

/** A button that says what it is about to do before it does it. */
function Confirmed({ label, describes, title, go, inert, children }: Asking) {
  const [opened, { open, close }] = useDisclosure(false);
  const confirm = () => {
    close();
    go();
  };
  return (
    <div>
      <Button size="xs" variant="default" aria-label={describes} aria-disabled={inert} data-disabled={inert || undefined} onClick={() => inert || open()}>
        {label}
      </Button>
      <Modal.Root opened={opened} onClose={close} lockScroll={false}>
        <Modal.Overlay />
        <Modal.Content>
          <Group justify="space-between" wrap="nowrap" align="start" p="md" pb={0}>
            <Modal.Title fw={600}>{title}</Modal.Title>
            <Modal.CloseButton aria-label="Close" />
          </Group>
          <Modal.Body pt="sm">
            <Stack>
              <Text>{children}</Text>
              <Group justify="end">
                <Button variant="default" onClick={close}>
                  Leave it
                </Button>
                <Button onClick={confirm}>{label}</Button>
              </Group>
            </Stack>
          </Modal.Body>
        </Modal.Content>
      </Modal.Root>
    </div>
  );
}
