/** Recordings as rows. */
import { Anchor, Table } from "@mantine/core";
import { createColumnHelper, flexRender, getCoreRowModel, useReactTable } from "@tanstack/react-table";
import type { Schemas } from "../api/client";
import { to } from "../place";
import { ms, usd, when } from "../words";
import { Outcome } from "./Outcome";

type Summary = Schemas["RecordingSummary"];
const column = createColumnHelper<Summary>();

const COLUMNS = [
  column.accessor("started_at", {
    header: "Started",
    cell: (cell) => (
      <Anchor inherit href={to(["recordings", cell.row.original.id])} style={{ whiteSpace: "nowrap" }}>
        {when(cell.getValue())}
      </Anchor>
    ),
  }),
  column.accessor("feature", { header: "Feature" }),
  column.accessor("outcome", { header: "Outcome", cell: (cell) => <Outcome outcome={cell.getValue()} /> }),
  column.accessor("asked", {
    header: "Asked",
    cell: (cell) => <div style={{ minWidth: "12rem", overflowWrap: "anywhere" }}>{cell.getValue()}</div>,
  }),
  column.accessor("ms", { header: "Time", cell: (cell) => ms(cell.getValue()), meta: { kind: "number wide" } }),
  column.accessor("cost_usd", { header: "Cost", cell: (cell) => usd(cell.getValue()), meta: { kind: "number wide" } }),
  column.accessor("subject", { header: "Subject", cell: (cell) => cell.getValue() ?? "", meta: { kind: "wide" } }),
  column.accessor("release", {
    header: "Release",
    cell: (cell) => <span className="mono">{cell.getValue()}</span>,
    meta: { kind: "wide" },
  }),
];

export function RecordingTable({ recordings }: { recordings: Summary[] }) {
  const columnVisibility = { asked: recordings.some((each) => each.asked !== null) };
  const table = useReactTable({ data: recordings, columns: COLUMNS, state: { columnVisibility }, getCoreRowModel: getCoreRowModel() });
  const kind = (meta: unknown) => (meta as { kind?: string } | undefined)?.kind;
  return (
    <div className="card scrolls" role="region" aria-label="Recordings" tabIndex={0}>
      <Table highlightOnHover verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            {table.getFlatHeaders().map((header) => (
              <Table.Th key={header.id} className={kind(header.column.columnDef.meta)}>
                {flexRender(header.column.columnDef.header, header.getContext())}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {table.getRowModel().rows.map((row) => (
            <Table.Tr key={row.id}>
              {row.getVisibleCells().map((cell) => (
                <Table.Td key={cell.id} className={kind(cell.column.columnDef.meta)}>
                  {flexRender(cell.column.columnDef.cell, cell.getContext())}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
