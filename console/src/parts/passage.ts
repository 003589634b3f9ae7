/** Finding a passage in a rendered document: by its words, since the passage was cut from the document's Markdown. */

export interface Node {
  type: string;
  tagName?: string;
  value?: string;
  properties?: Record<string, unknown>;
  children?: Node[];
}

const BLOCKS = new Set(["p", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"]);
const SHORTEST = 4;
/** A block within the quote is part of it only when it says enough not to stand there by chance. */
const TELLING = 16;

/** Letters and digits alone, so that marks and line breaks of the Markdown do not matter. */
export function words(text: string): string {
  return text
    .replace(/<[^>]*>/g, " ")
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

/** Marks the blocks that hold the quote; where none does, those that are in the passage. */
export function rehypeCited(tree: Node, passage: string, quote: string): void {
  const blocks = [...innermost(tree)].map((node) => ({ node, said: words(textIn(node)) }));
  const asked = words(quote);
  const holding = asked.length >= SHORTEST ? blocks.filter(({ said }) => said.includes(asked) || (said.length >= TELLING && asked.includes(said))) : [];
  const whole = words(passage);
  const marked = holding.length > 0 ? holding : blocks.filter(({ said }) => said.length >= TELLING && whole.includes(said));
  for (const { node } of marked) node.properties = { ...node.properties, "data-cited": "" };
}

/** The one piece of HTML that cleaned documents hold, a line break in a cell, becomes one. */
export function rehypeBreaks(node: Node): void {
  for (const child of node.children ?? []) {
    if (child.type === "raw" && /^<br\s*\/?>$/i.test(child.value ?? "")) {
      Object.assign(child, { type: "element", tagName: "br", properties: {}, children: [], value: undefined });
    }
    rehypeBreaks(child);
  }
}

/** A quote without the marks of its Markdown. */
export function plainQuote(quote: string): string {
  return quote
    .replace(/<br\s*\/?>/gi, " ")
    .replace(/^\s*\||\|\s*$/gm, "")
    .replace(/\s*\|\s*/g, " · ")
    .replace(/\*\*([^*]+)\*\*/g, "$1")
    .trim();
}

/** Blocks that hold no other block. */
function* innermost(node: Node): Generator<Node> {
  let found = false;
  for (const child of node.children ?? []) {
    for (const inner of innermost(child)) {
      found = true;
      yield inner;
    }
  }
  if (!found && node.tagName && BLOCKS.has(node.tagName)) yield node;
}

function textIn(node: Node): string {
  return node.value ?? (node.children ?? []).map(textIn).join(node.tagName === "tr" ? " " : "");
}
