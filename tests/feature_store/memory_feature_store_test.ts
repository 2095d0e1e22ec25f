import { testFeatureStore } from "../contracts/feature_store_contract.ts";
import { MemoryFeatureStore } from "../fakes/memory_feature_store.ts";

testFeatureStore("MemoryFeatureStore", () => Promise.resolve(new MemoryFeatureStore()));
