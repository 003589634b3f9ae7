/** The form of a feature, made from its JSON Schema, or its input as JSON for whatever a form cannot say. */
import { Button, Group, JsonInput, Stack, Title } from "@mantine/core";
import type { FormProps } from "@rjsf/core";
import Form from "@rjsf/mantine";
import { type ArrayFieldTitleProps, type RJSFSchema, type TitleFieldProps, titleId } from "@rjsf/utils";
import { type FormEvent, type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import type { Json } from "../api/client";
import { roomy, simplified } from "./schema";
import validator from "./validator";

/** A part of the input is a part of the page: its heading follows the page's own. */
const heading = (id: string, title?: string) =>
  title ? (
    <Title order={2} size="h3" id={id} mt="xs">
      {title}
    </Title>
  ) : null;

const TEMPLATES = {
  TitleFieldTemplate: ({ id, title }: TitleFieldProps) => heading(id, title),
  ArrayFieldTitleTemplate: ({ fieldPathId, title }: ArrayFieldTitleProps) => heading(titleId(fieldPathId), title),
};

interface Props {
  schema: RJSFSchema;
  onAsk: (input: Json) => void;
  children: ReactNode;
}

export default function InputForm({ schema, onAsk, children }: Props) {
  const shown = useMemo(() => simplified(schema), [schema]);
  const [input, setInput] = useState<Json>(undefined);
  const [text, setText] = useState<string | null>(null);
  const [wrong, setWrong] = useState<string | null>(null);

  if (text !== null) {
    const submit = (event: FormEvent) => {
      event.preventDefault();
      try {
        const parsed = JSON.parse(text);
        setWrong(null);
        onAsk(parsed);
      } catch (error) {
        setWrong(`This is not JSON: ${(error as Error).message}`);
      }
    };
    return (
      <form onSubmit={submit} onKeyDown={submitted}>
        <Stack gap="sm">
          <JsonInput label="Input as JSON" autosize minRows={6} value={text} onChange={setText} error={wrong} />
          <Group>
            {children}
            <Button variant="subtle" onClick={() => setText(null)}>
              Use the form
            </Button>
          </Group>
        </Stack>
      </form>
    );
  }
  const changed: FormProps["onChange"] = ({ formData }) => setInput(formData);
  return (
    <div onKeyDown={submitted}>
      <Form
        schema={shown}
        uiSchema={roomy(shown)}
        validator={validator}
        formData={input}
        onChange={changed}
        onSubmit={({ formData }) => onAsk(formData)}
        onError={said}
        templates={TEMPLATES}
        showErrorList={false}
        focusOnFirstError
        noHtml5Validate
        idPrefix="input"
      >
        <Group mt="sm">
          {children}
          <Button variant="subtle" onClick={() => setText(JSON.stringify(input ?? {}, null, 2))}>
            Write JSON
          </Button>
        </Group>
      </Form>
    </div>
  );
}

/** Control or Command with Enter asks, from any field. */
function submitted(event: KeyboardEvent<HTMLElement>): void {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  (event.target as HTMLElement).closest("form")?.requestSubmit();
}

/** Each wrong field says so itself; without a listener the library would say it again, to the browser's console. */
function said(): void {}
