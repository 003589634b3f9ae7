/** Checks an input against its JSON Schema without compiling code, which the page's policy would forbid. */
import { type Schema, Validator } from "@cfworker/json-schema";
import { type ErrorSchema, type RJSFSchema, type RJSFValidationError, toErrorSchema, type ValidatorType } from "@rjsf/utils";
import type { Json } from "../api/client";

function wrong(schema: RJSFSchema, value: Json): RJSFValidationError[] {
  const { errors } = new Validator(schema as Schema, "2020-12", false).validate(value ?? {});
  return errors
    .filter(({ keyword }) => keyword !== "properties" && keyword !== "items" && keyword !== "$ref")
    .map(({ keyword, instanceLocation, error }) => {
      const missing = keyword === "required" ? /"([^"]*)"\.?$/.exec(error)?.[1] : undefined;
      const path = instanceLocation.split("/").slice(1).map(unescaped);
      const property = [...path, ...(missing ? [missing] : [])].map((part) => `.${part}`).join("");
      const message = missing ? "This is needed." : error;
      return { name: keyword, property, message, stack: `${property} ${message}`, schemaPath: keyword };
    });
}

const unescaped = (part: string): string => part.replace(/~1/g, "/").replace(/~0/g, "~");

const validator: ValidatorType = {
  validateFormData(formData, schema) {
    const errors = wrong(schema, formData);
    return { errors, errorSchema: toErrorSchema(errors) as ErrorSchema };
  },
  isValid(schema, formData, rootSchema) {
    return wrong({ $defs: rootSchema.$defs, definitions: rootSchema.definitions, ...schema }, formData).length === 0;
  },
  rawValidation(schema, formData) {
    return { errors: wrong(schema, formData) as never[] };
  },
};

export default validator;
