// What an editor says of specs: the YAML language server with the schema as it is shipped. The argument is the top folder.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { TextDocument } from "vscode-languageserver-textdocument";
import server from "yaml-language-server";

const top = resolve(process.argv[2]);
const schema = readFileSync(join(top, "schemas/spec.schema.json"), "utf8");
const service = server.getLanguageService({
  schemaRequestService: async () => schema,
  workspaceContext: { resolveRelativePath: (path, from) => new URL(path, from).toString() },
});
service.configure({
  validate: true,
  hover: true,
  completion: true,
  schemas: [{ fileMatch: ["*.yaml"], uri: "file:///spec.schema.json" }],
});

const document = (name, text) => TextDocument.create(`file:///specs/${name}.yaml`, "yaml", 1, text);
const complaints = async (name, text) =>
  (await service.doValidation(document(name, text), false)).map(
    (one) => `${one.range.start.line + 1}: ${one.message}`,
  );

function* specs(folder) {
  for (const one of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, one.name);
    if (one.isDirectory()) yield* specs(path);
    else if (/\.ya?ml$/.test(one.name)) yield path;
  }
}

const folders = ["specs", ...readdirSync(join(top, "examples")).map((one) => join("examples", one, "specs"))];
const files = folders.map((one) => join(top, one)).filter((one) => existsSync(one)).flatMap((one) => [...specs(one)]);
assert.ok(files.length > 10);
for (const path of files) {
  assert.deepEqual(await complaints(basename(path, ".yaml"), readFileSync(path, "utf8")), [], path);
}

const begin = "store: acme\ncustomers:\n  - email: ada@example.com\n";
for (const [wrong, said] of [
  ["    frist_name: Ada\n", "4: Property frist_name is not allowed."],
  ["    consent: {email: maybe}\n", '4: Value is not accepted. Valid values: "subscribed", "unsubscribed", "pending".'],
  ["    first_name: [Ada]\n", "4: Incorrect type. Expected one of string, null."],
]) {
  assert.deepEqual(await complaints(`wrong ${said.length}`, begin + wrong), [said]);
}

const { items } = await service.doComplete(document("begun", `${begin}    \n`), { line: 3, character: 4 }, false);
for (const name of ["phone", "tags", "consent"]) assert.ok(items.some((one) => one.label === name), name);
const hover = await service.doHover(document("hover", begin), { line: 2, character: 6 });
assert.match(hover.contents.value, /An e-mail address\./);
console.log(`the YAML language server accepts ${files.length} specs, and says what is wrong in others`);
