/** What went wrong, in the server's words: code, what happened, what to do. */
import { Button } from "@mantine/core";
import { Refused, Unreachable } from "../api/client";
import { to } from "../place";

export function Trouble({ error, again }: { error: unknown; again?: () => void }) {
  const problem = error instanceof Refused ? error.problem : null;
  const unreachable = error instanceof Unreachable;
  return (
    <div className="note" data-tone="bad" role="alert">
      {problem ? (
        <>
          <strong>{problem.code}</strong>: {problem.detail}.<br />
          What to do: {problem.fix}.
          {problem.recording_id && (
            <>
              {" "}
              <a href={to(["recordings", problem.recording_id])}>See the recording</a>.
            </>
          )}
        </>
      ) : unreachable ? (
        "The server stopped answering before this was complete."
      ) : (
        `This page of the console failed: ${String(error)}. Try it again; if that does not help, report it.`
      )}
      {again && (
        <div>
          <Button mt="xs" size="xs" variant="default" onClick={again}>
            Try again
          </Button>
        </div>
      )}
    </div>
  );
}
