/** Addresses of MLflow's own pages (`/#/experiments/1/runs/abc`) lead to ours. */
export function followHash() {
  const [path, search = ""] = location.hash.slice(1).split("?");
  if (!path.startsWith("/") || path === "/") return;
  const parts = path.slice(1).split("/");
  const query = new URLSearchParams(search);
  let to = path;
  if (parts[0] === "compare-runs") {
    let runs = [];
    try {
      runs = JSON.parse(query.get("runs") ?? "[]");
    } catch {
      // a damaged address leads to an empty comparison
    }
    to = `/compare?${new URLSearchParams(runs.map((id) => ["run", String(id)]))}`;
  } else if (parts[0] === "experiments" && parts[2] === "runs") {
    const rest = parts[4] === "artifacts" || parts[4] === "artifactPath"
      ? `/artifacts?path=${encodeURIComponent(parts.slice(5).join("/"))}`
      : "";
    to = `/${parts.slice(0, 4).join("/")}${rest}`;
  } else if (parts[0] === "experiments" && parts[2] === "models" && parts[3]) {
    to = `/logged-models/${parts[3]}`;
  } else if (parts[0] === "experiments" && parts.length > 2) {
    to = `/${parts.slice(0, 2).join("/")}`;
  }
  location.replace(to);
}
