import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  LISTED_KINDS,
  type PermissionSet,
  revocations,
  unionFlags,
  unionOfSets,
} from "../../src/cli/permission_sets.ts";
import { engineStart } from "../../src/cli/engine_flags.ts";
import { commandSets } from "../../src/cli/walls.ts";
import { grantFlags } from "../../scripts/grants.ts";
import { compileFlags } from "../../scripts/build.ts";

const A: PermissionSet = { read: ["config", "src"], net: ["127.0.0.1:1"], ffi: ["node_modules"], env: ["X"] };
const B: PermissionSet = { read: ["mlruns"], write: ["mlruns"], env: ["X", "Y"] };

Deno.test(
  "unionFlags() grants what any set grants, without what lies beside the source alone",
  { permissions: "none" },
  () => {
    assertEquals(unionFlags([A, B]), [
      "--allow-read=config,mlruns",
      "--allow-write=mlruns",
      "--allow-net=127.0.0.1:1",
      "--allow-env=X,Y",
      "--allow-ffi",
    ]);
  },
);

Deno.test("revocations() of a command and its own set make up the union", { permissions: "none" }, () => {
  assertEquals(revocations([A, B], B), [{ name: "read", path: "config" }, { name: "net", host: "127.0.0.1:1" }, {
    name: "ffi",
  }]);
  for (const own of [A, B]) {
    const union = unionOfSets([A, B]);
    for (const kind of LISTED_KINDS) {
      const dropped = revocations([A, B], own).filter(({ name }) => name === kind).length;
      const kept = (own[kind] ?? []).filter((entry) => union[kind].includes(entry)).length;
      assertEquals(dropped + kept, union[kind].length);
    }
  }
});

Deno.test(
  "revocations() takes nothing back that a wider grant of the command's own allows",
  { permissions: "none" },
  () => {
    const wide: PermissionSet = { read: ["a"], net: ["127.0.0.1"] };
    const narrow: PermissionSet = { read: ["a/b", "ab"], net: ["127.0.0.1:80", "127.0.0.11:80"] };
    assertEquals(revocations([wide, narrow], wide), [{ name: "read", path: "ab" }, {
      name: "net",
      host: "127.0.0.11:80",
    }]);
  },
);

Deno.test("no command of the binary has a grant that taking back another's would take with it", async () => {
  const sets = await commandSets();
  for (const [name, own] of Object.entries(sets)) {
    for (const descriptor of revocations(Object.values(sets), own)) {
      if (descriptor.name !== "read" && descriptor.name !== "write") continue;
      for (const kept of unionOfSets([own])[descriptor.name]) {
        assert(
          !kept.startsWith(`${String(descriptor.path)}/`),
          `${name} loses ${kept} with ${String(descriptor.path)}`,
        );
      }
    }
  }
});

Deno.test("deno.json gives each command a set of lists: no whole kinds, no processes, no import, no wildcard host", async () => {
  const sets = await commandSets();
  assertEquals(Object.keys(sets).sort(), [
    "api",
    "api-keys",
    "demo",
    "doctor",
    "import-mlruns",
    "ingest",
    "mlflow-ui",
    "monitor",
    "register",
    "report",
    "track",
  ]);
  for (const [name, set] of Object.entries(sets)) {
    for (const [kind, entries] of Object.entries(set)) {
      assert(["read", "write", "net", "env", "sys", "ffi"].includes(kind), `${name} grants ${kind}`);
      assert(Array.isArray(entries) && entries.length > 0, `${name} grants all of ${kind}`);
      if (kind === "net") { for (const host of entries) assert(!host.includes("*"), `${name} grants ${host}`); }
    }
  }
});

Deno.test("every task of deno.json runs under a set of its own name, and none allows everything", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile("deno.json")) as { tasks: Record<string, { command: string }> };
  const taskfile = await Deno.readTextFile("Taskfile.yml");
  for (const name of Object.keys(await commandSets())) {
    const start = engineStart(name), env = Object.entries(start.env).map(([name, value]) => `${name}=${value}`);
    const begin = [...env, "deno run -q --no-prompt", ...start.flags].join(" ");
    assertEquals(tasks[name]!.command, `${begin} -P=${name} ${start.entry} ${name}`);
    assertStringIncludes(taskfile, `}}${begin}{{`);
    assertStringIncludes(taskfile, `}}${start.entry}{{`);
  }
  for (const [name, { command }] of Object.entries(tasks)) {
    assert(!/(--allow-all|\s-A\b)/.test(command), `${name} allows everything`);
  }
});

Deno.test("Taskfile.yml and deno.json list the same tasks with the same descriptions", async () => {
  const { tasks } = JSON.parse(await Deno.readTextFile("deno.json")) as {
    tasks: Record<string, { description: string }>;
  };
  const listed = [...(await Deno.readTextFile("Taskfile.yml")).matchAll(/^ {2}([a-z:-]+):\n {4}desc: (.+)$/gm)].map((
    match,
  ) => [match[1]!, match[2]!]);
  const { ok: _ok, ...named } = tasks;
  assertEquals(
    new Map(listed as [string, string][]),
    new Map(Object.entries(named).map(([name, { description }]) => [name, description])),
  );
  const promised =
    "sync ingest track register api api-keys mlflow-ui import-mlruns report monitor demo doctor style test bench build"
      .split(
        " ",
      );
  assertEquals(promised.filter((name) => !Object.hasOwn(tasks, name)), []);
});

Deno.test("compileFlags() of the binary is the union of the sets, with the grants asked for", async () => {
  const sets = Object.values(await commandSets());
  assertEquals(await compileFlags({ read: [], write: [], net: [] }), unionFlags(sets));
  const flags = await compileFlags({ read: ["/data"], write: [], net: [] });
  assert(flags[0]!.startsWith("--allow-read=") && flags[0]!.includes("/data"));
  assert(flags.every((flag) => flag === "--allow-ffi" || flag.includes("=")));
});

Deno.test(
  "grantFlags() repeats the set's list beside the grant, from where the user stands, and refuses what is no grant",
  {
    permissions: "none",
  },
  () => {
    assertEquals(grantFlags(A, ["READ=/data", "PORT=9000"]), [
      "--allow-read=config,src,/data",
      "--allow-net=127.0.0.1:1,127.0.0.1:9000",
    ]);
    assertEquals(grantFlags(B, ["WRITE=out", "READ="]), ["--allow-read=mlruns,out", "--allow-write=mlruns,out"]);
    assertEquals(grantFlags(B, ["READ=my data,/x", "NET=a:1"], "/home/me"), [
      "--allow-read=mlruns,/home/me/my data,/x",
      "--allow-net=a:1",
    ]);
    for (const word of ["PORT=http", "PORT=70000", "HOST=0.0.0.0", "FOO=1", "x"]) {
      let refused = false;
      try {
        grantFlags(A, [word]);
      } catch (error) {
        refused = error instanceof RangeError;
      }
      assert(refused, `${word} was taken`);
    }
  },
);
