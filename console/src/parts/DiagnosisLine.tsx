/** A verdict as a word, how sure it is, and where it stands; and a recording's diagnoses as a list. */
import { Anchor, Text } from "@mantine/core";
import { useDiagnoses } from "../api/queries";
import { to } from "../place";
import { likelihood, usd, when } from "../words";
import { type Diagnosis, verdictOf } from "./verdictWords";

export function VerdictPill({ diagnosis: { verdict, parts, probability } }: { diagnosis: Pick<Diagnosis, "verdict" | "parts" | "probability"> }) {
  return (
    <span className="pill" data-tone={verdict === "unknown" ? "quiet" : "warn"}>
      {verdictOf({ verdict, parts })}
      {verdict !== "unknown" && ` ${likelihood(probability)}`}
    </span>
  );
}

/** What was found out about a recording before, newest first; nothing where nothing was. */
export function DiagnosesOf({ recordingId }: { recordingId: string }) {
  const query = useDiagnoses(new URLSearchParams({ recording: recordingId, limit: "20" }));
  const found = query.data?.diagnoses ?? [];
  if (found.length === 0) return null;
  return (
    <ul className="plain stacked" aria-label="Diagnoses of this recording">
      {found.map((each) => (
        <li key={each.id}>
          <Anchor inherit href={to(["diagnoses", each.id])}>
            {when(each.started_at)}
          </Anchor>{" "}
          <VerdictPill diagnosis={each} />{" "}
          <Text span size="sm" c="dimmed">
            {each.calls} calls, {usd(each.spent_usd)}
          </Text>
        </li>
      ))}
    </ul>
  );
}
