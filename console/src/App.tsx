/** The frame around every page: where one can go, the theme, the key, and whether the server answers. */
import { ActionIcon, AppShell, Burger, Button, Group, NavLink, PasswordInput, Stack, Text, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { type FormEvent, lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { alive, setKey, useConnection } from "./api/client";
import { queries, useFeatures, useOffers } from "./api/queries";
import Home from "./pages/Home";
import { Boundary } from "./parts/Boundary";
import { Empty, Loading, Page } from "./parts/Page";
import { type Place, to, usePlace } from "./place";

const PAGES = {
  feature: () => import("./pages/Feature"),
  recordings: () => import("./pages/Recordings"),
  recording: () => import("./pages/Recording"),
  trials: () => import("./pages/Trials"),
  corpora: () => import("./pages/Corpora"),
  corpus: () => import("./pages/Corpus"),
  corpusDiff: () => import("./pages/CorpusDiff"),
  corpusDocuments: () => import("./pages/CorpusDocuments"),
  corpusDocument: () => import("./pages/CorpusDocument"),
  why: () => import("./pages/Why"),
  diagnoses: () => import("./pages/Diagnoses"),
  gates: () => import("./pages/Gates"),
  evaluations: () => import("./pages/Evaluations"),
  beside: () => import("./pages/Beside"),
  certificates: () => import("./pages/Certificates"),
  jobs: () => import("./pages/Jobs"),
};
const Feature = lazy(PAGES.feature);
const Recordings = lazy(PAGES.recordings);
const Recording = lazy(PAGES.recording);
const Trials = lazy(PAGES.trials);
const Corpora = lazy(PAGES.corpora);
const Corpus = lazy(PAGES.corpus);
const CorpusDiff = lazy(PAGES.corpusDiff);
const CorpusDocuments = lazy(PAGES.corpusDocuments);
const CorpusDocument = lazy(PAGES.corpusDocument);
const Why = lazy(PAGES.why);
const Diagnoses = lazy(PAGES.diagnoses);
const Gates = lazy(PAGES.gates);
const Evaluations = lazy(PAGES.evaluations);
const Beside = lazy(PAGES.beside);
const Certificates = lazy(PAGES.certificates);
const Jobs = lazy(PAGES.jobs);

const AGAIN_MS = 2_000;
const QUIET_MS = 10_000;
const SETTLED_MS = 500;

export function App() {
  const place = usePlace();
  const { down, locked } = useConnection();
  const [menu, { toggle, close }] = useDisclosure(false);
  const address = place.path.join("/");
  useEffect(() => {
    close();
    window.scrollTo(0, 0);
  }, [address, close]);
  // A page that nobody touches finds out too when the server stops.
  useEffect(() => {
    const timer = window.setInterval(() => document.visibilityState === "visible" && void alive(), QUIET_MS);
    return () => window.clearInterval(timer);
  }, []);
  // The other pages are small, and then they are here when the server is not.
  useEffect(() => {
    const timer = window.setTimeout(() => Object.values(PAGES).forEach((load) => void load().catch(alive)), SETTLED_MS);
    return () => window.clearTimeout(timer);
  }, []);
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 220, breakpoint: "sm", collapsed: { mobile: !menu } }} padding="md">
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between">
          <Group gap="xs">
            <Burger opened={menu} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" aria-expanded={menu} />
            <a href={to([])} style={{ color: "inherit", textDecoration: "none", fontWeight: 700 }}>
              Holdfast
            </a>
          </Group>
          <ThemeSwitch />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label="Pages">
        <Navigation place={place} />
      </AppShell.Navbar>
      <AppShell.Main>
        {down && <Down />}
        {locked !== null ? (
          <Unlock why={locked} />
        ) : (
          <Boundary key={address}>
            <Suspense fallback={<Loading />}>
              <Shown place={place} />
            </Suspense>
          </Boundary>
        )}
      </AppShell.Main>
    </AppShell>
  );
}

function Shown({ place: { path, query } }: { place: Place }): ReactNode {
  const [kind, name, more, last] = path;
  if (kind === undefined) return <Home />;
  if (kind === "features" && name) return <Feature name={name} />;
  if (kind === "recordings") return name ? <Recording id={name} /> : <Recordings query={query} />;
  if (kind === "trials") return <Trials id={name} query={query} />;
  if (kind === "corpora") return <OfCorpora place={{ path, query }} />;
  if (kind === "why") return <Why key={query.toString()} query={query} />;
  if (kind === "diagnoses") return <Diagnoses id={name} query={query} />;
  if (kind === "gates") return <Gates id={name} query={query} />;
  if (kind === "certificates") return <Certificates id={name} before={query.get("before")} />;
  if (kind === "evaluations" && name && more === "beside" && last) return <Beside one={name} other={last} />;
  if (kind === "evaluations") return <Evaluations id={name} before={query.get("before")} />;
  if (kind === "jobs") return <Jobs id={name} before={query.get("before")} />;
  return (
    <Page title="There is no such page">
      <Empty>
        The address names nothing the console has. <a href={to([])}>Go to the start</a>.
      </Empty>
    </Page>
  );
}

function OfCorpora({ place: { path, query } }: { place: Place }): ReactNode {
  const [, name, version, part, which] = path;
  if (name === undefined) return <Corpora />;
  if (version && part === "since" && which) return <CorpusDiff corpus={name} after={version} before={which} document={query.get("document")} />;
  if (version && part === "documents" && which) return <CorpusDocument corpus={name} version={version} id={which} />;
  if (version && part === "documents") return <CorpusDocuments corpus={name} version={version} query={query} />;
  return <Corpus key={name} name={name} version={version} />;
}

function Navigation({ place: { path } }: { place: Place }) {
  const features = useFeatures().data?.features ?? [];
  const offers = useOffers();
  const link = (label: string, target: string[], active: boolean) => (
    <NavLink key={target.join("/")} label={label} href={to(target)} active={active} aria-current={active ? "page" : undefined} />
  );
  return (
    <>
      {link("Features", [], path.length === 0)}
      {features.length > 0 && (
        <div style={{ paddingLeft: "0.75rem" }}>
          {features.map(({ name }) => link(name, ["features", name], path[0] === "features" && path[1] === name))}
        </div>
      )}
      {link("Recordings", ["recordings"], path[0] === "recordings")}
      {offers?.diagnose && link("Diagnoses", ["diagnoses"], path[0] === "diagnoses")}
      {link("Trials", ["trials"], path[0] === "trials")}
      {link("Gates", ["gates"], path[0] === "gates")}
      {link("Evaluations", ["evaluations"], path[0] === "evaluations")}
      {link("Certificates", ["certificates"], path[0] === "certificates")}
      {link("Corpora", ["corpora"], path[0] === "corpora")}
      {offers?.why && link("Why not found", ["why"], path[0] === "why")}
      {link("Jobs", ["jobs"], path[0] === "jobs")}
    </>
  );
}

function ThemeSwitch() {
  const { setColorScheme } = useMantineColorScheme();
  const other = useComputedColorScheme("light") === "light" ? "dark" : "light";
  return (
    <ActionIcon variant="default" size="lg" aria-label={`Use the ${other} theme`} onClick={() => setColorScheme(other)}>
      <svg width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth="2" aria-hidden="true">
        {other === "dark" ? <path d="M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z" /> : <path d="M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5 19 19M5 19l1.5-1.5M17.5 6.5 19 5" />}
      </svg>
    </ActionIcon>
  );
}

/** While the server does not answer: says so, asks until it does, then reads everything again. */
function Down() {
  useEffect(() => {
    const timer = window.setInterval(async () => {
      if (await alive()) await queries.invalidateQueries();
    }, AGAIN_MS);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <div className="page note" data-tone="warn" role="alert" style={{ marginBottom: "1rem" }}>
      The server does not answer. What you see may be old; the console asks again every two seconds. If it was stopped, start it with{" "}
      <code>holdfast up</code>.
    </div>
  );
}

function Unlock({ why }: { why: string }) {
  const [key, setTyped] = useState("");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setKey(key.trim());
    await queries.resetQueries();
  };
  return (
    <Page title="This server asks for a key">
      <form className="card" onSubmit={submit}>
        <Stack gap="sm">
          <Text>
            The server says: {why}. Make a key with <code>holdfast keys create NAME</code>. It is kept in this tab only.
          </Text>
          <PasswordInput label="Key" autoComplete="off" value={key} onChange={(event) => setTyped(event.currentTarget.value)} required />
          <Group>
            <Button type="submit">Use this key</Button>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}
