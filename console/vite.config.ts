import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const out = "../src/holdfast/server/console";

/** The server keeps every file packed, and unpacks it only for a client that does not take gzip. */
function packed(): Plugin {
  return {
    name: "packed",
    apply: "build",
    closeBundle() {
      const folder = join(import.meta.dirname, out, "assets");
      for (const name of readdirSync(folder)) {
        const file = join(folder, name);
        writeFileSync(`${file}.gz`, gzipSync(readFileSync(file), { level: 9 }));
        rmSync(file);
      }
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [react(), packed()],
  // The form library's own test registry names a validator that compiles code; ours stands in its place.
  resolve: { alias: { "@rjsf/validator-ajv8": join(import.meta.dirname, "src/form/validator.ts") } },
  build: { outDir: out, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false }, target: "es2022" },
  server: { proxy: { "/v1": "http://127.0.0.1:8000", "/livez": "http://127.0.0.1:8000" } },
});
