/** Where the reader is: the page's address after `#`, so that the server needs one route and links can be shared. */
import { useSyncExternalStore } from "react";

export interface Place {
  path: string[];
  query: URLSearchParams;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

export function usePlace(): Place {
  const hash = useSyncExternalStore(subscribe, () => window.location.hash);
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean).map(decoded), query: new URLSearchParams(query) };
}

/** The address of a page; empty values of the query are left out. */
export function to(path: string[], query: Record<string, string | null | undefined> = {}): string {
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) asked.set(name, value);
  const said = asked.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${said ? `?${said}` : ""}`;
}

export function go(address: string): void {
  window.location.hash = address.slice(1);
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
