/** How a corpus stands, in a word, from what its last sync reported. */
import type { Schemas } from "../api/client";
import { percent, said, when } from "../words";

type Corpus = Schemas["CorpusSaid"];
type Finding = Schemas["CorpusFinding"];
export type Tone = "good" | "warn" | "bad" | "quiet";

export const SEVERITIES: Record<Finding["severity"], { word: string; tone: Tone }> = {
  broken: { word: "Somebody should act", tone: "bad" },
  worth_a_look: { word: "Worth a look", tone: "warn" },
  note: { word: "Good to know", tone: "quiet" },
};

/** What a limit or a figure of one says: a count, or a share. */
export const measured = (value: number, isShare: boolean): string => (isShare ? percent(value) : said(value));

export const brokenSaid = ({ code, figure, limit, is_share }: Schemas["Broken"]): string =>
  `${code} is ${measured(figure, is_share)}, the limit ${measured(limit, is_share)}`;

/** The worst first and without mere notes. */
export const worst = (findings: Finding[]): Finding[] => findings.filter(({ severity }) => severity !== "note");

export function stateOf(corpus: Corpus): { word: string; tone: Tone; why: string | null } {
  const ledger = corpus.last_sync?.report.ledger ?? null;
  if (corpus.refused !== null) {
    const broken = corpus.refused.broken.map(brokenSaid).join("; ");
    return { word: "refused", tone: "bad", why: `The sync of ${when(corpus.refused.at)} was not published: ${broken}.` };
  }
  if (corpus.versions.length === 0) return { word: "never synced", tone: "quiet", why: null };
  if (ledger !== null && ledger.red.length > 0) return { word: "does not add up", tone: "bad", why: `${ledger.red[0]}.` };
  if (ledger !== null && ledger.failed > 0) return { word: "some failed", tone: "warn", why: null };
  if (corpus.versions.some((each) => each.current && !each.newest)) return { word: "restored", tone: "warn", why: null };
  return ledger === null ? { word: "not accounted for", tone: "quiet", why: null } : { word: "adds up", tone: "good", why: null };
}
