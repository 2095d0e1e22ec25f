/**
 * Who may ask the inference service, and how much; light, so that `api-keys` loads nothing of the service.
 *
 * @module
 */
export {
  type ApiKey,
  KEY_ID,
  KEY_SCOPES,
  type KeyScope,
  newKey,
  tokenDigest,
  withKey,
  withRevoked,
} from "./api_keys.ts";
export { API_KEYS_PATH, changeKeys, fileStamp, readKeys, type StoredKeys } from "./key_file.ts";
