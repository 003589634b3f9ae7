/** The field for an expression that says which recordings; what is wrong with it stands below it. */
import { TextInput } from "@mantine/core";
import { Refused } from "../api/client";

const WRONG = "HF713";

/** What the server says of an expression that it cannot read; null for any other error. */
export const wrongExpression = (error: unknown): Refused | null => (error instanceof Refused && error.problem.code === WRONG ? error : null);

interface Props {
  value: string;
  onChange: (event: { currentTarget: { value: string } }) => void;
  wrong: Refused | null;
  label?: string;
  flex?: string;
  miw?: number;
}

export function WhereField({ value, onChange, wrong, label = "Expression", ...rest }: Props) {
  return (
    <TextInput
      label={label}
      description="As in: outcome=degraded and since=7d and text~refund"
      inputWrapperOrder={["label", "input", "error", "description"]}
      value={value}
      onChange={onChange}
      error={wrong && <Wrong expression={value} problem={wrong.problem} />}
      spellCheck={false}
      autoCapitalize="off"
      maxLength={2000}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
      {...rest}
    />
  );
}

/** The expression with the place marked from which it cannot be read, then the server's words. */
function Wrong({ expression, problem }: { expression: string; problem: Refused["problem"] }) {
  const at = Number(/at character (\d+)/.exec(problem.detail)?.[1] ?? 0) - 1;
  return (
    <>
      {at >= 0 && (
        <code>
          {expression.slice(0, at)}
          <mark>{expression.slice(at) || "…"}</mark>
        </code>
      )}
      <span style={{ display: "block" }}>
        {problem.detail}; {problem.fix}.
      </span>
    </>
  );
}
