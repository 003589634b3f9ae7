/** What the pages read, by name. */
import { keepPreviousData, QueryClient, useQuery } from "@tanstack/react-query";
import { get, Refused, type Schemas } from "./client";

export const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 5_000 } },
});

const part = encodeURIComponent;

export const useFeatures = () =>
  useQuery({ queryKey: ["features"], queryFn: ({ signal }) => get<Schemas["Features"]>("v1/features", signal) });

export const useRecordings = (query: URLSearchParams) =>
  useQuery({
    queryKey: ["recordings", query.toString()],
    queryFn: ({ signal }) => get<Schemas["RecordingPage"]>(`v1/recordings?${query}`, signal),
    placeholderData: keepPreviousData,
  });

export const useRecording = (id: string) =>
  useQuery({
    queryKey: ["recording", id],
    queryFn: ({ signal }) => get<Schemas["Recording"]>(`v1/recordings/${part(id)}`, signal),
    staleTime: Number.POSITIVE_INFINITY, // a recording never changes
    enabled: id !== "",
  });

export const useRelease = (id: string) =>
  useQuery({
    queryKey: ["release", id],
    queryFn: ({ signal }) => get<Schemas["ReleaseDetail"]>(`v1/releases/${part(id)}`, signal),
    staleTime: Number.POSITIVE_INFINITY, // nor does a release
  });

export const useEvaluations = (before: string | null) =>
  useQuery({
    queryKey: ["evaluations", before],
    queryFn: ({ signal }) => get<Schemas["EvaluationPage"]>(`v1/evaluations${before ? `?before=${part(before)}` : ""}`, signal),
  });

export const useEvaluation = (id: string) =>
  useQuery({
    queryKey: ["evaluation", id],
    queryFn: ({ signal }) => get<Schemas["EvaluationSaid"]>(`v1/evaluations/${part(id)}`, signal),
  });

/** Evaluations of a feature, newest first. */
export const useEvaluationsOf = (feature: string) =>
  useQuery({
    queryKey: ["evaluations", "of", feature],
    queryFn: ({ signal }) => get<Schemas["EvaluationPage"]>(`v1/evaluations?limit=100&feature=${part(feature)}`, signal),
  });

export const useGates = (before: string | null) =>
  useQuery({
    queryKey: ["gates", "list", before],
    queryFn: ({ signal }) => get<Schemas["GatePage"]>(`v1/gates${before ? `?before=${part(before)}` : ""}`, signal),
  });

/** A gate, read again until it has ended. */
export const useGate = (id: string) =>
  useQuery({
    queryKey: ["gates", "one", id],
    queryFn: ({ signal }) => get<Schemas["Gate"]>(`v1/gates/${part(id)}`, signal),
    refetchInterval: ({ state }) => state.data !== undefined && underWay(state.data) && !(state.error instanceof Refused) && POLL_MS,
  });

export const useCertificates = (before: string | null) =>
  useQuery({
    queryKey: ["certificates", before],
    queryFn: ({ signal }) => get<Schemas["CertificatePage"]>(`v1/certificates${before ? `?before=${part(before)}` : ""}`, signal),
  });

export const useCertificate = (id: string) =>
  useQuery({
    queryKey: ["certificate", id],
    queryFn: ({ signal }) => get<Schemas["CertificateSaid"]>(`v1/certificates/${part(id)}`, signal),
  });

export const useReleases = () =>
  useQuery({ queryKey: ["releases"], queryFn: ({ signal }) => get<Schemas["ReleaseList"]>("v1/releases", signal) });

export const useTrials = (before: string | null) =>
  useQuery({
    queryKey: ["trials", "list", before],
    queryFn: ({ signal }) => get<Schemas["TrialPage"]>(`v1/trials${before ? `?before=${part(before)}` : ""}`, signal),
  });

/** A trial, read again until it has ended. */
export const useTrial = (id: string) =>
  useQuery({
    queryKey: ["trials", "one", id],
    queryFn: ({ signal }) => get<Schemas["Trial"]>(`v1/trials/${part(id)}`, signal),
    refetchInterval: ({ state }) => state.data !== undefined && underWay(state.data) && !(state.error instanceof Refused) && POLL_MS,
  });

const underWay = ({ finished_at, stopped }: { finished_at: string | null; stopped: string | null }): boolean => finished_at === null && stopped === null;

/** Pairs of a trial of one verdict; `done` is how far the trial is, so that they are read again when it goes on. */
export const usePairs = (id: string, verdict: Schemas["Pair"]["verdict"], after: string | null, done: number) =>
  useQuery({
    queryKey: ["trials", "pairs", id, verdict, after, done],
    queryFn: ({ signal }) =>
      get<Schemas["PairPage"]>(`v1/trials/${part(id)}/pairs?verdict=${verdict}&limit=20${after ? `&after=${part(after)}` : ""}`, signal),
    placeholderData: keepPreviousData,
  });

/** Diagnoses, newest first, narrowed as asked. */
export const useDiagnoses = (query: URLSearchParams) =>
  useQuery({
    queryKey: ["diagnoses", "list", query.toString()],
    queryFn: ({ signal }) => get<Schemas["DiagnosisPage"]>(`v1/diagnoses?${query}`, signal),
    placeholderData: keepPreviousData,
  });

export const useDiagnosis = (id: string) =>
  useQuery({
    queryKey: ["diagnoses", "one", id],
    queryFn: ({ signal }) => get<Schemas["DiagnosisSaid"]>(`v1/diagnoses/${part(id)}`, signal),
    staleTime: Number.POSITIVE_INFINITY, // nor does a diagnosis change, unless its question is answered
  });

/** Whether somebody found the answer of a recording bad; false until it is known. */
export const useFoundBad = ({ id, feature, started_at }: Schemas["Recording"], offered: boolean) => {
  const until = new Date(Date.parse(started_at) + 1_000).toISOString();
  const query = new URLSearchParams({ feature, since: started_at, until, where: "feedback.score < 0", limit: "200" });
  const found = useQuery({
    queryKey: ["recordings", query.toString()],
    queryFn: ({ signal }) => get<Schemas["RecordingPage"]>(`v1/recordings?${query}`, signal),
    enabled: offered,
  });
  return found.data?.recordings.some((each) => each.id === id) ?? false;
};

/** What went wrong with a feature lately, by kind, with counts and examples. */
export const useFindings = (feature: string, since: string) =>
  useQuery({
    queryKey: ["findings", feature, since],
    queryFn: ({ signal }) => get<Schemas["Stock"]>(`v1/features/${part(feature)}/findings?since=${part(since)}`, signal),
    placeholderData: keepPreviousData,
  });

export const useCorpora = () =>
  useQuery({ queryKey: ["corpora"], queryFn: ({ signal }) => get<Schemas["CorpusList"]>("v1/corpora", signal) });

export const useCorpus = (name: string) =>
  useQuery({
    queryKey: ["corpora", name],
    queryFn: ({ signal }) => get<Schemas["CorpusSaid"]>(`v1/corpora/${part(name)}`, signal),
  });

export const useVersion = (name: string, version: string) =>
  useQuery({
    queryKey: ["corpora", name, version],
    queryFn: ({ signal }) => get<Schemas["VersionSaid"]>(`v1/corpora/${part(name)}/versions/${part(version)}`, signal),
    enabled: version !== "",
  });

export const useDocument = (name: string, version: string, id: string) =>
  useQuery({
    queryKey: ["corpora", name, version, "document", id],
    queryFn: ({ signal }) =>
      get<Schemas["Document"]>(`v1/corpora/${part(name)}/versions/${part(version)}/documents/${part(id)}`, signal),
  });

export const useQuality = (name: string) =>
  useQuery({
    queryKey: ["corpora", name, "quality"],
    queryFn: ({ signal }) => get<Schemas["QualitySaid"]>(`v1/corpora/${part(name)}/quality`, signal),
    enabled: name !== "",
  });

/** A version's documents by id, whose title or id has the words. */
export const useDocuments = (name: string, version: string, words: string, after: string | null) =>
  useQuery({
    queryKey: ["corpora", name, version, "documents", words, after],
    queryFn: ({ signal }) =>
      get<Schemas["DocumentPage"]>(`v1/corpora/${part(name)}/versions/${part(version)}/documents?words=${part(words)}${after ? `&after=${part(after)}` : ""}`, signal),
    placeholderData: keepPreviousData,
  });

export const useClosely = (name: string, version: string, id: string) =>
  useQuery({
    queryKey: ["corpora", name, version, "closely", id],
    queryFn: ({ signal }) => get<Schemas["DocumentClosely"]>(`v1/corpora/${part(name)}/versions/${part(version)}/closely/${part(id)}`, signal),
  });

export const useCompared = (name: string, version: string, before: string) =>
  useQuery({
    queryKey: ["corpora", name, version, "since", before],
    queryFn: ({ signal }) => get<Schemas["VersionsCompared"]>(`v1/corpora/${part(name)}/versions/${part(version)}/since/${part(before)}`, signal),
  });

export interface WhyAsked {
  corpus: string;
  document: string;
  query: string;
  recording: string;
  version: string;
}

/** The walk of a document through a search; asked for once a document is named, and a query or a recording. */
export const useWhy = ({ corpus, ...asked }: WhyAsked) =>
  useQuery({
    queryKey: ["corpora", corpus, "why", asked],
    queryFn: ({ signal }) => {
      const given = Object.entries(asked).filter(([, value]) => value !== "");
      return get<Schemas["Walk"]>(`v1/corpora/${part(corpus)}/why?${new URLSearchParams(given)}`, signal);
    },
    enabled: corpus !== "" && asked.document !== "" && (asked.query !== "" || asked.recording !== ""),
  });

const POLL_MS = 1_000;
type Job = Schemas["JobSaid"];

export const unfinished = ({ status }: Job): boolean => status === "queued" || status === "running";

export const useJobs = (before: string | null) =>
  useQuery({
    queryKey: ["jobs", "list", before],
    queryFn: ({ signal }) => get<Schemas["JobPage"]>(`v1/jobs${before ? `?before=${part(before)}` : ""}`, signal),
    staleTime: 0,
    refetchInterval: ({ state }) => state.data?.jobs.some(unfinished) && POLL_MS,
  });

/** A job, read again until it has ended. */
export const useJob = (id: string | null) =>
  useQuery({
    queryKey: ["jobs", "one", id],
    queryFn: ({ signal }) => get<Job>(`v1/jobs/${part(id ?? "")}`, signal),
    refetchInterval: ({ state }) => state.data !== undefined && unfinished(state.data) && !(state.error instanceof Refused) && POLL_MS,
    enabled: id !== null,
  });

interface OpenApi {
  paths: Record<string, Record<string, { parameters?: { name: string; in: string }[] }>>;
  components?: { schemas?: { DiagnosisJobAsked?: { properties?: { max_calls?: { default?: number } } } } };
}

/** What the server that is asked offers; undefined until it is known. */
export const useOffers = () =>
  useQuery({
    queryKey: ["openapi"],
    queryFn: ({ signal }) => get<OpenApi>("openapi.json", signal),
    staleTime: Number.POSITIVE_INFINITY,
    select: ({ paths, components }) => ({
      diagnosisCalls: components?.schemas?.DiagnosisJobAsked?.properties?.max_calls?.default,
      tryOut: paths["/v1/trials"]?.post !== undefined,
      where: paths["/v1/recordings"]?.get?.parameters?.some((each) => each.name === "where") ?? false,
      diagnose: paths["/v1/recordings/{recording_id}/diagnose"]?.post !== undefined,
      decide: paths["/v1/diagnoses/{diagnosis_id}/answer"]?.post !== undefined,
      findings: paths["/v1/features/{name}/findings"]?.get !== undefined,
      release: paths["/v1/releases"]?.post !== undefined,
      gate: paths["/v1/gates"]?.post !== undefined,
      evaluate: paths["/v1/evaluations"]?.post !== undefined,
      makeCase: paths["/v1/recordings/{recording_id}/case"]?.post !== undefined,
      forecast: paths["/v1/corpora/{name}/forecast"]?.post !== undefined,
      restore: paths["/v1/corpora/{name}/restore"]?.post !== undefined,
      why: paths["/v1/corpora/{name}/why"]?.get !== undefined,
      findText: paths["/v1/recordings"]?.get?.parameters?.some((each) => each.name === "text") ?? false,
    }),
  }).data;
