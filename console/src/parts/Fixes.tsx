/** The changes with which an answer passes, the cheapest first: what each does, and what one may do with it. */
import { Button, Code, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { post, type Schemas } from "../api/client";
import { queries, useOffers } from "../api/queries";
import { to } from "../place";
import { many, percent, said, usd } from "../words";
import { SHARES, Span } from "./Span";
import { Told } from "./Told";
import { Trouble } from "./Trouble";
import { Answers } from "./TriedPlot";
import { type Changes, type Diagnosis, settingsSaid, worded } from "./verdictWords";

type Fix = Schemas["Fix"];

export function Fixes({ diagnosis: { fixes, feature, verdict } }: { diagnosis: Diagnosis }) {
  return (
    <Stack gap="xs" component="section" aria-labelledby="fixes">
      <Title order={2} id="fixes">
        {fixes.some(({ changes }) => Object.keys(changes).length > 0) || fixes.length === 0 ? "With which changes it passes" : "What would mend it"}
      </Title>
      {fixes.length === 0 ? (
        <div className="note">
          {verdict === "intermittent"
            ? "Nothing has to be replaced: asked again, it passes more often than not. Trying it on recent requests says how often others fail like that."
            : "No change was seen to suffice. What was tried stands below; a correction or a case that names what answers, and more calls, tell more."}
        </div>
      ) : (
        <ol className="plain stacked">
          {fixes.map((each, at) => (
            <li key={at}>
              <FixShown fix={each} number={at + 1} feature={feature} />
            </li>
          ))}
        </ol>
      )}
    </Stack>
  );
}

/** The advice without the settings that stand beside it. */
function adviceOf({ advice, changes }: Fix): string {
  const [first] = Object.keys(changes);
  const at = first === undefined ? -1 : advice.lastIndexOf(`: ${first}=`);
  return at < 0 ? advice : advice.slice(0, at);
}

function FixShown({ fix, number, feature }: { fix: Fix; number: number; feature: string }) {
  const settable = Object.keys(fix.changes).length > 0;
  return (
    <section className="card" aria-label={`Fix ${number}`}>
      <Stack gap="xs">
        <div>
          <strong>{number}.</strong> <Told text={adviceOf(fix)} /> <span className="pill">{[fix.part, ...(fix.also ? [fix.also] : [])].map(worded).join(" and ")}</span>
        </div>
        {settable && <div className="mono">{settingsSaid(fix.changes)}</div>}
        <Evidence fix={fix} />
        {settable ? <Actions changes={fix.changes} feature={feature} number={number} /> : <Text size="sm">No setting does it: it is done by hand, and the next answer shows whether it helped.</Text>}
      </Stack>
    </section>
  );
}

function Evidence({ fix: { passed, asked, share, cost_usd, side_effects, changes } }: { fix: Fix }) {
  const settable = Object.keys(changes).length > 0;
  const dearer = cost_usd === null ? "What an answer costs more is not known." : cost_usd === 0 ? "It costs nothing more." : `An answer costs ${usd(cost_usd)} more.`;
  return (
    <ul className="reasons">
      {asked > 0 && (
        <li>
          {said(passed)} of {said(asked)} answers pass with it ({percent(share.low ?? 0)} to {percent(share.high ?? 1)}, 95 % interval)
          <Span scale={SHARES} {...share} />
        </li>
      )}
      {settable && <li>{dearer}</li>}
      {settable && side_effects === null && <li>What it does to good answers is not known: none was at hand. Try it on recent requests first.</li>}
      {side_effects !== null && (
        <li>
          Of {many(side_effects.asked, "good answer")} {side_effects.broken === 0 ? "none is" : `${said(side_effects.broken)} ${side_effects.broken === 1 ? "is" : "are"}`} worse with it (
          {percent(side_effects.share.low ?? 0)} to {percent(side_effects.share.high ?? 1)}). Replays: <Answers recordings={side_effects.recordings} called="a good answer, with the change" />
          <Span scale={SHARES} {...side_effects.share} tone={side_effects.broken > 0 ? "bad" : "quiet"} />
        </li>
      )}
    </ul>
  );
}

interface Doable {
  changes: Changes;
  feature: string;
  number: number;
}

function Actions({ changes, feature, number }: Doable) {
  const offers = useOffers();
  const [name, setName] = useState("");
  const make = useMutation({
    mutationFn: () => post<Schemas["Created"]>("v1/releases", { name: name.trim() || null, set: changes }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["releases"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  const set = JSON.stringify(changes);
  return (
    <>
      <form onSubmit={submit} aria-label={`Do something with fix ${number}`}>
        <Group align="end" gap="sm">
          {offers?.release && (
            <>
              <TextInput size="xs" label="Name of the release" placeholder="made from its content" value={name} onChange={(event) => setName(event.currentTarget.value)} maxLength={63} />
              <Button size="xs" type="submit" disabled={make.isPending || make.isSuccess}>
                Make the candidate release
              </Button>
            </>
          )}
          {offers?.tryOut && (
            <Button size="xs" variant="default" component="a" href={to(["trials"], { where: `feature=${feature} and since=7d`, set })}>
              Try it on recent requests
            </Button>
          )}
          {offers?.gate && (
            <Button size="xs" variant="default" component="a" href={to(["gates"], { feature, set })}>
              Hold it against the cases
            </Button>
          )}
        </Group>
      </form>
      <div role="status">{make.data && <Made created={make.data} />}</div>
      {make.error && <Trouble error={make.error} />}
      <details>
        <summary>To keep it in the project's files</summary>
        <Text size="sm">So that the next release has it too:</Text>
        <ul className="reasons">
          {Object.entries(changes).map(([setting, value]) => (
            <li key={setting}>
              <Written setting={setting} value={value} />
            </li>
          ))}
        </ul>
      </details>
    </>
  );
}

function Made({ created: { name, id, new: fresh } }: { created: Schemas["Created"] }) {
  return (
    <div className="note">
      {fresh ? "Made" : "There is already"} <strong>{name}</strong> (<span className="mono">{id}</span>): the working tree with this change, frozen. It answers nobody yet. See what differs with{" "}
      <code>holdfast release diff working {name}</code>, hold it against the cases, then let it answer with <code>holdfast release promote {name}</code>; <code>holdfast release rollback</code> takes that back.
    </div>
  );
}

/** A setting as it stands in holdfast.toml; the text of an earlier prompt goes back into its file. */
function Written({ setting, value }: { setting: string; value: unknown }) {
  const at = setting.lastIndexOf(".");
  const [slot, field] = [setting.slice(0, at), setting.slice(at + 1)];
  if (field === "prompt" && typeof value === "string" && value.includes("@")) {
    return (
      <>
        the text of <code>{value}</code> in <code>{value.slice(0, value.lastIndexOf("@"))}</code>
      </>
    );
  }
  return (
    <>
      under <code>[{field === "on_fail" ? "guards" : "slots"}.{slot}]</code> in <code>holdfast.toml</code>: <Code>{field} = {JSON.stringify(value)}</Code>
    </>
  );
}
