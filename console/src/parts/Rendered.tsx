/** A cleaned document's Markdown as it reads. */
import { useMemo } from "react";
import Markdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { type Node, rehypeBreaks } from "./passage";

/** Pictures are named, not fetched: they lie on other servers. Links open beside the console. */
const PARTS: Components = {
  img: ({ alt }) => <em>[{alt ? `picture: ${alt}` : "a picture"}]</em>,
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noopener noreferrer">
      {children}
    </a>
  ),
};

/** `mark` may change the tree before it is shown. */
export default function Rendered({ text, mark }: { text: string; mark?: (tree: Node) => void }) {
  const rehype = useMemo(() => [() => rehypeBreaks, ...(mark ? [() => mark] : [])], [mark]);
  return (
    <div className="document">
      <Markdown remarkPlugins={[remarkGfm]} rehypePlugins={rehype} components={PARTS}>
        {text}
      </Markdown>
    </div>
  );
}
