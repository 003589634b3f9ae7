/** The title of a cited document; pressed, it opens the document at the passage. */
import { Anchor, Drawer, Group } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { lazy, Suspense } from "react";
import { Loading } from "./Page";

const Cited = lazy(() => import("./CitedDocument"));

export interface Cited {
  document: string;
  chunk: string;
  title: string;
  url?: string | null;
  quote?: string;
}

interface Version {
  corpus: string;
  version: string;
}

export function OpenDocument({ cited, recordingId, at }: { cited: Cited; recordingId?: string; at?: Version }) {
  const [opened, { open, close }] = useDisclosure(false);
  const title = cited.title || cited.document;
  return (
    <>
      <Anchor component="button" type="button" inherit onClick={open} aria-haspopup="dialog" style={{ textAlign: "left" }}>
        {title}
      </Anchor>
      <Drawer.Root opened={opened} onClose={close} position="right" size="lg" lockScroll={false}>
        <Drawer.Overlay />
        <Drawer.Content>
          <Group justify="space-between" wrap="nowrap" p="md" pb={0}>
            <Drawer.Title fw={600}>{title}</Drawer.Title>
            <Drawer.CloseButton aria-label="Close the document" />
          </Group>
          <Drawer.Body>
            <Suspense fallback={<Loading />}>{opened && <Cited cited={cited} recordingId={recordingId ?? ""} at={at} />}</Suspense>
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
    </>
  );
}
