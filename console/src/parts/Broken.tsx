/** A case that newly fails, reproduced: what was wrong, and both outputs side by side, word by word. */
import { Anchor, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { Schemas } from "../api/client";
import { to } from "../place";
import { said } from "../words";

type Regression = Schemas["Regression"];
type Words = Schemas["Words"];

export function Broken({ broken, opened }: { broken: Regression; opened: boolean }) {
  const [open, setOpen] = useState(opened);
  return (
    <details className="card" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>{broken.case}</strong> {broken.must_pass && <span className="pill" data-tone="bad">must pass</span>}{" "}
        {broken.tags.map((tag) => (
          <span key={tag} className="pill">{tag}</span>
        ))}
        <Text span size="sm" c="dimmed" style={{ display: "block", overflowWrap: "anywhere" }}>
          {said(broken.fresh_failed)} of {said(broken.fresh)} fresh answers failed, {said(broken.baseline_failed)} of {said(broken.baseline)} of the baseline (p{" "}
          {broken.p.toPrecision(2)})
        </Text>
      </summary>
      {open && <Opened broken={broken} />}
    </details>
  );
}

function Opened({ broken }: { broken: Regression }) {
  return (
    <Stack gap="sm" mt="sm">
      {broken.wrong && <div className="note" data-tone="bad">{broken.wrong}</div>}
      {broken.diff.length === 0 ? (
        <div className="note">The two outputs are not kept any more.</div>
      ) : (
        <div className="sides">
          <Side title="Baseline" broken={broken.case} recording={broken.baseline_recording} words={broken.diff.filter(({ kind }) => kind !== "added")} />
          <Side title="Candidate" broken={broken.case} recording={broken.recording} words={broken.diff.filter(({ kind }) => kind !== "removed")} />
        </div>
      )}
    </Stack>
  );
}

function Side({ title, broken, recording, words }: { title: string; broken: string; recording: string; words: Words[] }) {
  return (
    <section className="card" aria-label={`${title}, ${broken}`}>
      <Title order={3}>{title}</Title>
      {recording && (
        <Text size="sm" mb="xs">
          <Anchor inherit href={to(["recordings", recording])}>The {title.toLowerCase()}'s recording</Anchor>
        </Text>
      )}
      <p className="text" style={{ margin: 0 }}>
        {words.length === 0 && "It said nothing."}
        {words.map(({ kind, text }, at) => (kind === "removed" ? <del key={at}>{text}</del> : kind === "added" ? <ins key={at}>{text}</ins> : <span key={at}>{text}</span>))}
      </p>
    </section>
  );
}
