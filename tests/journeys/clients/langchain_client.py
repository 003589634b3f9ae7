"""LangChain's clients against a project; runs where they are installed. Usage: python langchain_client.py URL"""

import json
import sys

import anthropic
import openai
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel


class City(BaseModel):
    """A city."""

    name: str


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return "-3"


def both(url: str) -> list:
    return [
        ChatOpenAI(model="slot:answer", base_url=f"{url}/v1", api_key="k", max_retries=0),
        ChatOpenAI(model="slot:answer", base_url=f"{url}/v1", api_key="k", max_retries=0, use_responses_api=True),
        ChatAnthropic(model="slot:answer", base_url=url, api_key="k", max_retries=0, max_tokens=99),
    ]


def main(url: str) -> dict:
    said = {"invoke": [], "stream": [], "usage": [], "tools": [], "after": [], "json": [], "image": [], "error": []}
    picture = sys.argv[2]
    for model in both(url):
        answer = model.invoke("hello")
        said["invoke"].append(answer.text)
        said["usage"].append([answer.usage_metadata[name] for name in ("input_tokens", "output_tokens")])
        said["stream"].append("".join(chunk.text for chunk in model.stream("hello")))
        asked = [HumanMessage("use tools")]
        called = model.bind_tools([weather]).invoke(asked)
        said["tools"].append([[call["name"], call["args"]] for call in called.tool_calls])
        streamed = None
        for chunk in model.bind_tools([weather]).stream(asked):
            streamed = chunk if streamed is None else streamed + chunk
        assert [call["args"] for call in streamed.tool_calls] == [call["args"] for call in called.tool_calls]
        results = [ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"]) for call in called.tool_calls]
        said["after"].append(model.bind_tools([weather]).invoke([*asked, called, *results]).text)
        block = {"type": "image", "source_type": "base64", "mime_type": "image/png", "data": picture}
        said["image"].append(model.invoke([HumanMessage([{"type": "text", "text": "hello"}, block])]).text)
    for model in both(url)[:2]:
        said["json"].append(model.with_structured_output(City).invoke("as json").name)
    for model in both(url):
        try:
            (model.model_copy(update={"model_name": "none", "model": "none"})).invoke("hello")
        except (openai.OpenAIError, anthropic.AnthropicError) as error:
            said["error"].append(type(error).__name__)
    if len(sys.argv) > 3:
        vectors = OpenAIEmbeddings(
            model=sys.argv[3], base_url=f"{url}/v1", api_key="k", check_embedding_ctx_length=False
        ).embed_documents(["a b", "c"])
        said["embedding"] = [len(vector) for vector in vectors]
    return said


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])))
