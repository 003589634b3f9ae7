/** The first of many things, and all of them once somebody asks. */
import { Button, Group } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { said } from "../words";

const FIRST = 20;

/** What to show now, and the button for the rest where there is any. */
export function useSome<T>(things: T[], called: string): [T[], ReactNode] {
  const [all, setAll] = useState(false);
  if (all || things.length <= FIRST) return [things, null];
  const rest = (
    <Group>
      <Button size="xs" variant="default" onClick={() => setAll(true)}>
        Show all {said(things.length)} {called}
      </Button>
    </Group>
  );
  return [things.slice(0, FIRST), rest];
}
