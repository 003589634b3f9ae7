/** What every page has: a title that a screen reader is taken to, and its states while it has nothing to show. */
import { Loader, Stack, Title } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";
import { Trouble } from "./Trouble";

export function Page({ title, children }: { title: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Holdfast`;
    heading.current?.focus({ preventScroll: true });
  }, [title]);
  return (
    <Stack className="page" gap="lg">
      <Title order={1} ref={heading} tabIndex={-1} style={{ overflowWrap: "anywhere" }}>
        {title}
      </Title>
      {children}
    </Stack>
  );
}

/** Shows what a query found; until then that it is on its way, or why it failed. */
export function Found<T>({ query, children }: { query: UseQueryResult<T>; children: (data: T) => ReactNode }) {
  if (query.data !== undefined) return children(query.data);
  if (query.error) return <Trouble error={query.error} again={() => query.refetch()} />;
  return <Loading />;
}

export function Loading() {
  return (
    <div role="status">
      <Loader size="sm" aria-hidden /> <span className="hidden">Loading</span>
    </div>
  );
}

export function Empty({ children }: { children: ReactNode }) {
  return <div className="note">{children}</div>;
}

export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
