"""LlamaIndex's clients against a project; runs where they are installed. Usage: python llama_index_client.py URL"""

import json
import os
import sys

from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.anthropic import Anthropic
from llama_index.llms.openai_like import OpenAILike
from openai import OpenAIError


def weather(city: str) -> str:
    """The weather in a city."""
    return "-3"


def main(url: str) -> dict:
    said = {"chat": [], "stream": [], "error": []}
    common = {"api_base": f"{url}/v1", "api_key": "k", "max_retries": 0, "is_chat_model": True}
    # This client takes no model but those it knows by name: a feature may have such a name.
    openai = OpenAILike(model="slot:answer", is_function_calling_model=True, **common)
    claude = Anthropic(model="claude-sonnet-4-5", base_url=url, api_key="k", max_retries=0)
    for model in (openai, claude):
        said["chat"].append(model.chat([ChatMessage(role="user", content="hello")]).message.content)
        chunks = model.stream_chat([ChatMessage(role="user", content="hello")])
        said["stream"].append("".join(chunk.delta or "" for chunk in chunks))
    called = openai.chat_with_tools(
        [FunctionTool.from_defaults(weather)], user_msg="use tools", allow_parallel_tool_calls=True
    )
    said["tools"] = [[call.tool_name, call.tool_kwargs] for call in openai.get_tool_calls_from_response(called)]
    try:
        OpenAILike(model="none", **common).complete("hello")
    except OpenAIError as error:
        said["error"].append(type(error).__name__)
    return said


if __name__ == "__main__":
    os.environ["NLTK_DATA"] = "/nonexistent"
    sys.stdout.write(json.dumps(main(sys.argv[1])))
