/** A table in a card, which scrolls by itself where it is wider than the page. */
import { Table } from "@mantine/core";
import type { ReactNode } from "react";

export function Listed({ label, heads, children }: { label: string; heads: string[]; children: ReactNode }) {
  return (
    <div className="card scrolls" role="region" aria-label={label} tabIndex={0}>
      <Table verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            {heads.map((head) => (
              <Table.Th key={head}>{head}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </div>
  );
}
