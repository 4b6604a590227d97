import { readJsonFile } from '../entries/read-json-file.ts'
import { readYaml, type YamlFile } from './read-yaml.ts'

/** True for a cassette that was written as JSON. */
export function isJsonCassette(text: string): boolean {
  return /^\uFEFF?\s*\{/.test(text)
}

/**
 * Parses a cassette, YAML or JSON.
 *
 * @throws RetrialError `ERR_INTERCHANGE_TOO_LARGE`, `ERR_INTERCHANGE_YAML`, `ERR_INTERCHANGE_JSON`
 */
export function readCassette(text: string, path: string): YamlFile {
  if (!isJsonCassette(text)) return readYaml(text, path)
  return { root: readJsonFile(text, path), locate: () => undefined }
}
