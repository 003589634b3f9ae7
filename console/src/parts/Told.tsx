/** A sentence of the server's, with what stands between backticks as code. */
import { sentence } from "./verdictWords";

export function Told({ text }: { text: string }) {
  return sentence(text)
    .split("`")
    .map((piece, at) => (at % 2 === 1 ? <code key={at}>{piece}</code> : piece));
}
