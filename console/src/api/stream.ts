/** A feature's answer as it comes: server-sent events read from a POST. */
import { type Json, Refused, type Schemas, send, Unreachable } from "./client";

export interface StepSaid {
  kind: string;
  name: string;
  ms: number;
  replayed: boolean;
}

export type Heard =
  | { event: "step"; data: StepSaid }
  | { event: "delta"; data: { text: string } }
  | { event: "reset"; data: { reason: string } }
  | { event: "done"; data: Schemas["Answer"] }
  | { event: "error"; data: Schemas["Problem"] };

/** Ask a feature; `hear` is told of every event in order. Throws what `send` throws, and Unreachable when it breaks off. */
export async function ask(feature: string, input: Json, hear: (heard: Heard) => void, signal: AbortSignal): Promise<void> {
  const response = await send(`v1/features/${encodeURIComponent(feature)}`, {
    method: "POST",
    body: JSON.stringify(input),
    headers: { Accept: "text/event-stream" },
    signal,
  });
  if (!response.body) throw new Unreachable();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  for (;;) {
    const { done, value } = await read(reader, signal);
    if (done) throw new Unreachable();
    const blocks = (waiting + value).split("\n\n");
    waiting = blocks.pop() ?? "";
    for (const block of blocks) {
      const heard = parsed(block);
      if (!heard) continue;
      if (heard.event === "error") throw new Refused(heard.data);
      hear(heard);
      if (heard.event === "done") return;
    }
  }
}

async function read(reader: ReadableStreamDefaultReader<string>, signal: AbortSignal) {
  try {
    return await reader.read();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Unreachable();
  }
}

/** One event; null for a comment. */
export function parsed(block: string): Heard | null {
  const fields = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim()]));
  const event = fields.get("event");
  const data = fields.get("data");
  return event && data ? ({ event, data: JSON.parse(data) } as Heard) : null;
}
