/** Certificates of judges, or one of them: how far a model that judges agrees with people, and whether it may gate. */
import { Anchor, Group, Stack, Table, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { useCertificate, useCertificates } from "../api/queries";
import { Listed } from "../parts/Listed";
import { Empty, Facts, Found, Page } from "../parts/Page";
import { type Scale, SHARES, Span } from "../parts/Span";
import { useSome } from "../parts/some";
import { shareInterval } from "../parts/Standings";
import { to } from "../place";
import { figure, percent, said, usd, when } from "../words";

type Certificate = Schemas["CertificateSaid"];
type Interval = Schemas["Interval"];

const KAPPA: Scale = { from: -1, to: 1 };

export default function Certificates({ id, before }: { id?: string; before: string | null }) {
  return id === undefined ? <All before={before} /> : <One key={id} id={id} />;
}

const labelsOf = (each: Certificate): number => each.good_passed + each.good_failed + each.bad_passed + each.bad_failed;
const kappaOf = (kappa: Interval | null): string => (kappa === null ? "not measured" : `${kappa.estimate.toFixed(2)} (${(kappa.low ?? -1).toFixed(2)} to ${(kappa.high ?? 1).toFixed(2)})`);

function All({ before }: { before: string | null }) {
  const query = useCertificates(before);
  return (
    <Page title="Certificates">
      <Text>A model that judges answers decides nothing until people's labels have shown how far it agrees with them.</Text>
      <Found query={query}>
        {(page) =>
          page.certificates.length === 0 ? (
            <Empty>
              No judge has a certificate yet. Give a judge labels, as in <code>scorers.Judge(labels="evals/labels.jsonl")</code>; it is made when its feature is{" "}
              <a href={to(["evaluations"])}>evaluated</a>.
            </Empty>
          ) : (
            <>
              <Listed label="Certificates" heads={["Made", "Feature", "Judge", "Labels", "Kappa", "May it gate?", "Until"]}>
                {page.certificates.map((each) => (
                  <Table.Tr key={each.id}>
                    <Table.Td>
                      <Anchor inherit href={to(["certificates", each.id])} style={{ whiteSpace: "nowrap" }}>
                        {when(each.made_at)}
                      </Anchor>
                    </Table.Td>
                    <Table.Td>{each.feature}</Table.Td>
                    <Table.Td>{each.scorer}</Table.Td>
                    <Table.Td>{said(labelsOf(each))}</Table.Td>
                    <Table.Td>
                      {kappaOf(each.kappa)}
                      {each.kappa && <Span scale={KAPPA} {...each.kappa} marks={[{ at: 0, kind: "zero" }]} />}
                    </Table.Td>
                    <Table.Td>
                      <Gates certificate={each} />
                    </Table.Td>
                    <Table.Td>{when(each.expires_at)}</Table.Td>
                  </Table.Tr>
                ))}
              </Listed>
              {(before || page.next) && (
                <Group component="nav" aria-label="Pages of certificates">
                  {before && <Anchor href={to(["certificates"])}>Newest</Anchor>}
                  {page.next && <Anchor href={to(["certificates"], { before: page.next })}>Older</Anchor>}
                </Group>
              )}
            </>
          )
        }
      </Found>
    </Page>
  );
}

function Gates({ certificate }: { certificate: Certificate }) {
  return (
    <span className="pill" data-tone={certificate.gates ? "good" : "warn"}>
      {certificate.gates ? "may gate" : "informs only"}
    </span>
  );
}

function One({ id }: { id: string }) {
  const query = useCertificate(id);
  return (
    <Page title={query.data ? `Certificate of ${query.data.scorer}` : "Certificate"}>
      <Found query={query}>{(certificate) => <Shown certificate={certificate} />}</Found>
    </Page>
  );
}

function Shown({ certificate }: { certificate: Certificate }) {
  const facts: [string, ReactNode][] = [
    ["Feature", certificate.feature],
    ["Labels", said(labelsOf(certificate))],
    ["Made", when(certificate.made_at)],
    ["Expires", when(certificate.expires_at)],
    ["Cost", usd(certificate.spent_usd)],
  ];
  if (certificate.unjudged > 0) facts.push(["Without a verdict", said(certificate.unjudged)]);
  if (certificate.stale > 0) facts.push(["Labels that do not count", `${said(certificate.stale)}, of another version or too old`]);
  if (certificate.release) facts.push(["All answers of", <span key="r" className="mono">{certificate.release}</span>]);
  return (
    <>
      <section className="card" aria-label="Verdict">
        <Stack gap="sm">
          <div>
            <Gates certificate={certificate} /> {certificate.why && <Text span>{certificate.why}</Text>}
          </div>
          <Text size="sm" c="dimmed">
            It holds for this rubric, these models, these labels and this version of the feature; when one of them changes, another certificate is needed.
          </Text>
          <Facts facts={facts} />
        </Stack>
      </section>
      <Agreement certificate={certificate} />
      <Counts certificate={certificate} />
      <Disagreements certificate={certificate} />
    </>
  );
}

function Agreement({ certificate }: { certificate: Certificate }) {
  const rows: { name: string; about: string; found: Interval | null; scale: Scale; said: string }[] = [
    { name: "Kappa", about: "agreement with people beyond chance", found: certificate.kappa, scale: KAPPA, said: kappaOf(certificate.kappa) },
    { name: "Sensitivity", about: "good answers that it passes", found: certificate.sensitivity, scale: SHARES, said: shareOf(certificate.sensitivity) },
    { name: "Specificity", about: "bad answers that it fails", found: certificate.specificity, scale: SHARES, said: shareOf(certificate.specificity) },
    { name: "Balanced accuracy", about: "the mean of both, by whose lower end it may gate", found: certificate.balanced, scale: SHARES, said: shareOf(certificate.balanced) },
    {
      name: "People among themselves",
      about: certificate.overlap === 0 ? "no answer has labels of two people" : `kappa, on ${figure(certificate.overlap)} answers that two of them labelled`,
      found: certificate.people,
      scale: KAPPA,
      said: kappaOf(certificate.people),
    },
  ];
  return (
    <Stack gap="xs">
      <Title order={2}>Agreement</Title>
      <Listed label="Agreement" heads={["Measure", "Estimate, with its 95 % interval", "What it is"]}>
        {rows.map((row) => (
          <Table.Tr key={row.name}>
            <Table.Td>{row.name}</Table.Td>
            <Table.Td>
              {row.said}
              {row.found && <Span scale={row.scale} {...row.found} marks={row.scale === KAPPA ? [{ at: 0, kind: "zero" }] : []} />}
            </Table.Td>
            <Table.Td>{row.about}</Table.Td>
          </Table.Tr>
        ))}
      </Listed>
    </Stack>
  );
}

const shareOf = (found: Interval | null): string => (found === null ? "not measured" : `${percent(found.estimate)} (${shareInterval(found)})`);

function Counts({ certificate }: { certificate: Certificate }) {
  const rows = [
    { people: "good", passed: certificate.good_passed, failed: certificate.good_failed, right: "passed" },
    { people: "bad", passed: certificate.bad_passed, failed: certificate.bad_failed, right: "failed" },
  ];
  const kind = (count: number, right: boolean) => (count === 0 ? {} : right ? { "data-right": true } : { "data-wrong": true });
  return (
    <div className="card scrolls" role="region" aria-label="Labelled answers" tabIndex={0}>
      <Text mb="xs">Labelled answers by what people say (rows) and what the judge says (columns)</Text>
      <table className="confusion">
        <thead>
          <tr>
            <th scope="col">people ↓ judge →</th>
            <th scope="col">passes</th>
            <th scope="col">fails</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.people}>
              <th scope="row">{row.people}</th>
              <td {...kind(row.passed, row.right === "passed")}>{said(row.passed)}</td>
              <td {...kind(row.failed, row.right === "failed")}>{said(row.failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Whether an item is a recording; else it stands for an answer in the file of labels. */
const recorded = (item: string): boolean => item.startsWith("rec_");

function Disagreements({ certificate }: { certificate: Certificate }) {
  const { disagreements } = certificate;
  const [shown, rest] = useSome(disagreements, "disagreements");
  if (disagreements.length === 0) return null;
  return (
    <Stack gap="xs">
      <Title order={2}>Where it thinks otherwise</Title>
      <Listed label="Where it thinks otherwise" heads={["Answer", "People", "Judge", "Why, in the judge's words"]}>
        {shown.map((each, at) => (
            <Table.Tr key={`${each.item} ${at}`}>
              <Table.Td className="mono">{recorded(each.item) ? <Anchor inherit href={to(["recordings", each.item])}>{each.item}</Anchor> : each.item}</Table.Td>
              <Table.Td>{each.people ? "good" : "bad"}</Table.Td>
              <Table.Td>{each.judge ? "good" : "bad"}</Table.Td>
              <Table.Td>
                {each.reason}{" "}
                {each.said && (
                  <Anchor inherit href={to(["recordings", each.said])} aria-label={`What it said of ${each.item}`}>
                    What it said
                  </Anchor>
                )}
              </Table.Td>
            </Table.Tr>
        ))}
      </Listed>
      {rest}
    </Stack>
  );
}
