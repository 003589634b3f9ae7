/** The words for what a diagnosis can come to, in one place. */
import type { Schemas } from "../api/client";

export type Diagnosis = Schemas["DiagnosisSaid"];
export type Verdict = Diagnosis["verdict"];
export type Changes = Record<string, unknown>;

/** Every verdict, in the order in which an answer comes about. */
export const VERDICTS: Verdict[] = [
  "data",
  "retrieval",
  "ranking",
  "context_noise",
  "prompt",
  "model",
  "provider",
  "guard",
  "task",
  "verifier",
  "intermittent",
  "interaction",
  "unknown",
];

export const worded = (name: string): string => name.replaceAll("_", " ");

export const begun = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** A sentence of the server's, whole. */
export const sentence = (text: string): string => (/[.?!]$/.test(text) ? begun(text) : `${begun(text)}.`);

/** A verdict in a few words; of several parts, which. */
export const verdictOf = ({ verdict, parts }: { verdict: string; parts?: string[] }): string =>
  verdict === "interaction" && parts && parts.length > 1 ? parts.map(worded).join(" and ") : worded(verdict);

/** Settings as one reads them. */
export const settingsSaid = (changes: Changes): string =>
  Object.entries(changes)
    .map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
    .join(", ");

/** Changes that stand in an address as JSON; null where there are none, or nothing that could be some. */
export function changesIn(query: URLSearchParams): Changes | null {
  try {
    const found: unknown = JSON.parse(query.get("set") ?? "null");
    return typeof found === "object" && found !== null && !Array.isArray(found) && Object.keys(found).length > 0 ? (found as Changes) : null;
  } catch {
    return null;
  }
}
