/** How a request ended: as a word, and where it is not simply an answer, in a sentence. */
import type { Schemas } from "../api/client";

type OutcomeWord = Schemas["Recording"]["outcome"];
const TONES: Record<OutcomeWord, string> = { ok: "good", degraded: "warn", blocked: "bad", failed: "bad", cancelled: "quiet" };

export function Outcome({ outcome }: { outcome: OutcomeWord }) {
  return (
    <span className="pill" data-tone={TONES[outcome]}>
      {outcome}
    </span>
  );
}

export function DegradedNote({ degraded }: { degraded: Schemas["Degraded"] | null }) {
  if (!degraded) return null;
  return (
    <div className="note" data-tone="warn">
      <strong>Degraded.</strong> The first choice of <code>{degraded.slot}</code> did not answer, so rung {degraded.rung + 1} of its
      ladder did: <code>{degraded.model}</code>. Why: {degraded.reason}.
    </div>
  );
}

export function BlockedNote({ blocked, answered }: { blocked: Schemas["Blocked"] | null; answered: boolean }) {
  if (!blocked) return null;
  return (
    <div className="note" data-tone="bad">
      <strong>Blocked.</strong> The guard <code>{blocked.guard}</code> did not let the answer through: {blocked.reason}.{" "}
      {answered ? "What stands below is its safe answer." : "There is no answer."}
    </div>
  );
}

export function FailureNote({ failure }: { failure: Schemas["Failure"] | null }) {
  if (!failure) return null;
  return (
    <div className="note" data-tone="bad">
      <strong>{failure.code}</strong>: {failure.message}.<br />
      What to do: {failure.fix}.
    </div>
  );
}
