import { type CandleColumns, concatCandles } from "../src/core/mod.ts";
import { parseKlineCsv } from "../src/data_ingestion_service/archive/kline_csv.ts";
import { readOnlyMember } from "../src/data_ingestion_service/archive/zip_member.ts";

const DAILY_ZIPS = "spot/daily/klines/BTCUSDT/1m";

/** All minute candles of an archive of daily files, ascending. */
export async function archiveCandles(archiveDir: string): Promise<CandleColumns> {
  const folder = `${archiveDir}/${DAILY_ZIPS}`, days: CandleColumns[] = [];
  const names = (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
  for (const name of names) {
    const member = readOnlyMember(await Deno.readFile(`${folder}/${name}`), name.replace(/zip$/, "csv"));
    days.push(parseKlineCsv(member).columns);
  }
  return concatCandles(days);
}
