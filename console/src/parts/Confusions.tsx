/** Which class was given where which was right, for each scorer of classes. */
import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { many, said } from "../words";

type Confusion = Schemas["Confusion"];
const MOST_CLASSES = 12;
const MOST_LISTED = 30;

export function Confusions({ confusions }: { confusions: Confusion[] }) {
  return [...new Set(confusions.map((each) => each.scorer))].map((scorer) => (
    <OfScorer key={scorer} scorer={scorer} confusions={confusions.filter((each) => each.scorer === scorer)} />
  ));
}

function OfScorer({ scorer, confusions }: { scorer: string; confusions: Confusion[] }) {
  const classes = [...new Set(confusions.flatMap((each) => [each.expected, each.got]))].sort();
  const label = `What ${scorer} confused`;
  if (classes.length > MOST_CLASSES) return <Worst label={label} confusions={confusions.filter((each) => each.expected !== each.got)} />;
  return (
    <ConfusionTable label={label} heads="right ↓ given →" confusions={confusions}>
      <strong>{scorer}</strong>: answers by the class that is right (rows) and the class that was given (columns)
    </ConfusionTable>
  );
}

interface Counted {
  label: string;
  /** What the corner says of rows and columns. */
  heads: string;
  confusions: Pick<Confusion, "expected" | "got" | "count">[];
  /** The classes that may be right; without it, all. */
  rows?: string[];
  /** What is given where nothing is said, which is not wrong. */
  undecided?: string;
  children: ReactNode;
}

/** Counts by two classes; `children` say what they are of. */
export function ConfusionTable({ label, heads, confusions, rows, undecided, children }: Counted) {
  const classes = [...new Set(confusions.flatMap((each) => [each.expected, each.got]))].sort();
  const count = (expected: string, got: string) => confusions.find((each) => each.expected === expected && each.got === got)?.count ?? 0;
  return (
    <div className="card scrolls" role="region" aria-label={label} tabIndex={0}>
      <Text mb="xs">{children}</Text>
      <table className="confusion">
        <thead>
          <tr>
            <th scope="col">{heads}</th>
            {classes.map((got) => (
              <th key={got} scope="col">{got}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(rows ?? classes).map((expected) => (
            <tr key={expected}>
              <th scope="row">{expected}</th>
              {classes.map((got) => {
                const answers = count(expected, got);
                return (
                  <td key={got} data-right={(answers > 0 && expected === got) || undefined} data-wrong={(answers > 0 && expected !== got && got !== undecided) || undefined}>
                    {said(answers)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Too many classes for a table: the most frequent confusions, in words. */
function Worst({ label, confusions }: { label: string; confusions: Confusion[] }) {
  const left = confusions.length - MOST_LISTED;
  return (
    <section className="card" aria-label={label}>
      <strong>{label}</strong>
      <ul className="reasons">
        {confusions.slice(0, MOST_LISTED).map((each) => (
          <li key={`${each.expected} ${each.got}`}>
            {each.got} for {each.expected}: {many(each.count, "time")}
          </li>
        ))}
      </ul>
      {left > 0 && <Text size="sm">and {said(left)} rarer ones</Text>}
    </section>
  );
}
