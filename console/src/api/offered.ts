/** What routes take and give that a server may not have yet: they are used only where its own description names them. */
import type { Json, Schemas } from "./client";

/** One thing that goes wrong with a feature or its data: how often, of how many, and where. */
export interface CatalogueFinding {
  code: string;
  /** The feature, or the corpus for what is about data. */
  about: string;
  slot?: string;
  said: string;
  fix: string;
  count: number;
  of: number | null;
  share: Schemas["Interval"] | null;
  /** Ids of recordings; of documents for what is about data. */
  examples: string[];
  first_seen_at: string;
  last_seen_at: string;
  /** Whether the last look did not find it any more. */
  past?: boolean;
}

export interface Catalogue {
  feature: string;
  since: string;
  looked_at: string;
  recordings: number;
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

/** A diagnosis whose question was answered. */
export interface MayBeDecided {
  decided?: (Decided & { decision: Decision & { by: string }; at: string }) | null;
}
