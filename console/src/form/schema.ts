/** A feature's input schema as a form shows it best. */
import type { RJSFSchema, UiSchema } from "@rjsf/utils";

/** "X or null" becomes X that may be left out: an empty field is not sent, and the feature's own default holds. */
export function simplified(schema: RJSFSchema): RJSFSchema {
  return walked(schema) as RJSFSchema;
}

function walked(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(walked);
  if (typeof part !== "object" || part === null) return part;
  const { anyOf, ...rest } = part as RJSFSchema;
  const kept = anyOf?.filter((each) => typeof each !== "object" || each.type !== "null");
  if (anyOf && kept?.length === 1 && anyOf.length === 2) {
    const { default: fallback, ...others } = { ...(kept[0] as RJSFSchema), ...rest };
    return walked(fallback === null || fallback === undefined ? others : { ...others, default: fallback });
  }
  return Object.fromEntries(Object.entries(part).map(([name, value]) => [name, walked(value)]));
}

/** Needed texts of any length get room to write. */
export function roomy(schema: RJSFSchema): UiSchema {
  const found: UiSchema = { "ui:submitButtonOptions": { norender: true }, "ui:label": false };
  if (schema.type === "string") found["ui:widget"] = "textarea";
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (typeof property !== "object") continue;
    const long = property.type === "string" && !property.enum && !property.format && (property.maxLength ?? 1000) > 200;
    if (long && schema.required?.includes(name)) found[name] = { "ui:widget": "textarea", "ui:options": { rows: 5 } };
  }
  return found;
}
