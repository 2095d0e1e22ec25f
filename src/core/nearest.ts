/** Edit distance with insertions, deletions and substitutions (Levenshtein 1966), one row of memory. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

/** The known word that `word` begins, or the one closest to it; undefined where none is near enough to be meant. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  const begun = known.filter((candidate) => word.length >= 3 && candidate.startsWith(word.toLowerCase()));
  if (begun.length === 1) return begun[0];
  let best: string | undefined;
  // A word of which nothing is left is no misspelling.
  let bestDistance = Math.min(word.length, Math.max(2, Math.ceil(word.length / 3)) + 1);
  for (const candidate of known) {
    // A number is not meant by another one, however alike they look.
    if (/^\d+$/.test(candidate)) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}
