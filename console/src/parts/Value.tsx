/** Any JSON value, readable: texts as texts, objects as names with values, lists as lists. */
import type { Json } from "../api/client";

export function Value({ value }: { value: Json }) {
  if (value === null || value === undefined) return <span style={{ color: "var(--mantine-color-dimmed)" }}>nothing</span>;
  if (typeof value === "string") return <span className="text">{value === "" ? "“”" : value}</span>;
  if (typeof value !== "object") return <span className="mono">{String(value)}</span>;
  const entries = Object.entries(value);
  if (entries.length === 0) return <span className="mono">{Array.isArray(value) ? "an empty list" : "an empty object"}</span>;
  return (
    <dl className="fields">
      {entries.map(([name, part]) => (
        <div key={name}>
          <dt>{Array.isArray(value) ? Number(name) + 1 : name}</dt>
          <dd>
            <Value value={part} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The value exactly as it is. */
export function Body({ value, label }: { value: Json; label: string }) {
  return (
    <pre className="body" tabIndex={0} aria-label={label} role="region">
      {JSON.stringify(value, null, 2)}
    </pre>
  );
}
