/** Shares as bars, for whoever would rather look; name and figure stand beside each. */
import { Anchor } from "@mantine/core";

export interface Chance {
  name: string;
  share: number;
  said: string;
  href?: string;
  /** Whether it is the one that is spoken of. */
  chosen?: boolean;
}

interface Props {
  label: string;
  chances: Chance[];
  /** A share to read them against. */
  mark?: number;
}

export function Chances({ label, chances, mark }: Props) {
  return (
    <ul className="plain chances" aria-label={label}>
      {chances.map(({ name, share, said, href, chosen }) => (
        <li key={name} data-chosen={chosen || undefined}>
          <span>
            {href ? (
              <Anchor inherit href={href} aria-current={chosen ? "true" : undefined}>
                {name}
              </Anchor>
            ) : (
              name
            )}
          </span>
          <span className="chance" aria-hidden>
            <span style={{ width: `${100 * Math.min(1, share)}%` }} />
            {mark !== undefined && <i style={{ left: `${100 * mark}%` }} />}
          </span>
          <span className="number">{said}</span>
        </li>
      ))}
    </ul>
  );
}
