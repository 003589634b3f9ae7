"""Brightwater Gardens' own service, as it was before, with an assistant in it: `uvicorn shop:shop`.

The service keeps its routes, its logging and its shutdown. `assistant.app` is a Holdfast project in the same folder:
one route of the service asks it directly, and its whole API stands below /ai.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from assistant import app as assistant
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

ORDERS = {"B-1042": "Boston fern", "B-1043": "snake plant"}


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Open the assistant with the service, so that a mistake in its project is seen at the start, and close it."""
    project = await assistant.open()
    await project.sync()
    yield
    await assistant.close()


shop = FastAPI(title="Brightwater Gardens", lifespan=lifespan)


class Asked(BaseModel):
    body: str


@shop.get("/orders/{number}")
async def order(number: str) -> dict[str, str]:
    """What was ordered."""
    if number not in ORDERS:
        raise HTTPException(404, "there is no such order")
    return {"number": number, "plant": ORDERS[number]}


@shop.post("/orders/{number}/advice")
async def advice(number: str, asked: Asked) -> dict[str, Any]:
    """How to care for the plant of an order. The service knows the order, the assistant knows the guides."""
    plant = (await order(number))["plant"]
    output = await assistant.run("plant_care", {"body": asked.body, "plant": plant}, subject=number)
    return {"plant": plant, "advice": output["text"], "guides": [each["title"] for each in output["citations"]]}


shop.mount("/ai", assistant.asgi())
