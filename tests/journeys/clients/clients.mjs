// OpenAI's and Vercel's npm clients against a project; runs where they are installed. Usage: node clients.mjs URL PNG
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateObject, generateText, jsonSchema, streamText, tool } from "ai";
import OpenAI from "openai";

const [url, picture] = process.argv.slice(2);
const said = { chat: [], stream: [], tools: [], json: [], image: [], error: [], usage: [] };
const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"], additionalProperties: false };
const model = "slot:answer";
const image = `data:image/png;base64,${picture}`;

const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: "k", maxRetries: 0 });
const hello = [{ role: "user", content: "hello" }];
const whole = await openai.chat.completions.create({ model, messages: hello });
said.chat.push(whole.choices[0].message.content);
said.usage.push(whole.usage.total_tokens);
let text = "";
for await (const chunk of await openai.chat.completions.create({ model, messages: hello, stream: true }))
  text += chunk.choices[0]?.delta?.content ?? "";
said.stream.push(text);
const runner = openai.chat.completions.stream({
  model,
  messages: [{ role: "user", content: "use tools" }],
  tools: [{ type: "function", function: { name: "weather", parameters } }],
});
const calls = (await runner.finalChatCompletion()).choices[0].message.tool_calls;
said.tools.push(calls.map((call) => [call.function.name, JSON.parse(call.function.arguments)]));
const response = await openai.responses.stream({ model, input: "hello" }).finalResponse();
said.stream.push(response.output_text);
try {
  await openai.chat.completions.create({ model: "none", messages: hello });
} catch (error) {
  said.error.push([error.constructor.name, error.status, error.code]);
}
const leaving = await openai.chat.completions.create({ model, messages: [{ role: "user", content: "for ever" }], stream: true });
for await (const _ of leaving) break; // leaving the loop hangs up

const vendors = [
  createOpenAI({ baseURL: `${url}/v1`, apiKey: "k" }).chat(model),
  createOpenAI({ baseURL: `${url}/v1`, apiKey: "k" }).responses(model),
  createAnthropic({ baseURL: `${url}/v1`, apiKey: "k" })(model),
];
for (const vendor of vendors) {
  const common = { model: vendor, maxRetries: 0 };
  const answer = await generateText({ ...common, prompt: "hello" });
  said.chat.push(answer.text);
  said.usage.push(answer.usage.totalTokens ?? answer.usage.inputTokens + answer.usage.outputTokens);
  let streamed = "";
  for await (const part of streamText({ ...common, prompt: "hello" }).textStream) streamed += part;
  said.stream.push(streamed);
  const weather = tool({ description: "The weather.", inputSchema: jsonSchema(parameters) });
  const called = await generateText({ ...common, prompt: "use tools", tools: { weather } });
  said.tools.push(called.toolCalls.map((call) => [call.toolName, call.input]));
  const streaming = streamText({ ...common, prompt: "use tools", tools: { weather } });
  said.tools.push((await streaming.toolCalls).map((call) => [call.toolName, call.input]));
  const seen = await generateText({
    ...common,
    messages: [{ role: "user", content: [{ type: "text", text: "hello" }, { type: "image", image }] }],
  });
  said.image.push(seen.text);
  try {
    const schema = jsonSchema({ type: "object", properties: { name: { type: "string" } }, required: ["name"], additionalProperties: false });
    said.json.push((await generateObject({ ...common, schema, prompt: "as json" })).object.name);
  } catch (error) {
    said.json.push(`${error.name}: ${error.message}`);
  }
}
try {
  await generateText({ model: createOpenAI({ baseURL: `${url}/v1`, apiKey: "k" }).chat("none"), prompt: "x", maxRetries: 0 });
} catch (error) {
  said.error.push([error.name, error.statusCode]);
}
console.log(JSON.stringify(said));
