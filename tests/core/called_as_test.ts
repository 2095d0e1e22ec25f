import { assertEquals } from "@std/assert";
import { calledAs, messageAndHint, quoted } from "../../src/core/mod.ts";

Deno.test("calledAs() names in the binary what works there", { permissions: "none" }, () => {
  const cases = [
    ["Bring them in with: task ingest", "Bring them in with: bitcoin-ml ingest"],
    ["task register -- --run-id best", "bitcoin-ml register --run-id best"],
    [
      "Grant it: task ingest READ=/data -- --archive-dir /data",
      "Grant it: task build -- READ=/data; then bitcoin-ml ingest --archive-dir /data",
    ],
    [
      "Grant it: task ingest READ='/my data' -- --archive-dir '/my data'",
      "Grant it: task build -- READ='/my data'; then bitcoin-ml ingest --archive-dir '/my data'",
    ],
    [
      "Choose another port: task api PORT=8001",
      "Choose another port: task build -- NET=127.0.0.1:8001; then bitcoin-ml api --port 8001",
    ],
    [
      "task mlflow-ui HOST=10.0.0.1 PORT=5001",
      "task build -- NET=10.0.0.1:5001; then bitcoin-ml mlflow-ui --host 10.0.0.1 --port 5001",
    ],
    ["task api PORT=0, or else", "task build -- NET=127.0.0.1:0; then bitcoin-ml api --port 0, or else"],
    ["./taskw demo -- --json", "bitcoin-ml demo --json"],
    [
      "./taskw demo WRITE=/tmp/try -- --keep /tmp/try",
      "task build -- WRITE=/tmp/try; then bitcoin-ml demo --keep /tmp/try",
    ],
    ["Usage: task <command> -- [options]", "Usage: bitcoin-ml <command> [options]"],
    ["compile it anew with task build -- READ=/data", "compile it anew with task build -- READ=/data"],
    ["a multitask apiary", "a multitask apiary"],
    ["task ingest, then task track", "bitcoin-ml ingest, then bitcoin-ml track"],
    ["Run `task track` again; task track again", "Run `bitcoin-ml track` again; bitcoin-ml track again"],
    ["It can't: task ingest, as it isn't", "It can't: bitcoin-ml ingest, as it isn't"],
    ["chmod 600 '/srv/x .y/task ingest , keys.json'", "chmod 600 '/srv/x .y/task ingest , keys.json'"],
    [
      "Grant it: task api READ='/srv/my .keys/a.pem'",
      "Grant it: task build -- READ='/srv/my .keys/a.pem'; then bitcoin-ml api",
    ],
    [
      `task api READ=${quoted("/srv/it's task ingest/log")} -- --port 1`,
      `task build -- READ=${quoted("/srv/it's task ingest/log")}; then bitcoin-ml api --port 1`,
    ],
  ] as const;
  for (const [text, expected] of cases) {
    assertEquals(calledAs(text, true), expected);
    assertEquals(calledAs(text, false), text);
  }
});

Deno.test("messageAndHint() names commands as they are called here", { permissions: "none" }, () => {
  const error = { message: "There are no candles", hint: "Bring them in with: task ingest" };
  assertEquals(messageAndHint(error, true), "There are no candles. Bring them in with: bitcoin-ml ingest");
  assertEquals(messageAndHint(error), "There are no candles. Bring them in with: task ingest");
  assertEquals(messageAndHint({ message: "Nothing to do" }, true), "Nothing to do");
});
