/** Calling the server: the key, the problems it says, and whether it answers at all. */
import { useSyncExternalStore } from "react";
import type { components } from "./schema";

export type Schemas = components["schemas"];
export type Json = unknown;

/** The server refused, and says why and what to do. */
export class Refused extends Error {
  constructor(readonly problem: Schemas["Problem"]) {
    super(problem.detail);
  }
}

/** Nothing answered. */
export class Unreachable extends Error {
  constructor() {
    super("The server does not answer.");
  }
}

interface Connection {
  down: boolean;
  /** Why a key is asked for; null while none is. */
  locked: string | null;
}

const KEY = "holdfast.key";
let connection: Connection = { down: false, locked: null };
const listeners = new Set<() => void>();

function change(next: Partial<Connection>): void {
  const changed = { ...connection, ...next };
  if (changed.down === connection.down && changed.locked === connection.locked) return;
  connection = changed;
  for (const listener of listeners) listener();
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
  );
}

export function setKey(key: string): void {
  sessionStorage.setItem(KEY, key);
  change({ locked: null });
}

/** One request. Throws Refused for what the server refuses, Unreachable when nothing answers. */
export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  const key = sessionStorage.getItem(KEY);
  if (key) headers.set("Authorization", `Bearer ${key}`);
  if (init.body) headers.set("Content-Type", "application/json");
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    change({ down: true });
    throw new Unreachable();
  }
  change({ down: false });
  if (response.ok) return response;
  const problem = await problemIn(response);
  if (init.signal?.aborted) throw init.signal.reason;
  if (response.status === 401) change({ locked: problem.detail });
  throw new Refused(problem);
}

export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, { signal })).json();
}

export async function post<T>(path: string, body: Json): Promise<T> {
  return (await send(path, { method: "POST", body: JSON.stringify(body) })).json();
}

/** Whether the server takes requests; says so to everything that shows the connection. */
export async function alive(): Promise<boolean> {
  try {
    const response = await fetch("readyz", { cache: "no-store" });
    change({ down: !response.ok });
    return response.ok;
  } catch {
    change({ down: true });
    return false;
  }
}

async function problemIn(response: Response): Promise<Schemas["Problem"]> {
  try {
    const said = await response.json();
    if (typeof said?.code === "string") return said;
  } catch {
    // not JSON: something between the page and the server answered
  }
  return {
    type: "about:blank",
    title: response.statusText,
    status: response.status,
    detail: `something other than Holdfast answered with status ${response.status}`,
    code: String(response.status),
    fix: "check the proxy before the server",
    recording_id: null,
  };
}
