/** What routes take and give that a server may not have yet: they are used only where its own description names them. */
import type { Json, Schemas } from "./client";

/** One thing that goes wrong with a feature: how often, of how many, and where. */
export interface CatalogueFinding {
  code: string;
  about: string;
  said: string;
  fix: string;
  count: number;
  of: number;
  share: Schemas["Interval"] | null;
  /** Ids of recordings. */
  examples: string[];
  first_seen_at: string | null;
  last_seen_at: string | null;
}

export interface Catalogue {
  feature: string;
  since: string;
  looked_at: number;
  findings: CatalogueFinding[];
}

/** Which of two answers is right, or what is in place of both, and the rule that says so. */
export interface Decision {
  right: "expected" | "answered" | "neither";
  expected: Json | null;
  rule: string;
}

/** The case and the rule that a decision became, and the files in which they stand. */
export interface Decided {
  case: string;
  file: string;
  rules_file: string;
}
