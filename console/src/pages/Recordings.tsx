/** Every recording, newest first, narrowed by what the reader asks; the address holds the filters. */
import { Anchor, Button, Group, NativeSelect, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Refused } from "../api/client";
import { useFeatures, useOffers, useRecordings } from "../api/queries";
import { Empty, Found, Page } from "../parts/Page";
import { RecordingTable } from "../parts/RecordingTable";
import { WhereField, wrongExpression } from "../parts/WhereField";
import { go, to } from "../place";

const OUTCOMES = ["ok", "degraded", "blocked", "failed", "cancelled"];
const FILTERS = ["text", "where", "feature", "outcome", "subject", "release", "since", "until"] as const;
const MORE = ["subject", "release", "since", "until"] as const;
type Filters = Partial<Record<(typeof FILTERS)[number], string>>;

export default function Recordings({ query }: { query: URLSearchParams }) {
  const filters: Filters = Object.fromEntries(FILTERS.map((name) => [name, query.get(name) ?? ""]));
  const before = query.get("before");
  const asked = new URLSearchParams({ limit: "50" });
  for (const name of FILTERS) {
    const value = filters[name];
    if (value) asked.set(name, name === "since" || name === "until" ? new Date(value).toISOString() : value);
  }
  if (before) asked.set("before", before);
  const recordings = useRecordings(asked);
  const narrowed = FILTERS.some((name) => filters[name]);
  const older = recordings.data?.next;
  const wrong = wrongExpression(recordings.error);
  const offers = useOffers();
  return (
    <Page title="Recordings">
      <Narrow key={query.toString()} filters={filters} wrong={wrong} />
      {offers?.tryOut && filters.where && wrong === null && (
        <Text size="sm">
          <Anchor inherit href={to(["trials"], { where: filters.where })}>
            Try a change on what this expression finds
          </Anchor>
        </Text>
      )}
      {wrong === null && <Found query={recordings}>
        {(page) =>
          page.recordings.length > 0 ? (
            <RecordingTable recordings={page.recordings} />
          ) : narrowed || before ? (
            <Empty>
              No recording is like that. <a href={to(["recordings"])}>Show all of them</a>.
            </Empty>
          ) : (
            <Empty>
              Nothing was recorded yet. <a href={to([])}>Ask a feature something</a>, and what it did will stand here.
            </Empty>
          )
        }
      </Found>}
      {wrong === null && (before || older) && (
        <Group component="nav" aria-label="Pages of recordings">
          {before && <Anchor href={to(["recordings"], filters)}>Newest</Anchor>}
          {older && <Anchor href={to(["recordings"], { ...filters, before: older })}>Older</Anchor>}
        </Group>
      )}
    </Page>
  );
}

function Narrow({ filters, wrong }: { filters: Filters; wrong: Refused | null }) {
  const features = useFeatures();
  const offers = useOffers();
  const [wanted, setWanted] = useState<Filters>(filters);
  const [id, setId] = useState("");
  const choose = (change: Filters) => go(to(["recordings"], { ...wanted, ...change }));
  const field = (name: keyof Filters) => ({
    value: wanted[name] ?? "",
    onChange: (event: { currentTarget: { value: string } }) => setWanted({ ...wanted, [name]: event.currentTarget.value }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (id.trim()) go(to(["recordings", id.trim()]));
    else choose({});
  };
  return (
    <form className="card" onSubmit={submit} aria-label="Narrow the recordings">
      <Group align="end" gap="sm">
        {offers?.findText && (
          <Group align="end" gap="sm" wrap="nowrap">
            <TextInput type="search" label="Words of what was asked" {...field("text")} maxLength={200} flex="0 1 15rem" miw={0} />
            <Button type="submit" flex="none">
              Search
            </Button>
          </Group>
        )}
        <NativeSelect
          label="Feature"
          value={wanted.feature}
          onChange={(event) => choose({ feature: event.currentTarget.value })}
          data={[{ value: "", label: "any" }, ...(features.data?.features ?? []).map((each) => each.name)]}
        />
        <NativeSelect
          label="Outcome"
          value={wanted.outcome}
          onChange={(event) => choose({ outcome: event.currentTarget.value })}
          data={[{ value: "", label: "any" }, ...OUTCOMES]}
        />
        {FILTERS.some((name) => filters[name]) && (
          <Button component="a" href={to(["recordings"])} variant="subtle">
            Clear
          </Button>
        )}
      </Group>
      {offers?.where && (
        <Group align="start" gap="sm" mt="sm" wrap="nowrap">
          <WhereField {...field("where")} flex="1 1 20rem" miw={0} wrong={wanted.where === filters.where ? wrong : null} />
          <Button type="submit" flex="none" mt="1.6rem">
            Find
          </Button>
        </Group>
      )}
      <details open={MORE.some((name) => filters[name])} style={{ marginTop: "0.6rem" }}>
        <summary>Subject, release, time, id</summary>
        <Group align="end" gap="sm" mt="xs">
          <TextInput label="Subject" {...field("subject")} w="9rem" />
          <TextInput label="Release" {...field("release")} w="10rem" />
          <TextInput label="Since" type="datetime-local" {...field("since")} />
          <TextInput label="Until" type="datetime-local" {...field("until")} />
          <TextInput label="Recording's id" placeholder="rec_…" value={id} onChange={(event) => setId(event.currentTarget.value)} w="17rem" />
          <Button type="submit">Show</Button>
        </Group>
      </details>
    </form>
  );
}
