"""Chat completions on Azure OpenAI: where to post, and as whom. The body and the answer are those of OpenAI.

Does not know how bytes travel.
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from holdfast.gateway.provider import Provider

API_VERSION = "2024-10-21"
"""The newest version of the dated API that is not a preview, for a provider that names none."""

FOUNDRY_VERSION = "2024-05-01-preview"
"""The version that the models' own endpoint (`.../models`) has."""


def url(provider: Provider, model: str, _streaming: bool) -> str:
    return address(provider, model, "chat/completions")


def address(provider: Provider, model: str, operation: str) -> str:
    """Where an operation is. A `base_url` may be the resource alone (`https://NAME.openai.azure.com`, with or without
    `/openai`), whose deployments have the models' names and stand in the path; one deployment; the API without dates
    (`.../openai/v1`); or the models' endpoint (`.../models`)."""
    base = provider.base_url.rstrip("/")
    path = urlsplit(base).path
    version = provider.api_version
    if path.endswith("/v1"):
        return f"{base}/{operation}" + (f"?api-version={quote(version)}" if version else "")
    if path.endswith("/models"):
        return f"{base}/{operation}?api-version={quote(version or FOUNDRY_VERSION)}"
    if "/deployments/" not in path:
        base += "" if path.endswith("/openai") else "/openai"
        base += f"/deployments/{quote(model, safe='')}"
    return f"{base}/{operation}?api-version={quote(version or API_VERSION)}"


def headers(key: str | None) -> dict[str, str]:
    return {"api-key": key} if key else {}
