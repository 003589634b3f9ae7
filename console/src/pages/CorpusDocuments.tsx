/** The documents of a version, found by words of their title or id. */
import { Anchor, Button, Group, Table, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useDocuments } from "../api/queries";
import { DocumentLink } from "../parts/Findings";
import { Listed } from "../parts/Listed";
import { Empty, Found, Page } from "../parts/Page";
import { go, to } from "../place";

export default function CorpusDocuments({ corpus, version, query }: { corpus: string; version: string; query: URLSearchParams }) {
  const asked = query.get("words") ?? "";
  const after = query.get("after");
  const [words, setWords] = useState(asked);
  const found = useDocuments(corpus, version, asked, after);
  const here = ["corpora", corpus, version, "documents"];
  const find = (event: FormEvent) => {
    event.preventDefault();
    go(to(here, { words: words.trim() }));
  };
  return (
    <Page title={`Documents of ${corpus} ${version}`}>
      <Anchor href={to(["corpora", corpus, version])}>The corpus</Anchor>
      <form onSubmit={find}>
        <Group align="end">
          <TextInput label="Words of a title or an id" value={words} onChange={(event) => setWords(event.currentTarget.value)} maxLength={200} style={{ flexGrow: 1 }} miw={0} />
          <Button type="submit">Find documents</Button>
        </Group>
      </form>
      <Found query={found}>
        {({ documents, next }) =>
          documents.length === 0 ? (
            <Empty>
              No document has these words in its title or id. {asked && <a href={to(here)}>See all of them</a>}
            </Empty>
          ) : (
            <>
              <Listed label="Documents" heads={["Title", "Id"]}>
                {documents.map(({ id, title }) => (
                  <Table.Tr key={id}>
                    <Table.Td>
                      <DocumentLink id={id} title={title} corpus={corpus} version={version} />
                    </Table.Td>
                    <Table.Td className="mono">{id}</Table.Td>
                  </Table.Tr>
                ))}
              </Listed>
              {(after || next) && (
                <Group component="nav" aria-label="Pages of documents">
                  {after && <Anchor href={to(here, { words: asked })}>First</Anchor>}
                  {next && <Anchor href={to(here, { words: asked, after: next })}>More</Anchor>}
                </Group>
              )}
            </>
          )
        }
      </Found>
    </Page>
  );
}
